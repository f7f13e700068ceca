//! The tables, and the number of their format.

use super::Store;
use crate::Error;

/// "MLRC": tells a store from any other SQLite file.
const APPLICATION: i64 = 0x4d4c_5243;
/// The format that this program writes. Newer ones are refused.
const FORMAT: i64 = 1;

// Instants are microseconds since 1970 (UTC). `last_done` outlives being due again.
const TABLES: &str = "
CREATE TABLE marks (
  pipeline TEXT PRIMARY KEY, value TEXT NOT NULL, updated INTEGER NOT NULL) STRICT;
CREATE TABLE units (
  id INTEGER PRIMARY KEY AUTOINCREMENT, pipeline TEXT NOT NULL, unit TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'running', 'failed', 'done')),
  run_id TEXT, run_started INTEGER, attempts INTEGER NOT NULL DEFAULT 0,
  started INTEGER, ended INTEGER, exit INTEGER,
  period_start INTEGER, period_end INTEGER, due_since INTEGER, last_done INTEGER,
  UNIQUE (pipeline, unit)) STRICT;
CREATE TABLE plans (
  id INTEGER PRIMARY KEY, pipeline TEXT NOT NULL, planned INTEGER NOT NULL,
  every TEXT NOT NULL, timezone TEXT NOT NULL,
  range_start INTEGER NOT NULL, range_end INTEGER NOT NULL) STRICT;
CREATE INDEX plans_by_time ON plans (pipeline, planned);
CREATE TABLE history (
  id INTEGER PRIMARY KEY, unit_id INTEGER NOT NULL REFERENCES units (id),
  event TEXT NOT NULL CHECK (event IN ('run', 'done', 'undo', 'due')),
  run_id TEXT, attempt INTEGER, started INTEGER NOT NULL, ended INTEGER, exit INTEGER,
  outcome TEXT CHECK (outcome IN ('done', 'failed', 'interrupted'))) STRICT;
CREATE INDEX history_by_time ON history (started);
CREATE INDEX history_by_unit ON history (unit_id);
";

impl Store {
    /// Refuses what is not ours or newer; makes the tables in an empty file.
    pub(super) fn check_format(&mut self) -> Result<(), Error> {
        match self.format()? {
            Some(FORMAT) => Ok(()),
            Some(found) if found > FORMAT => Err(Error::Newer {
                path: self.path.clone(),
                found,
                known: FORMAT,
            }),
            Some(_) => Err(Error::Foreign(self.path.clone())),
            None => self.create(),
        }
    }

    /// The format number; None for a file without any table. The three are read in one
    /// transaction: between two of them, another process may make the tables.
    fn format(&self) -> Result<Option<i64>, Error> {
        let (application, format, tables) = self.read("read", |connection| {
            let snapshot = connection.unchecked_transaction()?;
            let number = |sql| snapshot.query_row(sql, [], |row| row.get::<_, i64>(0));
            Ok((
                number("PRAGMA application_id")?,
                number("PRAGMA user_version")?,
                number("SELECT count(*) FROM sqlite_schema")?,
            ))
        })?;
        match (application, tables) {
            (APPLICATION, 1..) => Ok(Some(format)),
            (0, 0) => Ok(None),
            _ => Err(Error::Foreign(self.path.clone())),
        }
    }

    /// Makes the tables, unless another process just did.
    fn create(&mut self) -> Result<(), Error> {
        self.write(|transaction| {
            let tables: i64 =
                transaction
                    .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            if tables > 0 {
                return Ok(());
            }
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", FORMAT)
        })?;
        match self.format()? {
            Some(FORMAT) => Ok(()),
            _ => Err(Error::Foreign(self.path.clone())),
        }
    }
}
