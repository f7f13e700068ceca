//! A file's columns as the stream's: matched by name, of the same type or one that the
//! stream's holds without loss.

use super::Target;
use crate::args::ExtraOption;
use crate::plan::Plan;
use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Schema, SchemaRef};
use millrace_fault::{Failure, quoted};
use millrace_schema::FieldsMatch;

/// How to make the stream's batches of a file's.
pub(crate) struct Conform {
    file: String,
    schema: SchemaRef,
    /// For each column of the stream: its index among the columns read, None where the
    /// file lacks it.
    sources: Vec<Option<usize>>,
    /// The file's columns that are read, in the file's order.
    columns: Vec<usize>,
}

impl Conform {
    pub(crate) fn new(
        plan: &Plan,
        file: &str,
        found: &Schema,
        target: &Target,
    ) -> Result<Conform, Failure> {
        let mut indices = Vec::new();
        for field in target.schema.fields() {
            let index = position(file, found, field.name())?;
            match index.map(|index| found.field(index).data_type()) {
                None if may_lack(plan) => {}
                None => {
                    let name = quoted(field.name());
                    return Err(Failure::data(format!(
                        "{} lacks the column {name} of {}",
                        quoted(file),
                        target.origin
                    )));
                }
                Some(have) if widens(have, field.data_type()) => {}
                Some(have) => {
                    return Err(mismatch(
                        file,
                        field.name(),
                        have,
                        field.data_type(),
                        target,
                    ));
                }
            }
            indices.push(index);
        }
        let mut columns: Vec<usize> = indices.iter().flatten().copied().collect();
        columns.sort_unstable();
        let place = |index: usize| columns.iter().position(|column| *column == index);
        let sources = indices
            .into_iter()
            .map(|index| index.and_then(place))
            .collect();
        Ok(Conform {
            file: file.to_owned(),
            schema: SchemaRef::clone(&target.schema),
            sources,
            columns,
        })
    }

    /// The file's columns that are to be read.
    pub(crate) fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// A batch of the columns read, as one of the stream's.
    pub(crate) fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, Failure> {
        let rows = batch.num_rows();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.sources.len());
        for (source, field) in self.sources.iter().zip(self.schema.fields()) {
            columns.push(match source.map(|index| batch.column(index)) {
                None => new_null_array(field.data_type(), rows),
                Some(array) if array.data_type() == field.data_type() => ArrayRef::clone(array),
                Some(array) => self.cast(array, field.name(), field.data_type())?,
            });
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), columns, &options)
            .map_err(|error| {
                Failure::data(format!("cannot read {}", quoted(&self.file))).because(error)
            })
    }

    fn cast(&self, array: &ArrayRef, name: &str, to: &DataType) -> Result<ArrayRef, Failure> {
        let options = CastOptions {
            safe: false,
            ..CastOptions::default()
        };
        cast_with_options(array, to, &options).map_err(|error| {
            Failure::data(format!(
                "cannot read column {} of {} as {to}",
                quoted(name),
                quoted(&self.file)
            ))
            .because(error)
        })
    }
}

/// The column of this name, which must be the only one.
fn position(file: &str, found: &Schema, name: &str) -> Result<Option<usize>, Failure> {
    let mut named = found
        .fields()
        .iter()
        .enumerate()
        .filter(|(_, field)| field.name() == name);
    match (named.next(), named.next()) {
        (Some(_), Some(_)) => Err(Failure::data(format!(
            "{} has two columns {}",
            quoted(file),
            quoted(name)
        ))),
        (first, _) => Ok(first.map(|(index, _)| index)),
    }
}

/// Whether a file may lack columns, which are null then.
fn may_lack(plan: &Plan) -> bool {
    let matched = plan.schema.as_ref().and_then(|schema| schema.fields_match);
    matches!(matched, Some(FieldsMatch::Superset | FieldsMatch::Partial))
}

/// Names of columns that the stream does not have, and that are to be told.
pub(super) fn extra(
    plan: &Plan,
    file: &str,
    found: &Schema,
    target: &Target,
) -> Result<Vec<String>, Failure> {
    let known = |name: &str| match &plan.schema {
        Some(schema) => schema.field(name).is_some(),
        // Without a schema the first file is one, whatever is selected of it.
        None => plan.select.is_some() || target.schema.field_with_name(name).is_ok(),
    };
    let names = found.fields().iter().map(|field| field.name());
    let extra: Vec<String> = names.filter(|name| !known(name)).cloned().collect();
    match (plan.extra_fields, extra.first()) {
        (ExtraOption::Ignore, _) => Ok(Vec::new()),
        (ExtraOption::Refuse, Some(name)) => Err(Failure::data(format!(
            "{} has a column {} that {} lacks",
            quoted(file),
            quoted(name),
            target.origin
        ))),
        _ => Ok(extra),
    }
}

fn mismatch(file: &str, name: &str, have: &DataType, want: &DataType, target: &Target) -> Failure {
    let (name, file) = (quoted(name), quoted(file));
    Failure::data(format!(
        "column {name} of {file} is {have}, that of {} is {want}",
        target.origin
    ))
}

/// Whether every value of `from` is one of `to`.
fn widens(from: &DataType, to: &DataType) -> bool {
    use DataType as T;
    if from == to || *from == T::Null {
        return true;
    }
    match (from, to) {
        (T::Dictionary(_, values), _) => widens(values, to),
        (T::Utf8 | T::LargeUtf8 | T::Utf8View, T::Utf8 | T::LargeUtf8 | T::Utf8View) => true,
        (
            T::Binary | T::LargeBinary | T::BinaryView,
            T::Binary | T::LargeBinary | T::BinaryView,
        ) => true,
        (T::Float32, T::Float64) | (T::Date32, T::Date64) => true,
        (T::Timestamp(fine, a), T::Timestamp(finer, b)) => {
            fine <= finer && a.is_some() == b.is_some()
        }
        (T::Time32(fine) | T::Time64(fine), T::Time32(finer) | T::Time64(finer)) => fine <= finer,
        (T::Duration(fine), T::Duration(finer)) => fine <= finer,
        (T::Decimal128(p, s), T::Decimal128(q, r)) => {
            s <= r && i16::from(*p) - i16::from(*s) <= i16::from(*q) - i16::from(*r)
        }
        (T::List(a) | T::LargeList(a), T::List(b) | T::LargeList(b)) => {
            widens(a.data_type(), b.data_type())
        }
        (T::Struct(a), T::Struct(b)) => {
            let alike = |(a, b): (&arrow_schema::FieldRef, &arrow_schema::FieldRef)| {
                a.name() == b.name() && widens(a.data_type(), b.data_type())
            };
            a.len() == b.len() && a.iter().zip(b).all(alike)
        }
        _ => integer_widens(from, to),
    }
}

fn integer_widens(from: &DataType, to: &DataType) -> bool {
    let Some((signed, bits, digits)) = integer(from) else {
        return false;
    };
    match to {
        DataType::Float32 => bits <= 16,
        DataType::Float64 => bits <= 32,
        DataType::Decimal128(precision, scale) => {
            i16::from(*precision) - i16::from(*scale) >= digits
        }
        _ => integer(to).is_some_and(|(to_signed, to_bits, _)| match (signed, to_signed) {
            (false, true) => bits < to_bits,
            (true, false) => false,
            _ => bits <= to_bits,
        }),
    }
}

/// Whether signed, bits, and decimal digits of the longest value.
fn integer(data_type: &DataType) -> Option<(bool, u8, i16)> {
    match data_type {
        DataType::Int8 => Some((true, 8, 3)),
        DataType::Int16 => Some((true, 16, 5)),
        DataType::Int32 => Some((true, 32, 10)),
        DataType::Int64 => Some((true, 64, 19)),
        DataType::UInt8 => Some((false, 8, 3)),
        DataType::UInt16 => Some((false, 16, 5)),
        DataType::UInt32 => Some((false, 32, 10)),
        DataType::UInt64 => Some((false, 64, 20)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_schema::TimeUnit;

    #[test]
    fn only_types_that_hold_every_value_widen() {
        use DataType as T;
        let micros = T::Timestamp(TimeUnit::Microsecond, None);
        for (from, to, expected) in [
            (T::Int32, T::Int64, true),
            (T::Int64, T::Int32, false),
            (T::UInt32, T::Int64, true),
            (T::UInt64, T::Int64, false),
            (T::Int64, T::UInt64, false),
            (T::Int32, T::Float64, true),
            (T::Int64, T::Float64, false),
            (T::Int64, T::Decimal128(20, 1), true),
            (T::Int64, T::Decimal128(20, 2), false),
            (T::Decimal128(10, 2), T::Decimal128(12, 4), true),
            (T::Decimal128(10, 2), T::Decimal128(11, 4), false),
            (T::Float64, T::Float32, false),
            (T::Utf8View, T::Utf8, true),
            (T::Utf8, T::Int64, false),
            (T::Null, T::Int64, true),
            (T::Dictionary(T::Int8.into(), T::Utf8.into()), T::Utf8, true),
            (
                T::Timestamp(TimeUnit::Millisecond, None),
                micros.clone(),
                true,
            ),
            (
                T::Timestamp(TimeUnit::Nanosecond, None),
                micros.clone(),
                false,
            ),
            (
                T::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                micros,
                false,
            ),
        ] {
            assert_eq!(widens(&from, &to), expected, "{from} {to}");
        }
    }
}
