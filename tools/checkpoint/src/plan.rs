//! `plan`: which units of a range are not done.

use crate::args;
use jiff::{SignedDuration, Timestamp};
use millrace_cli::{Job, Stdout};
use millrace_fault::{Exit, Failure};
use millrace_state::calendar::{self, Range, Reach, Unit};
use millrace_state::{Place, Plan, Planned, Store};

pub(crate) fn plan(args: &args::Plan, place: &Place, job: &Job) -> Result<Exit, Failure> {
    let now = args.clock.now();
    let range = range(args, now)?;
    let as_of = as_of(args, now)?;
    let plan = Plan {
        range,
        planned: now,
    };
    // Recorded first: what is printed is what `run` will agree with.
    let planned =
        Store::open_or_create(place)?.plan(&args.pipeline, &plan, args.lookback, as_of)?;
    job.say(summary(&planned));
    print(&planned, args.null)?;
    Ok(Exit::DONE)
}

fn range(args: &args::Plan, now: Timestamp) -> Result<Range, Failure> {
    let reach = match (&args.to, &args.through) {
        (Some(to), _) => Reach::To(to),
        (None, Some(through)) => Reach::Through(through),
        (None, None) => Reach::Until(earlier(now, args)?),
    };
    let range = Range::new(args.every, &args.timezone, &args.from, reach);
    range.map_err(|error| match error {
        calendar::Error::TooMany => Failure::from(millrace_state::Error::from(error))
            .hint("begin later, or take longer units"),
        other => millrace_state::Error::from(other).into(),
    })
}

fn earlier(now: Timestamp, args: &args::Plan) -> Result<Timestamp, Failure> {
    SignedDuration::try_from(args.delay.0)
        .ok()
        .and_then(|delay| now.checked_sub(delay).ok())
        .ok_or_else(|| Failure::usage(format!("--delay {} is too long", args.delay)))
}

/// Units of the look-back that were done before this are due again.
fn as_of(args: &args::Plan, now: Timestamp) -> Result<Timestamp, Failure> {
    let found = match &args.as_of {
        Some(text) => calendar::bounds(text, &args.timezone).map(|(start, _)| start),
        None => Unit::containing(now, args.every, &args.timezone).map(|unit| unit.start),
    };
    Ok(found.map_err(millrace_state::Error::from)?)
}

fn summary(planned: &Planned) -> String {
    let units = if planned.units == 1 { "unit" } else { "units" };
    let mut text = format!("{} {units}, {} done", planned.units, planned.done());
    if planned.again > 0 {
        text.push_str(&format!(", {} due again", planned.again));
    }
    text
}

fn print(planned: &Planned, null: bool) -> Result<(), Failure> {
    let mut out = Stdout::new();
    for unit in &planned.todo {
        out.item(&unit.name, null)?;
    }
    out.finish()
}
