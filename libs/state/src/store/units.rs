//! Units: what is done, and marking it so by hand.

use super::record::{UNIT_COLUMNS, UnitRecord};
use super::{Event, State, Store};
use crate::{Error, Pipeline, UnitName};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

impl Store {
    /// What is known of a unit.
    pub fn unit(&self, pipeline: &Pipeline, unit: &UnitName) -> Result<Option<UnitRecord>, Error> {
        self.read("read", |connection| {
            find(connection, pipeline, unit.as_str())
        })
    }

    /// Whether a unit is done.
    pub fn is_done(&self, pipeline: &Pipeline, unit: &UnitName) -> Result<bool, Error> {
        Ok(self
            .unit(pipeline, unit)?
            .is_some_and(|unit| unit.state == State::Done))
    }

    /// All units that are known, of one pipeline or of all, by pipeline and name.
    pub fn units(&self, pipeline: Option<&Pipeline>) -> Result<Vec<UnitRecord>, Error> {
        self.read("read", |connection| {
            let sql = format!(
                "SELECT {UNIT_COLUMNS} FROM units WHERE ?1 IS NULL OR pipeline = ?1 ORDER BY pipeline, unit"
            );
            connection
                .prepare_cached(&sql)?
                .query_map([pipeline.map(Pipeline::as_str)], UnitRecord::from_row)?
                .collect()
        })
    }

    /// The number of a unit, which it is given if it has none: the name of its lock.
    pub fn register(&mut self, pipeline: &Pipeline, unit: &UnitName) -> Result<i64, Error> {
        match self.unit(pipeline, unit)? {
            Some(known) => Ok(known.id),
            None => self.write(|transaction| Ok(known(transaction, pipeline, unit.as_str())?.id)),
        }
    }

    /// Gives a number to each of many units at once: one transaction instead of one each.
    pub fn register_all(&mut self, pipeline: &Pipeline, units: &[UnitName]) -> Result<(), Error> {
        self.write(|transaction| {
            units
                .iter()
                .try_for_each(|unit| insert(transaction, pipeline, unit.as_str()))
        })
    }

    /// Marks units done by hand; those that are already stay as they are. Returns how
    /// many were not.
    pub fn mark_done(
        &mut self,
        pipeline: &Pipeline,
        units: &[UnitName],
        now: Timestamp,
    ) -> Result<usize, Error> {
        self.write(|transaction| {
            let mut changed = 0;
            for name in units {
                let unit = known(transaction, pipeline, name.as_str())?;
                if unit.state != State::Done {
                    let sql =
                        "UPDATE units SET state = 'done', ended = ?2, exit = NULL, last_done = ?2,
                        due_since = NULL WHERE id = ?1";
                    transaction
                        .prepare_cached(sql)?
                        .execute(params![unit.id, now.as_microsecond()])?;
                    record(transaction, &unit, Event::Done, now)?;
                    changed += 1;
                }
            }
            Ok(changed)
        })
    }

    /// Marks units not done: their next run is a new one. Returns how many were done.
    pub fn mark_undone(
        &mut self,
        pipeline: &Pipeline,
        units: &[UnitName],
        now: Timestamp,
    ) -> Result<usize, Error> {
        self.write(|transaction| {
            let mut changed = 0;
            for name in units {
                let Some(unit) = find(transaction, pipeline, name.as_str())? else {
                    continue;
                };
                make_due(transaction, unit.id, now)?;
                record(transaction, &unit, Event::Undo, now)?;
                changed += usize::from(unit.state == State::Done);
            }
            Ok(changed)
        })
    }
}

pub(super) fn find(
    connection: &Connection,
    pipeline: &Pipeline,
    unit: &str,
) -> rusqlite::Result<Option<UnitRecord>> {
    connection
        .prepare_cached(&format!(
            "SELECT {UNIT_COLUMNS} FROM units WHERE pipeline = ?1 AND unit = ?2"
        ))?
        .query_row([pipeline.as_str(), unit], UnitRecord::from_row)
        .optional()
}

/// The unit, made known if it was not.
pub(super) fn known(
    connection: &Connection,
    pipeline: &Pipeline,
    unit: &str,
) -> rusqlite::Result<UnitRecord> {
    insert(connection, pipeline, unit)?;
    find(connection, pipeline, unit)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

fn insert(connection: &Connection, pipeline: &Pipeline, unit: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO units (pipeline, unit, state) VALUES (?1, ?2, 'due')",
        )?
        .execute([pipeline.as_str(), unit])?;
    Ok(())
}

/// Due again, and as a new run: a step that committed under the old run id must not
/// take itself for done.
pub(super) fn make_due(connection: &Connection, id: i64, now: Timestamp) -> rusqlite::Result<()> {
    let sql = "UPDATE units SET state = 'due', run_id = NULL, run_started = NULL, attempts = 0,
        due_since = ?2 WHERE id = ?1";
    connection
        .prepare_cached(sql)?
        .execute(params![id, now.as_microsecond()])?;
    Ok(())
}

pub(super) fn record(
    connection: &Connection,
    unit: &UnitRecord,
    event: Event,
    now: Timestamp,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO history (unit_id, event, run_id, started, ended) VALUES (?1, ?2, ?3, ?4, ?4)")?
        .execute(params![unit.id, event, unit.run_id, now.as_microsecond()])?;
    Ok(())
}
