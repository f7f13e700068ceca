//! Plans: which units of a range are not done, and the memory of what was planned.

use super::record::{from_micros, instant};
use super::units::{find, make_due, record};
use super::{Event, State, Store};
use crate::calendar::{self, Range, Unit};
use crate::{Error, Pipeline};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::collections::HashMap;

/// A plan that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The units it was about.
    pub range: Range,
    /// When it was made.
    pub planned: Timestamp,
}

/// The answer to a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The units that are not done, oldest first, those due again included.
    pub todo: Vec<Unit>,
    /// How many units the range has.
    pub units: usize,
    /// How many of them were done before, and are due again now.
    pub again: usize,
}

impl Planned {
    /// How many units are done.
    pub fn done(&self) -> usize {
        self.units - self.todo.len()
    }
}

impl Store {
    /// Remembers `plan` and finds what is not done of it. Of the last `lookback` units
    /// those done before `as_of` are recorded as due again, each as a new run; who asks
    /// twice gets the same answer.
    pub fn plan(
        &mut self,
        pipeline: &Pipeline,
        plan: &Plan,
        lookback: usize,
        as_of: Timestamp,
    ) -> Result<Planned, Error> {
        let units = plan.range.units()?;
        let total = units.len();
        let recent = total.saturating_sub(lookback);
        self.write(|transaction| {
            let done = done_units(transaction, pipeline)?;
            let mut planned = Planned {
                todo: Vec::new(),
                units: total,
                again: 0,
            };
            for (position, unit) in units.into_iter().enumerate() {
                let again = match done.get(&unit.name) {
                    None => false,
                    Some(at) if position >= recent && *at < as_of => true,
                    Some(_) => continue,
                };
                if again {
                    due_again(transaction, pipeline, &unit.name, plan.planned)?;
                    planned.again += 1;
                }
                planned.todo.push(unit);
            }
            remember(transaction, pipeline, plan)?;
            Ok(planned)
        })
    }

    /// The plans that were made for `pipeline` since `from`, oldest first.
    pub fn plans(&self, pipeline: &Pipeline, from: Timestamp) -> Result<Vec<Plan>, Error> {
        let rows: Vec<(Timestamp, String, String, Timestamp, Timestamp)> =
            self.read("read", |connection| {
                let sql = "SELECT planned, every, timezone, range_start, range_end FROM plans
                WHERE pipeline = ?1 AND planned >= ?2 ORDER BY planned, id";
                connection
                    .prepare_cached(sql)?
                    .query_map(params![pipeline.as_str(), from.as_microsecond()], |row| {
                        Ok((
                            instant(row, 0)?,
                            row.get(1)?,
                            row.get(2)?,
                            instant(row, 3)?,
                            instant(row, 4)?,
                        ))
                    })?
                    .collect()
            })?;
        rows.into_iter()
            .map(|(planned, every, zone, start, end)| {
                let grain = every.parse().map_err(|what| Error::Damaged {
                    path: self.path.clone(),
                    what,
                })?;
                let zone = calendar::zone(&zone)?;
                Ok(Plan {
                    range: Range {
                        grain,
                        zone,
                        start,
                        end,
                    },
                    planned,
                })
            })
            .collect()
    }

    /// The zone of the last plan of `pipeline`: where its units' names are at home.
    pub fn zone(&self, pipeline: &Pipeline) -> Result<Option<jiff::tz::TimeZone>, Error> {
        Ok(self.last_plan(pipeline)?.map(|plan| plan.range.zone))
    }

    /// The last plan of `pipeline`.
    pub fn last_plan(&self, pipeline: &Pipeline) -> Result<Option<Plan>, Error> {
        let last: Option<i64> = self.read("read", |connection| {
            let sql = "SELECT max(planned) FROM plans WHERE pipeline = ?1";
            connection
                .prepare_cached(sql)?
                .query_row([pipeline.as_str()], |row| row.get(0))
        })?;
        match last {
            Some(micros) => Ok(self.plans(pipeline, from_micros(micros))?.pop()),
            None => Ok(None),
        }
    }

    /// The names of all pipelines that have a unit, a plan or a mark.
    pub fn pipelines(&self) -> Result<Vec<String>, Error> {
        self.read("read", |connection| {
            let sql = "SELECT pipeline FROM units UNION SELECT pipeline FROM plans UNION SELECT pipeline FROM marks ORDER BY 1";
            connection.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// When anything first happened to `pipeline`: a plan, a run, a mark by hand.
    pub fn first_seen(&self, pipeline: &Pipeline) -> Result<Option<Timestamp>, Error> {
        self.read("read", |connection| {
            let sql = "SELECT min(at) FROM (
                SELECT min(planned) AS at FROM plans WHERE pipeline = ?1 UNION ALL
                SELECT min(h.started) FROM history h JOIN units u ON u.id = h.unit_id WHERE u.pipeline = ?1)";
            let first: Option<i64> = connection.prepare_cached(sql)?.query_row([pipeline.as_str()], |row| row.get(0))?;
            Ok(first.map(from_micros))
        })
    }
}

/// Done units by name, with the time they were done.
fn done_units(
    connection: &Connection,
    pipeline: &Pipeline,
) -> rusqlite::Result<HashMap<String, Timestamp>> {
    connection
        .prepare_cached("SELECT unit, coalesce(last_done, ended, 0) FROM units WHERE pipeline = ?1 AND state = ?2")?
        .query_map(params![pipeline.as_str(), State::Done], |row| Ok((row.get(0)?, instant(row, 1)?)))?
        .collect()
}

fn due_again(
    connection: &Connection,
    pipeline: &Pipeline,
    unit: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    if let Some(unit) = find(connection, pipeline, unit)? {
        make_due(connection, unit.id, now)?;
        record(connection, &unit, Event::Due, now)?;
    }
    Ok(())
}

fn remember(connection: &Connection, pipeline: &Pipeline, plan: &Plan) -> rusqlite::Result<()> {
    let zone = plan.range.zone.iana_name().unwrap_or("UTC");
    connection.execute(
        "INSERT INTO plans (pipeline, planned, every, timezone, range_start, range_end) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            pipeline.as_str(),
            plan.planned.as_microsecond(),
            plan.range.grain.as_str(),
            zone,
            plan.range.start.as_microsecond(),
            plan.range.end.as_microsecond()
        ],
    )?;
    Ok(())
}
