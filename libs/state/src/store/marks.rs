//! High-water marks, by hand.

use super::Store;
use super::record::{Mark, instant};
use crate::{Error, Pipeline};
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

impl Store {
    /// The mark of `pipeline`.
    pub fn mark(&self, pipeline: &Pipeline) -> Result<Option<Mark>, Error> {
        self.read("read", |connection| {
            connection
                .prepare_cached("SELECT pipeline, value, updated FROM marks WHERE pipeline = ?1")?
                .query_row([pipeline.as_str()], from_row)
                .optional()
        })
    }

    /// All marks, by pipeline.
    pub fn marks(&self) -> Result<Vec<Mark>, Error> {
        self.read("read", |connection| {
            connection
                .prepare_cached("SELECT pipeline, value, updated FROM marks ORDER BY pipeline")?
                .query_map([], from_row)?
                .collect()
        })
    }

    /// Sets the mark of `pipeline`.
    pub fn set_mark(
        &mut self,
        pipeline: &Pipeline,
        value: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.write(|transaction| {
            let sql = "INSERT INTO marks VALUES (?1, ?2, ?3)
                ON CONFLICT (pipeline) DO UPDATE SET value = ?2, updated = ?3";
            transaction.execute(sql, params![pipeline.as_str(), value, now.as_microsecond()])?;
            Ok(())
        })
    }

    /// Forgets the mark of `pipeline`; says whether there was one.
    pub fn unset_mark(&mut self, pipeline: &Pipeline) -> Result<bool, Error> {
        self.write(|transaction| {
            let gone = transaction
                .execute("DELETE FROM marks WHERE pipeline = ?1", [pipeline.as_str()])?;
            Ok(gone > 0)
        })
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Mark> {
    Ok(Mark {
        pipeline: row.get(0)?,
        value: row.get(1)?,
        updated: instant(row, 2)?,
    })
}
