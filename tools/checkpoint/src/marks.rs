//! `get`, `set`, `unset`: the mark by hand.

use crate::args::{GetMark, SetMark};
use millrace_cli::{Job, Stdout};
use millrace_fault::{Exit, Failure, quoted};
use millrace_state::{Place, Store};

pub(crate) fn print(args: &GetMark, place: &Place) -> Result<Exit, Failure> {
    let mark = match Store::open_if_any(place)? {
        Some(store) => store.mark(&args.pipeline)?,
        None => None,
    };
    let Some(mark) = mark else {
        return Err(Failure::finding(format!(
            "{} has no mark",
            quoted(args.pipeline.as_str())
        )));
    };
    let mut out = Stdout::new();
    out.line(&mark.value)?;
    out.finish()?;
    Ok(Exit::DONE)
}

pub(crate) fn set(args: &SetMark, place: &Place) -> Result<Exit, Failure> {
    Store::open_or_create(place)?.set_mark(&args.pipeline, &args.value, args.clock.now())?;
    Ok(Exit::DONE)
}

pub(crate) fn unset(args: &GetMark, place: &Place, job: &Job) -> Result<Exit, Failure> {
    let gone = match Store::open_if_any(place)? {
        Some(mut store) => store.unset_mark(&args.pipeline)?,
        None => false,
    };
    if !gone {
        job.metrics.set_noop();
        job.say(format!("{} had no mark", quoted(args.pipeline.as_str())));
    }
    Ok(Exit::DONE)
}
