//! `status`: how far pipelines are, or the units of one.

use crate::args::{Form, Status};
use crate::run::{is_held, lock_path};
use crate::table::Table;
use jiff::Timestamp;
use millrace_cli::{Job, Stdout};
use millrace_fault::{Exit, Failure, quoted};
use millrace_state::{Mark, Pipeline, Place, State, Store, UnitRecord};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn status(args: &Status, place: &Place, job: &Job) -> Result<Exit, Failure> {
    let store = Store::open(place)?;
    let lines = match &args.pipeline {
        Some(pipeline) => one(&store, pipeline, args, job)?,
        None => overview(&store, args.output)?,
    };
    let mut out = Stdout::new();
    for line in lines {
        out.line(line)?;
    }
    out.finish()?;
    Ok(Exit::DONE)
}

/// How many units are in which state.
#[derive(Debug, Default)]
struct Counts {
    units: usize,
    done: usize,
    running: usize,
    failed: usize,
    interrupted: usize,
    due: usize,
}

impl Counts {
    fn of(units: &[Unit]) -> Self {
        let mut counts = Counts {
            units: units.len(),
            ..Counts::default()
        };
        for unit in units {
            match unit.state {
                "done" => counts.done += 1,
                "running" => counts.running += 1,
                "failed" => counts.failed += 1,
                "interrupted" => counts.interrupted += 1,
                _ => counts.due += 1,
            }
        }
        counts
    }

    fn cells(&self) -> [String; 6] {
        [
            self.units,
            self.done,
            self.running,
            self.failed,
            self.interrupted,
            self.due,
        ]
        .map(|count| count.to_string())
    }
}

/// A unit that was planned or has a record.
#[derive(Debug)]
struct Unit {
    name: String,
    state: &'static str,
    record: Option<UnitRecord>,
}

/// What is known of a pipeline, and what its last plan named, by name.
fn units(store: &Store, pipeline: &Pipeline) -> Result<Vec<Unit>, Failure> {
    let mut units: BTreeMap<String, Unit> = BTreeMap::new();
    for record in store.units(Some(pipeline))? {
        let unit = Unit {
            name: record.unit.clone(),
            state: state(store, &record),
            record: Some(record),
        };
        units.insert(unit.name.clone(), unit);
    }
    if let Some(plan) = store.last_plan(pipeline)? {
        for planned in plan.range.units().map_err(millrace_state::Error::from)? {
            let name = planned.name.clone();
            units.entry(name).or_insert(Unit {
                name: planned.name,
                state: "due",
                record: None,
            });
        }
    }
    Ok(units.into_values().collect())
}

/// The state, "interrupted" where nobody is at it any more: its lock is free.
fn state(store: &Store, record: &UnitRecord) -> &'static str {
    let free = || !is_held(&lock_path(store.path(), record.id));
    match record.state {
        State::Running if free() => "interrupted",
        state => state.as_str(),
    }
}

fn overview(store: &Store, form: Form) -> Result<Vec<String>, Failure> {
    let marks: BTreeMap<String, Mark> = store
        .marks()?
        .into_iter()
        .map(|mark| (mark.pipeline.clone(), mark))
        .collect();
    let mut table = Table::new(&[
        "PIPELINE",
        "UNITS",
        "DONE",
        "RUNNING",
        "FAILED",
        "INTERRUPTED",
        "DUE",
        "LAST ENDED",
        "MARK",
    ]);
    let mut objects = Vec::new();
    for name in store.pipelines()?.into_iter().collect::<BTreeSet<_>>() {
        let pipeline: Pipeline = name.parse().map_err(Failure::data)?;
        let units = units(store, &pipeline)?;
        let counts = Counts::of(&units);
        let last = units
            .iter()
            .filter_map(|unit| unit.record.as_ref()?.ended)
            .max();
        let mark = marks.get(&name).map(|mark| mark.value.clone());
        objects.push(json!({
            "pipeline": name, "units": counts.units, "done": counts.done, "running": counts.running,
            "failed": counts.failed, "interrupted": counts.interrupted, "due": counts.due,
            "last_ended": last.map(seconds), "mark": mark,
        }));
        let mut row = vec![name];
        row.extend(counts.cells());
        row.extend([last.map_or_else(dash, seconds), mark.unwrap_or_else(dash)]);
        table.row(row);
    }
    Ok(lines(form, &table, &objects))
}

fn one(
    store: &Store,
    pipeline: &Pipeline,
    args: &Status,
    job: &Job,
) -> Result<Vec<String>, Failure> {
    let units = units(store, pipeline)?;
    let counts = Counts::of(&units);
    job.say(format!(
        "{}: {} units, {} done",
        quoted(pipeline.as_str()),
        counts.units,
        counts.done
    ));
    let mut table = Table::new(&[
        "UNIT", "STATE", "ATTEMPTS", "EXIT", "STARTED", "ENDED", "RUN",
    ]);
    let shown = || {
        units
            .iter()
            .filter(|unit| !args.left || unit.state != "done")
    };
    shown().for_each(|unit| table.row(cells(unit)));
    let objects: Vec<Value> = shown().map(|unit| object(pipeline, unit)).collect();
    Ok(lines(args.output, &table, &objects))
}

fn cells(unit: &Unit) -> Vec<String> {
    let record = unit.record.as_ref();
    let time = |instant: Option<Timestamp>| instant.map_or_else(dash, seconds);
    vec![
        unit.name.clone(),
        unit.state.to_owned(),
        record.map_or(0, |record| record.attempts).to_string(),
        record
            .and_then(|record| record.exit)
            .map_or_else(dash, |exit| exit.to_string()),
        time(record.and_then(|record| record.started)),
        time(record.and_then(|record| record.ended)),
        record
            .and_then(|record| record.run_id.clone())
            .unwrap_or_else(dash),
    ]
}

fn object(pipeline: &Pipeline, unit: &Unit) -> Value {
    let record = unit.record.as_ref();
    let time = |field: fn(&UnitRecord) -> Option<Timestamp>| record.and_then(field).map(seconds);
    json!({
        "pipeline": pipeline.as_str(),
        "unit": unit.name,
        "state": unit.state,
        "attempts": record.map_or(0, |record| record.attempts),
        "exit": record.and_then(|record| record.exit),
        "started": time(|record| record.started),
        "ended": time(|record| record.ended),
        "run_id": record.and_then(|record| record.run_id.as_deref()),
        "due_since": time(|record| record.due_since),
        "last_done": time(|record| record.last_done),
    })
}

pub(crate) fn lines(form: Form, table: &Table, objects: &[Value]) -> Vec<String> {
    match form {
        Form::Text => table.lines().collect(),
        Form::Json => objects.iter().map(ToString::to_string).collect(),
    }
}

pub(crate) fn dash() -> String {
    "-".to_owned()
}

/// RFC 3339 in UTC, to the second.
pub(crate) fn seconds(instant: Timestamp) -> String {
    millrace_state::calendar::rfc3339(instant, &jiff::tz::TimeZone::UTC)
}
