//! What a Parquet file says of itself: rows, and the units that wrote them.

use super::Error;
use crate::provenance;
use arrow_schema::{Schema, SchemaRef};
use millrace_fault::{guarded, quoted};
use millrace_storage::{ReadAt, open_read_at};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::errors::ParquetError;
use parquet::file::FOOTER_SIZE;
use parquet::file::metadata::{FooterTail, ParquetMetaData, ParquetMetaDataReader};
use std::path::Path;
use std::sync::Arc;

/// The key under which a file carries the units whose rows it holds: a JSON array of
/// names. A compacted file carries those of all its inputs.
pub const UNITS_KEY: &str = "millrace.units";

/// A file's own account.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// Empty when the file names none.
    pub(crate) units: Vec<String>,
}

/// Reads the footer of the file at `path`.
pub(crate) fn read(path: &Path) -> Result<Footer, Error> {
    let source = open_read_at(&path.into())?;
    let metadata = metadata(source.as_ref(), path)?;
    let file = metadata.file_metadata();
    let damaged = || {
        Error::data(format!(
            "{} claims a negative number of rows",
            quoted(path.to_string_lossy())
        ))
    };
    let rows = u64::try_from(file.num_rows()).map_err(|_| damaged())?;
    let units = provenance::units(file)
        .map_err(|error| Error::data(format!("{}: {error}", quoted(path.to_string_lossy()))))?;
    Ok(Footer {
        rows,
        bytes: source.len(),
        units,
    })
}

/// The Arrow schema of the file at `path`.
pub(crate) fn schema(path: &Path) -> Result<SchemaRef, Error> {
    let source = open_read_at(&path.into())?;
    let metadata = metadata(source.as_ref(), path)?;
    let file = metadata.file_metadata();
    let schema: Result<Schema, ParquetError> =
        parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata());
    schema.map(Arc::new).map_err(|error| Error::Parquet {
        path: path.to_owned(),
        source: error,
    })
}

fn metadata(source: &dyn ReadAt, path: &Path) -> Result<ParquetMetaData, Error> {
    let bad = |error: ParquetError| Error::Parquet {
        path: path.to_owned(),
        source: error,
    };
    let tail_size = FOOTER_SIZE as u64;
    let Some(tail_at) = source.len().checked_sub(tail_size) else {
        return Err(bad(ParquetError::General(
            "too short for a Parquet file".to_owned(),
        )));
    };
    let tail = source.read_at(tail_at, FOOTER_SIZE)?;
    let tail = FooterTail::try_from(tail.as_ref()).map_err(bad)?;
    let length = tail.metadata_length() as u64;
    let Some(at) = tail_at.checked_sub(length) else {
        return Err(bad(ParquetError::General(
            "its footer is longer than the file".to_owned(),
        )));
    };
    let text = source.read_at(at, tail.metadata_length())?;
    let decoded = guarded("the footer", || {
        Ok(ParquetMetaDataReader::decode_metadata(&text))
    });
    decoded
        .map_err(|failure| bad(ParquetError::General(failure.to_string())))?
        .map_err(bad)
}
