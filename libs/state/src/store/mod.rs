//! The store as a file: opening, and the two kinds of access.
//!
//! One rollback journal (truncated, not deleted, so that at `synchronous=FULL` the
//! end of the journal is itself synced), one writer at a time, writers queueing at
//! `BEGIN IMMEDIATE`: safe for any number of processes on one machine, no helper
//! files left behind, and readable by someone who may not write. (A write-ahead log
//! would commit with one sync instead of four, some 15 ms less on a busy disk, but
//! needs its readers to write: a monitoring user could not look.)

mod format;
mod history;
mod marks;
mod place;
mod plans;
mod record;
mod runs;
mod units;

pub use history::Filter;
pub use place::Place;
pub use plans::{Plan, Planned};
pub use record::{Entry, Event, Mark, Outcome, State, UnitRecord};
pub use runs::{Attempt, Begun, End};

use crate::Error;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one process waits for another's transaction, each of which takes
/// milliseconds; longer means that something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open store.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens the store at `place`, which must exist.
    pub fn open(place: &Place) -> Result<Store, Error> {
        if !place.exists() {
            return Err(place.missing());
        }
        Store::connect(place.path(), OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Opens the store at `place`; None if none was named and there is none.
    pub fn open_if_any(place: &Place) -> Result<Option<Store>, Error> {
        match place.exists() || place.is_named() {
            true => Store::open(place).map(Some),
            false => Ok(None),
        }
    }

    /// Opens the store at `place`, made if it does not exist.
    pub fn open_or_create(place: &Place) -> Result<Store, Error> {
        place.prepare()?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        Store::connect(place.path(), flags)
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Store, Error> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let failed = |cause| Error::Database {
            verb: "open",
            path: path.clone(),
            cause,
        };
        let connection =
            Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
                .map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        let path = path.canonicalize().unwrap_or(path);
        let mut store = Store { connection, path };
        store.set_up()?;
        Ok(store)
    }

    fn set_up(&mut self) -> Result<(), Error> {
        self.read("open", |connection| {
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            let mode: String =
                connection.query_row("PRAGMA journal_mode = TRUNCATE", [], |row| row.get(0))?;
            debug_assert!(mode == "truncate" || mode == "wal", "{mode}");
            Ok(())
        })?;
        self.check_format()
    }

    /// Where the store is, links resolved: one path for all processes that use it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read<T>(
        &self,
        verb: &'static str,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        query(&self.connection).map_err(|cause| Error::Database {
            verb,
            path: self.path.clone(),
            cause,
        })
    }

    /// One transaction, durable when this returns.
    fn write<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Error> {
        let path = &self.path;
        self.connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .and_then(|transaction| {
                let value = change(&transaction)?;
                transaction.commit()?;
                Ok(value)
            })
            .map_err(|cause| Error::Database {
                verb: "write",
                path: path.clone(),
                cause,
            })
    }
}

#[cfg(test)]
mod tests;
