//! What a command is told about its run.

use super::Task;
use millrace_state::Attempt;
use millrace_state::calendar::rfc3339;
use std::process::Command;

/// Sets MILLRACE_* for the tools that the command calls. What belongs to a run around
/// this one and has no counterpart here is removed.
pub(super) fn set(command: &mut Command, task: &Task<'_>, attempt: &Attempt) {
    let (pipeline, unit) = task.names();
    command
        .env("MILLRACE_PIPELINE", pipeline.as_str())
        .env("MILLRACE_UNIT", unit.as_str())
        .env("MILLRACE_RUN_ID", &attempt.run_id)
        .env("MILLRACE_ATTEMPT", attempt.number.to_string())
        .env(
            "MILLRACE_NOW",
            rfc3339(attempt.run_started, &jiff::tz::TimeZone::UTC),
        )
        .env("MILLRACE_STORE", task.store.path())
        .env_remove("MILLRACE_STEP");
    match &task.period {
        Some(period) => command
            .env("MILLRACE_UNIT_START", rfc3339(period.start, &task.zone))
            .env("MILLRACE_UNIT_END", rfc3339(period.end, &task.zone)),
        None => command
            .env_remove("MILLRACE_UNIT_START")
            .env_remove("MILLRACE_UNIT_END"),
    };
}
