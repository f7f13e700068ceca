//! Runs of a unit: begun, ended, begun again after a crash under the same run id.

use super::record::{UnitRecord, from_micros};
use super::units::known;
use super::{Outcome, State, Store};
use crate::calendar::Unit;
use crate::{Error, Pipeline, UnitName};
use jiff::Timestamp;
use rusqlite::{Connection, params};

/// What [`Store::begin`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The unit is done: nothing to run.
    AlreadyDone,
    /// An attempt is recorded as running.
    Attempt(Attempt),
}

/// An attempt that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    entry: i64,
    unit: i64,
    /// The identity of the run, the same for all of its attempts.
    pub run_id: String,
    /// When the run's first attempt began.
    pub run_started: Timestamp,
    /// Which attempt of the run this is, from 1.
    pub number: u32,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// The exit code.
    pub exit: u8,
    /// When.
    pub at: Timestamp,
    /// Whether another attempt follows: the unit goes on running.
    pub again: bool,
}

impl Store {
    /// Begins an attempt. Call it under the unit's lock. The run id is that of the
    /// last run if that was not done (it failed or was interrupted), else a new one;
    /// `anew` asks for a new one, done or not.
    pub fn begin(
        &mut self,
        pipeline: &Pipeline,
        unit: &UnitName,
        period: Option<&Unit>,
        now: Timestamp,
        anew: bool,
    ) -> Result<Begun, Error> {
        self.write(|transaction| {
            let unit = known(transaction, pipeline, unit.as_str())?;
            if unit.state == State::Done && !anew {
                return Ok(Begun::AlreadyDone);
            }
            close_interrupted(transaction, unit.id)?;
            let goes_on = !anew && unit.state != State::Done;
            let attempt = next_attempt(transaction, &unit, goes_on, now)?;
            set_period(transaction, unit.id, period)?;
            Ok(Begun::Attempt(attempt))
        })
    }

    /// Records the end of an attempt: the unit is done with exit 0, else failed (or
    /// still running, if another attempt follows). A unit that was undone or made due
    /// again meanwhile stays so. Returns whether the unit took the result.
    pub fn end(&mut self, attempt: &Attempt, end: End) -> Result<bool, Error> {
        self.write(|transaction| {
            let (state, outcome) = match (end.exit, end.again) {
                (0, _) => (State::Done, Outcome::Done),
                (_, true) => (State::Running, Outcome::Failed),
                (_, false) => (State::Failed, Outcome::Failed),
            };
            let at = end.at.as_microsecond();
            transaction
                .prepare_cached(
                    "UPDATE history SET ended = ?2, exit = ?3, outcome = ?4 WHERE id = ?1",
                )?
                .execute(params![attempt.entry, at, end.exit, outcome])?;
            let sql = "UPDATE units SET state = ?3, ended = ?4, exit = ?5,
                last_done = CASE ?5 WHEN 0 THEN ?4 ELSE last_done END,
                due_since = CASE ?5 WHEN 0 THEN NULL ELSE due_since END
                WHERE id = ?1 AND run_id = ?2 AND state = 'running'";
            let changed = transaction.prepare_cached(sql)?.execute(params![
                attempt.unit,
                attempt.run_id,
                state,
                at,
                end.exit
            ])?;
            Ok(changed > 0)
        })
    }
}

/// Whoever holds the lock now knows that earlier attempts cannot still be watched.
fn close_interrupted(connection: &Connection, unit: i64) -> rusqlite::Result<()> {
    let sql = "UPDATE history SET outcome = 'interrupted' WHERE unit_id = ?1 AND event = 'run' AND outcome IS NULL";
    connection.prepare_cached(sql)?.execute([unit])?;
    Ok(())
}

fn next_attempt(
    connection: &Connection,
    unit: &UnitRecord,
    goes_on: bool,
    now: Timestamp,
) -> rusqlite::Result<Attempt> {
    let (run_id, number) = match unit.run_id.clone().filter(|_| goes_on) {
        Some(run_id) => (run_id, unit.attempts + 1),
        None => (new_run_id(connection, now)?, 1),
    };
    let micros = now.as_microsecond();
    let started: i64 = connection
        .prepare_cached(
            "UPDATE units SET state = 'running', run_id = ?2, attempts = ?3, started = ?4, ended = NULL,
             exit = NULL, run_started = CASE ?3 WHEN 1 THEN ?4 ELSE coalesce(run_started, ?4) END
             WHERE id = ?1 RETURNING run_started",
        )?
        .query_row(params![unit.id, run_id, number, micros], |row| row.get(0))?;
    connection
        .prepare_cached(
            "INSERT INTO history (unit_id, event, run_id, attempt, started) VALUES (?1, 'run', ?2, ?3, ?4)",
        )?
        .execute(params![unit.id, run_id, number, micros])?;
    let entry = connection.last_insert_rowid();
    Ok(Attempt {
        entry,
        unit: unit.id,
        run_id,
        run_started: from_micros(started),
        number,
    })
}

/// `r-20260317T060000-9f3c2a1b04d7`: sorts by time, serves file names.
fn new_run_id(connection: &Connection, now: Timestamp) -> rusqlite::Result<String> {
    let random: String =
        connection.query_row("SELECT lower(hex(randomblob(6)))", [], |row| row.get(0))?;
    Ok(format!("r-{}-{random}", now.strftime("%Y%m%dT%H%M%S")))
}

fn set_period(connection: &Connection, unit: i64, period: Option<&Unit>) -> rusqlite::Result<()> {
    let Some(period) = period else { return Ok(()) };
    connection
        .prepare_cached("UPDATE units SET period_start = ?2, period_end = ?3 WHERE id = ?1")?
        .execute(params![
            unit,
            period.start.as_microsecond(),
            period.end.as_microsecond()
        ])?;
    Ok(())
}
