//! Bloom filters: values that the predicate requires of a column and that a row group
//! certainly lacks.

use crate::layout::Layout;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_cast::cast;
use arrow_schema::{DataType, Field};
use millrace_dataset::read::Source;
use millrace_fault::Failure;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::bloom_filter::Sbbf;

/// The required values of one file's columns that have bloom filters.
pub(crate) struct Filters {
    /// Opened only if there is anything to ask.
    source: Option<Source>,
    metadata: ArrowReaderMetadata,
    /// Leaf column, and the values it would need, as the file has them.
    required: Vec<(usize, ArrayRef)>,
}

impl Filters {
    pub(crate) fn of(
        layout: &Layout,
        metadata: &ArrowReaderMetadata,
        open: impl FnOnce() -> Result<Source, Failure>,
    ) -> Result<Filters, Failure> {
        let required = layout
            .predicate
            .as_ref()
            .map(|predicate| predicate.required_values())
            .unwrap_or_default();
        let stored = required
            .into_iter()
            .filter(|(name, _)| layout.stored.index_of(name).is_ok());
        let required: Vec<(usize, ArrayRef)> = stored
            .filter_map(|(name, values)| in_file(metadata, name, &values))
            .collect();
        let source = if required.is_empty() {
            None
        } else {
            Some(open()?)
        };
        Ok(Filters {
            source,
            metadata: metadata.clone(),
            required,
        })
    }

    /// Whether no row of the row group can have what the predicate requires.
    pub(crate) fn rule_out(&self, group: usize) -> Result<bool, Failure> {
        let Some(source) = &self.source else {
            return Ok(false);
        };
        let columns = self.metadata.metadata().row_group(group);
        for (leaf, values) in &self.required {
            let filter =
                source.guarded(|| Sbbf::read_from_column_chunk(columns.column(*leaf), source))?;
            if filter.is_some_and(|filter| !contains_any(&filter, values)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The leaf of a top-level column with bloom filters, and `values` in its type. A value
/// that its type cannot hold is dropped: no row has it.
fn in_file(
    metadata: &ArrowReaderMetadata,
    name: &str,
    values: &ArrayRef,
) -> Option<(usize, ArrayRef)> {
    let field = metadata.schema().field_with_name(name).ok()?;
    let schema = metadata.parquet_schema();
    let leaf = (0..schema.num_columns())
        .find(|&leaf| schema.column(leaf).path().parts() == [name.to_owned()])?;
    let any = metadata
        .metadata()
        .row_groups()
        .iter()
        .any(|group| group.column(leaf).bloom_filter_offset().is_some());
    let values = any.then(|| stored(values, field))??;
    Some((leaf, values))
}

/// The values as the file stores them: Int32, Int64, text or bytes. None where that is
/// not simple.
fn stored(values: &ArrayRef, field: &Field) -> Option<ArrayRef> {
    let integer = |target: &DataType, physical: &DataType| {
        let there = cast(values, target).ok()?;
        cast(&there, physical).ok()
    };
    match (field.data_type(), values.data_type()) {
        (DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View, DataType::Utf8) => {
            Some(values.clone())
        }
        (DataType::Binary | DataType::LargeBinary | DataType::BinaryView, DataType::Binary) => {
            Some(values.clone())
        }
        (DataType::Dictionary(_, value), _) => stored(
            values,
            &Field::new(field.name(), value.as_ref().clone(), true),
        ),
        (to @ (DataType::Int8 | DataType::Int16 | DataType::Int32), from)
            if from.is_signed_integer() =>
        {
            integer(to, &DataType::Int32)
        }
        (DataType::Int64, from) if from.is_signed_integer() => {
            integer(&DataType::Int64, &DataType::Int64)
        }
        (DataType::Date32, DataType::Date32) => integer(&DataType::Date32, &DataType::Int32),
        (DataType::Timestamp(stored, _), DataType::Timestamp(unit, _)) if stored == unit => {
            integer(&DataType::Timestamp(*unit, None), &DataType::Int64)
        }
        _ => None,
    }
}

fn contains_any(filter: &Sbbf, values: &ArrayRef) -> bool {
    match values.data_type() {
        DataType::Int32 => values
            .as_primitive::<Int32Type>()
            .iter()
            .flatten()
            .any(|value| filter.check(&value)),
        DataType::Int64 => values
            .as_primitive::<Int64Type>()
            .iter()
            .flatten()
            .any(|value| filter.check(&value)),
        DataType::Utf8 => values
            .as_string::<i32>()
            .iter()
            .flatten()
            .any(|value| filter.check(value)),
        DataType::Binary => values
            .as_binary::<i32>()
            .iter()
            .flatten()
            .any(|value| filter.check(value)),
        _ => true,
    }
}
