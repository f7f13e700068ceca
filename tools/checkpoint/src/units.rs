//! `todo`, `is-done`, `done`, `undo`: units by hand.

use crate::args::{Edited, Listed};
use crate::listing;
use crate::store::NOTHING_YET;
use millrace_cli::{Job, Stdout};
use millrace_fault::{Exit, Failure};
use millrace_state::{Place, Store, UnitName};

pub(crate) fn todo(args: &Listed, place: &Place, job: &Job) -> Result<Exit, Failure> {
    let units = listing::units(&args.unit, args.null)?;
    let left = not_done(args, &units, place, job)?;
    let mut out = Stdout::new();
    for unit in left {
        out.item(unit.as_str(), args.null)?;
    }
    out.finish()?;
    Ok(Exit::DONE)
}

/// The answer is the exit code: nothing is printed.
pub(crate) fn is_done(args: &Listed, place: &Place, job: &Job) -> Result<Exit, Failure> {
    let units = listing::units(&args.unit, args.null)?;
    match not_done(args, &units, place, job)?.is_empty() {
        true => Ok(Exit::DONE),
        false => Ok(Exit::FINDING),
    }
}

pub(crate) fn done(args: &Edited, place: &Place, job: &Job) -> Result<Exit, Failure> {
    let units = listing::units(&args.list.unit, args.list.null)?;
    let mut store = Store::open_or_create(place)?;
    let changed = store.mark_done(&args.list.pipeline, &units, args.clock.now())?;
    tell_rest(job, units.len(), changed, "were done already");
    Ok(Exit::DONE)
}

pub(crate) fn undo(args: &Edited, place: &Place, job: &Job) -> Result<Exit, Failure> {
    let units = listing::units(&args.list.unit, args.list.null)?;
    let changed = match Store::open_if_any(place)? {
        Some(mut store) => store.mark_undone(&args.list.pipeline, &units, args.clock.now())?,
        None => 0,
    };
    tell_rest(job, units.len(), changed, "were not done");
    Ok(Exit::DONE)
}

fn not_done<'a>(
    args: &Listed,
    units: &'a [UnitName],
    place: &Place,
    job: &Job,
) -> Result<Vec<&'a UnitName>, Failure> {
    let Some(store) = Store::open_if_any(place)? else {
        job.say(NOTHING_YET);
        return Ok(units.iter().collect());
    };
    let mut left = Vec::new();
    for unit in units {
        if !store.is_done(&args.pipeline, unit)? {
            left.push(unit);
        }
    }
    Ok(left)
}

/// What could surprise: units for which there was nothing to change.
fn tell_rest(job: &Job, given: usize, changed: usize, what: &str) {
    if changed == 0 {
        job.metrics.set_noop();
    }
    if changed < given {
        job.say(format!("{} of {given} units {what}", given - changed));
    }
}
