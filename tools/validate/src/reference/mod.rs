//! The tables that foreign keys refer to: `--reference NAME=PATH`.
//!
//! Parquet, Arrow (stream or file), CSV, TSV and NDJSON; a folder or a pattern means all
//! its files. Only the columns of the key are read.

mod alike;
mod read;
mod stored;

use crate::check::plain;
use crate::keys::KeySet;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use millrace_fault::{Failure, quoted};
use millrace_storage::{Location, expand};
use read::Format;
use std::str::FromStr;

/// What a reference to the table itself is called.
pub(crate) const SELF: &str = "self";

/// A named table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub(crate) name: String,
    pub(crate) path: String,
}

impl FromStr for Reference {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok(Reference {
                name: name.to_owned(),
                path: path.to_owned(),
            }),
            _ => Err(format!("'{text}' is not of the form NAME=PATH")),
        }
    }
}

/// Adds the keys of a table to `set`, whose columns have these types.
pub(crate) fn load(
    reference: &Reference,
    names: &[String],
    types: &[DataType],
    set: &mut KeySet,
) -> Result<(), Failure> {
    for location in expand(&reference.path)? {
        let format = Format::of(&location)?;
        let table = Table {
            location: &location,
            is_text: format.is_text(),
        };
        read::batches(&location, format, names, types, &mut |batch| {
            table.add(&batch, names, types, set)
        })?;
    }
    Ok(())
}

/// One file of the table.
struct Table<'a> {
    location: &'a Location,
    is_text: bool,
}

impl Table<'_> {
    fn add(
        &self,
        batch: &RecordBatch,
        names: &[String],
        types: &[DataType],
        set: &mut KeySet,
    ) -> Result<(), Failure> {
        let columns = names
            .iter()
            .zip(types)
            .map(|(name, wanted)| self.column(batch, name, wanted));
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        let probe = set.probe(&columns)?;
        for row in 0..batch.num_rows() {
            if set.contains(&probe, row) == Some(false) {
                set.insert(&probe, row);
            }
        }
        Ok(())
    }

    /// The column in the type of the stream's.
    fn column(
        &self,
        batch: &RecordBatch,
        name: &str,
        wanted: &DataType,
    ) -> Result<ArrayRef, Failure> {
        let column = batch.column_by_name(name);
        let lacks = || {
            format!(
                "{} has no column {}, which a foreign key refers to",
                self.place(),
                quoted(name)
            )
        };
        let column = plain(column.ok_or_else(|| Failure::data(lacks()))?)?;
        let found = column.data_type();
        let alike = match found {
            _ if found == wanted => return Ok(column),
            _ if self.is_text => alike::parsed(&column, wanted),
            _ if alike::are_comparable(found, wanted) => alike::exact(&column, wanted),
            _ => return Err(self.differs(name, found, wanted)),
        };
        alike.map_err(|error| self.differs(name, found, wanted).because(error.to_string()))
    }

    fn differs(&self, name: &str, found: &DataType, wanted: &DataType) -> Failure {
        let column = quoted(name);
        Failure::data(format!(
            "column {column} of {} is of Arrow type {found}, the stream's of {wanted}",
            self.place()
        ))
    }

    fn place(&self) -> String {
        quoted(self.location.path().to_string_lossy())
    }
}
