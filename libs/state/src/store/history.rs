//! What happened to units, oldest first.

use super::Store;
use super::record::{Entry, instant, optional_instant};
use crate::{Error, Pipeline};
use jiff::Timestamp;
use rusqlite::params;

/// Which part of the history.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// Of one pipeline only.
    pub pipeline: Option<&'a Pipeline>,
    /// Of one unit only.
    pub unit: Option<&'a str>,
    /// What began at this instant or later.
    pub since: Option<Timestamp>,
    /// The newest so many.
    pub newest: Option<u32>,
}

impl Store {
    /// The history, oldest first.
    pub fn history(&self, filter: Filter<'_>) -> Result<Vec<Entry>, Error> {
        let sql = "SELECT * FROM (
            SELECT u.pipeline, u.unit, h.event, h.run_id, h.attempt, h.started, h.ended, h.exit, h.outcome, h.id AS id
            FROM history h JOIN units u ON u.id = h.unit_id
            WHERE (?1 IS NULL OR u.pipeline = ?1) AND (?2 IS NULL OR u.unit = ?2)
              AND (?3 IS NULL OR h.started >= ?3)
            ORDER BY h.started DESC, h.id DESC LIMIT ?4) ORDER BY started, id";
        let newest = filter.newest.map_or(-1, i64::from);
        self.read("read", |connection| {
            connection
                .prepare_cached(sql)?
                .query_map(
                    params![
                        filter.pipeline.map(Pipeline::as_str),
                        filter.unit,
                        filter.since.map(Timestamp::as_microsecond),
                        newest
                    ],
                    |row| {
                        Ok(Entry {
                            pipeline: row.get(0)?,
                            unit: row.get(1)?,
                            event: row.get(2)?,
                            run_id: row.get(3)?,
                            attempt: row.get(4)?,
                            started: instant(row, 5)?,
                            ended: optional_instant(row, 6)?,
                            exit: row.get(7)?,
                            outcome: row.get(8)?,
                        })
                    },
                )?
                .collect()
        })
    }
}
