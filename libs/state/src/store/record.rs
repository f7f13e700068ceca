//! What the store holds, as values.

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Row, ToSql};
use std::fmt;

/// A high-water mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Whose mark.
    pub pipeline: String,
    /// Its value, as it was set.
    pub value: String,
    /// When it was set.
    pub updated: Timestamp,
}

/// How far a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// To be done, for the first time or again.
    Due,
    /// An attempt began and has not been seen to end.
    Running,
    /// The last attempt failed.
    Failed,
    /// Done.
    Done,
}

/// What happened to a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A command was run for it.
    Run,
    /// It was marked done by hand.
    Done,
    /// It was marked not done by hand.
    Undo,
    /// A plan's look-back made it due again.
    Due,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Exit 0.
    Done,
    /// Any other exit.
    Failed,
    /// Whoever ran it was killed before it saw the end.
    Interrupted,
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRecord {
    /// Its number, never used again.
    pub id: i64,
    /// The pipeline it belongs to.
    pub pipeline: String,
    /// Its name.
    pub unit: String,
    /// How far it is.
    pub state: State,
    /// The identity of its run: kept until the run is done, and after.
    pub run_id: Option<String>,
    /// How many attempts that run took so far.
    pub attempts: u32,
    /// When the last attempt began.
    pub started: Option<Timestamp>,
    /// When the last attempt ended, or the unit was marked.
    pub ended: Option<Timestamp>,
    /// How the last attempt exited.
    pub exit: Option<u8>,
    /// Since when it is due again.
    pub due_since: Option<Timestamp>,
    /// When it was last done, also if it is due again now.
    pub last_done: Option<Timestamp>,
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The pipeline.
    pub pipeline: String,
    /// The unit.
    pub unit: String,
    /// What happened.
    pub event: Event,
    /// In which run.
    pub run_id: Option<String>,
    /// Which attempt of that run.
    pub attempt: Option<u32>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// With which code.
    pub exit: Option<u8>,
    /// How; None while it runs (or whoever ran it was killed and nobody came since).
    pub outcome: Option<Outcome>,
}

pub(super) const UNIT_COLUMNS: &str =
    "id, pipeline, unit, state, run_id, attempts, started, ended, exit, due_since, last_done";

impl UnitRecord {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(UnitRecord {
            id: row.get(0)?,
            pipeline: row.get(1)?,
            unit: row.get(2)?,
            state: row.get(3)?,
            run_id: row.get(4)?,
            attempts: row.get(5)?,
            started: optional_instant(row, 6)?,
            ended: optional_instant(row, 7)?,
            exit: row.get(8)?,
            due_since: optional_instant(row, 9)?,
            last_done: optional_instant(row, 10)?,
        })
    }
}

/// Microseconds since 1970; what does not fit is the nearest instant that does.
pub(super) fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(from_micros)
}

pub(super) fn optional_instant(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(from_micros))
}

pub(super) fn from_micros(micros: i64) -> Timestamp {
    let end = if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_microsecond(micros).unwrap_or(end)
}

/// The words for a value in the store, on the screen and in JSON.
macro_rules! words {
    ($kind:ident { $($variant:ident = $word:literal),* }) => {
        impl $kind {
            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $($kind::$variant => $word),* }
            }
        }

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromSql for $kind {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_str()? {
                    $($word => Ok($kind::$variant),)*
                    other => Err(FromSqlError::Other(format!("'{other}' is unknown").into())),
                }
            }
        }

        impl ToSql for $kind {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }
    };
}

words!(State { Due = "due", Running = "running", Failed = "failed", Done = "done" });
words!(Event { Run = "run", Done = "done", Undo = "undo", Due = "due" });
words!(Outcome { Done = "done", Failed = "failed", Interrupted = "interrupted" });
