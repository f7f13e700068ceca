//! The checkpoint store: marks, finished units, plans and the history of runs, in
//! one SQLite file that any number of processes on one machine may use at once.
//!
//! Every write is one transaction that is on disk (fsync) when the call returns; a
//! process that is killed, or a machine that loses power, leaves the store as it was
//! before or after that call. Time is always handed in: nothing here reads a clock.
//!
//! [`calendar`] holds the units of a plan: hours, days, ISO weeks and months of a
//! time zone, their names, and the instants between which they lie.

pub mod calendar;
mod error;
mod names;
mod store;

pub use error::Error;
pub use names::{Pipeline, UnitName};
pub use store::{
    Attempt, Begun, End, Entry, Event, Filter, Mark, Outcome, Place, Plan, Planned, State, Store,
    UnitRecord,
};
