//! The answer: a plugin's line, JSON, or OpenMetrics.

use crate::args::{Args, Form};
use crate::judge::{Basis, Verdict};
use jiff::Timestamp;
use millrace_cli::Stdout;
use millrace_fault::Failure;
use millrace_state::calendar::rfc3339;
use serde_json::{Value, json};

pub(crate) fn print(args: &Args, verdict: &Verdict) -> Result<(), Failure> {
    let pipeline = args.pipeline.as_str();
    let text = match args.output {
        Form::Text => line(pipeline, verdict),
        Form::Json => object(pipeline, verdict).to_string(),
        Form::Openmetrics => openmetrics(pipeline, verdict),
    };
    let mut out = Stdout::new();
    out.line(text)?;
    out.finish()
}

/// `SLA STATE - PIPELINE: reason | performance data`. A bar would end the reason.
fn line(pipeline: &str, verdict: &Verdict) -> String {
    let reason = verdict.reason.replace('|', "/");
    let text = format!("SLA {} - {pipeline}: {reason}", verdict.state.as_str());
    match &verdict.basis {
        Some(basis) => format!("{text} | {}", perfdata(basis)),
        None => text,
    }
}

/// `label=value[unit];warn;crit;min;max`, as monitoring plugins write it.
fn perfdata(basis: &Basis) -> String {
    let work = &basis.work;
    let mut text = format!(
        "done={};;;0;{} failed={};;;0;{}",
        work.done, work.units, work.failed, work.units
    );
    if let Some(begin) = basis.clock.begin {
        let since = |at: Option<Timestamp>| {
            at.map_or_else(String::new, |at| seconds(begin, at).to_string())
        };
        let (warn, end) = (since(basis.clock.warn), since(basis.clock.end));
        let elapsed = seconds(
            begin,
            work.ended.filter(|_| work.is_done()).unwrap_or(basis.now),
        )
        .max(0);
        text.push_str(&format!(" elapsed={elapsed}s;{warn};{end};0"));
    }
    if let Some(deadline) = basis.period.deadline {
        text.push_str(&format!(" left={}s", seconds(basis.now, deadline)));
    }
    text
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_secs()
}

fn object(pipeline: &str, verdict: &Verdict) -> Value {
    let mut object = json!({
        "pipeline": pipeline,
        "state": verdict.state.as_str(),
        "code": verdict.state as u8,
        "reason": verdict.reason,
    });
    if let Some(basis) = &verdict.basis {
        let at = |instant: Option<Timestamp>| instant.map(|instant| rfc3339(instant, &basis.zone));
        let begin = Some(basis.period.start).filter(|start| *start > Timestamp::MIN);
        let fields = [
            ("now", at(Some(basis.now)).into()),
            ("period_start", at(begin).into()),
            ("deadline", at(basis.period.deadline).into()),
            ("units", basis.work.units.into()),
            ("done", basis.work.done.into()),
            ("failed", basis.work.failed.into()),
            ("started", at(basis.work.started).into()),
            (
                "ended",
                at(basis.work.ended.filter(|_| basis.work.is_done())).into(),
            ),
            ("allowed_from", at(basis.clock.begin).into()),
            ("warning_at", at(basis.clock.warn).into()),
            ("critical_at", at(basis.clock.end).into()),
            ("likely_end", at(basis.clock.likely).into()),
        ];
        for (name, value) in fields {
            object[name] = value;
        }
    }
    object
}

fn openmetrics(pipeline: &str, verdict: &Verdict) -> String {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: String| {
        text.push_str(&format!(
            "# TYPE millrace_sla_{name} gauge\n# HELP millrace_sla_{name} {help}\nmillrace_sla_{name}{{pipeline=\"{pipeline}\"}} {value}\n"
        ));
    };
    gauge(
        "state",
        "0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
        (verdict.state as u8).to_string(),
    );
    if let Some(basis) = &verdict.basis {
        gauge(
            "units",
            "Units that the period needs.",
            basis.work.units.to_string(),
        );
        gauge(
            "units_done",
            "Units that are done.",
            basis.work.done.to_string(),
        );
        gauge(
            "units_failed",
            "Units that failed last time.",
            basis.work.failed.to_string(),
        );
        if let Some(deadline) = basis.period.deadline {
            gauge(
                "deadline_timestamp_seconds",
                "The deadline.",
                deadline.as_second().to_string(),
            );
        }
        if let Some(likely) = basis.clock.likely {
            gauge(
                "likely_end_timestamp_seconds",
                "When the work will likely be done.",
                likely.as_second().to_string(),
            );
        }
    }
    text.push_str("# EOF");
    text
}
