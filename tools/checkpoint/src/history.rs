//! `history`: what was run and marked, oldest first.

use crate::args::History;
use crate::status::{dash, lines, seconds};
use crate::table::Table;
use millrace_cli::values::Span;
use millrace_cli::{Job, Stdout};
use millrace_fault::{Exit, Failure};
use millrace_state::{Entry, Event, Filter, Place, Store};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) fn history(args: &History, place: &Place, job: &Job) -> Result<Exit, Failure> {
    let filter = Filter {
        pipeline: args.pipeline.as_ref(),
        unit: args.unit.as_deref(),
        newest: args.newest,
        since: None,
    };
    let entries = Store::open(place)?.history(filter)?;
    if entries.is_empty() {
        job.say("nothing was run or marked yet");
    }
    let mut table = Table::new(&[
        "STARTED", "TOOK", "PIPELINE", "UNIT", "EVENT", "ATTEMPT", "OUTCOME", "EXIT", "RUN",
    ]);
    entries.iter().for_each(|entry| table.row(cells(entry)));
    let objects: Vec<Value> = entries.iter().map(object).collect();
    let mut out = Stdout::new();
    for line in lines(args.output, &table, &objects) {
        out.line(line)?;
    }
    out.finish()?;
    Ok(Exit::DONE)
}

fn cells(entry: &Entry) -> Vec<String> {
    vec![
        seconds(entry.started),
        took(entry).map_or_else(dash, |took| Span(took).to_string()),
        entry.pipeline.clone(),
        entry.unit.clone(),
        entry.event.to_string(),
        entry
            .attempt
            .map_or_else(dash, |attempt| attempt.to_string()),
        entry
            .outcome
            .map_or_else(dash, |outcome| outcome.to_string()),
        entry.exit.map_or_else(dash, |exit| exit.to_string()),
        entry.run_id.clone().unwrap_or_else(dash),
    ]
}

/// How long an attempt took; what was marked by hand took no time.
fn took(entry: &Entry) -> Option<Duration> {
    let ended = entry.ended.filter(|_| entry.event == Event::Run)?;
    Duration::try_from(ended.duration_since(entry.started)).ok()
}

fn object(entry: &Entry) -> Value {
    json!({
        "pipeline": entry.pipeline, "unit": entry.unit, "event": entry.event.as_str(),
        "run_id": entry.run_id, "attempt": entry.attempt,
        "started": seconds(entry.started), "ended": entry.ended.map(seconds),
        "duration_s": took(entry).map(|took| took.as_secs_f64()),
        "outcome": entry.outcome.map(|outcome| outcome.as_str()), "exit": entry.exit,
    })
}
