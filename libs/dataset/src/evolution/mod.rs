//! Files of one dataset whose schemas differ: columns are matched by name, may come in
//! any order or be missing (null then), and widen where that loses nothing. Anything
//! else is refused, naming both files.

mod adapt;

pub use self::adapt::{adapt, adapt_batch, adapt_batch_keyed};

use arrow_schema::extension::{EXTENSION_TYPE_METADATA_KEY, EXTENSION_TYPE_NAME_KEY};
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use millrace_fault::{Coded, Exit, quoted};
use std::sync::Arc;

/// Two files whose column cannot be one.
#[derive(Debug, thiserror::Error)]
#[error("column {} is {first_type} in {} but {second_type} in {}", quoted(.column), quoted(.first), quoted(.second))]
pub struct Conflict {
    /// The column.
    pub column: String,
    /// The file that has it first.
    pub first: String,
    /// Its type there.
    pub first_type: String,
    /// The file that does not fit.
    pub second: String,
    /// Its type there.
    pub second_type: String,
}

impl Coded for Conflict {
    fn exit(&self) -> Exit {
        Exit::DATA
    }

    fn hint(&self) -> Option<String> {
        Some("rewrite one of them with a type that holds both".to_owned())
    }
}

/// The schema that files have in common so far.
#[derive(Debug, Default)]
pub struct Evolution {
    columns: Vec<Column>,
    files: usize,
}

#[derive(Debug)]
struct Column {
    field: FieldRef,
    /// The file that had it first.
    from: String,
    /// How many files have it.
    seen: usize,
}

impl Evolution {
    /// Adds a file's schema: its new columns after the ones known.
    pub fn add(&mut self, file: &str, schema: &Schema) -> Result<(), Conflict> {
        self.files += 1;
        for field in schema.fields() {
            match self
                .columns
                .iter_mut()
                .find(|column| column.field.name() == field.name())
            {
                Some(column) => column.meet(file, field)?,
                None => self.columns.push(Column {
                    field: field.clone(),
                    from: file.to_owned(),
                    seen: 1,
                }),
            }
        }
        Ok(())
    }

    /// The common schema. A column that a file lacks is nullable.
    pub fn schema(&self) -> SchemaRef {
        let field = |column: &Column| match column.seen < self.files && !column.field.is_nullable()
        {
            true => Arc::new(column.field.as_ref().clone().with_nullable(true)),
            false => column.field.clone(),
        };
        Arc::new(Schema::new(
            self.columns.iter().map(field).collect::<Fields>(),
        ))
    }
}

impl Column {
    fn meet(&mut self, file: &str, field: &FieldRef) -> Result<(), Conflict> {
        self.seen += 1;
        if self.field == *field {
            return Ok(());
        }
        let data_type =
            widened(self.field.data_type(), field.data_type()).ok_or_else(|| Conflict {
                column: field.name().clone(),
                first: self.from.clone(),
                first_type: self.field.data_type().to_string(),
                second: file.to_owned(),
                second_type: field.data_type().to_string(),
            })?;
        self.field = together(&self.field, field, data_type);
        Ok(())
    }
}

/// The type that holds every value of both, if there is one.
pub fn widened(a: &DataType, b: &DataType) -> Option<DataType> {
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        (DataType::Null, other) | (other, DataType::Null) => Some(other.clone()),
        (DataType::Dictionary(_, value), other) | (other, DataType::Dictionary(_, value)) => {
            widened(value, other)
        }
        (DataType::Struct(a), DataType::Struct(b)) => fields(a, b).map(DataType::Struct),
        (DataType::List(a), DataType::List(b)) => item(a, b).map(DataType::List),
        (DataType::LargeList(a), DataType::LargeList(b)) => item(a, b).map(DataType::LargeList),
        (DataType::FixedSizeList(a, n), DataType::FixedSizeList(b, m)) if n == m => {
            item(a, b).map(|item| DataType::FixedSizeList(item, *n))
        }
        (DataType::Timestamp(a, zone), DataType::Timestamp(b, other)) if zone == other => {
            Some(DataType::Timestamp(*a.max(b), zone.clone()))
        }
        _ if a.is_numeric() && b.is_numeric() => number(a, b),
        _ if is_text(a) && is_text(b) => Some(DataType::Utf8),
        _ if is_binary(a) && is_binary(b) => Some(DataType::Binary),
        _ => None,
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

fn is_binary(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView
    )
}

fn item(a: &FieldRef, b: &FieldRef) -> Option<FieldRef> {
    let data_type = widened(a.data_type(), b.data_type())?;
    Some(together(a, b, data_type))
}

/// The field of the values of both. Of an extension type, as a UUID or JSON is, only if both
/// are: else some values may be anything.
fn together(a: &Field, b: &Field, data_type: DataType) -> FieldRef {
    let extension = |field: &Field| {
        let name = field.extension_type_name().map(str::to_owned);
        (name, field.extension_type_metadata().map(str::to_owned))
    };
    let mut metadata = a.metadata().clone();
    if extension(a) != extension(b) {
        metadata.remove(EXTENSION_TYPE_NAME_KEY);
        metadata.remove(EXTENSION_TYPE_METADATA_KEY);
    }
    let nullable = a.is_nullable() || b.is_nullable();
    let field = a.clone().with_data_type(data_type).with_nullable(nullable);
    Arc::new(field.with_metadata(metadata))
}

/// The fields of both, by name; one that a side lacks is nullable.
fn fields(a: &Fields, b: &Fields) -> Option<Fields> {
    let optional = |field: &FieldRef| Arc::new(field.as_ref().clone().with_nullable(true));
    let mut merged: Vec<FieldRef> = Vec::with_capacity(a.len());
    for field in a {
        merged.push(match b.find(field.name()) {
            Some((_, other)) => item(field, other)?,
            None => optional(field),
        });
    }
    merged.extend(
        b.iter()
            .filter(|field| a.find(field.name()).is_none())
            .map(optional),
    );
    Some(merged.into())
}

/// Integers to wider ones (a signed one that holds an unsigned), small integers and
/// floats to double, decimals to more digits.
fn number(a: &DataType, b: &DataType) -> Option<DataType> {
    if let (Some(a), Some(b)) = (decimal(a), decimal(b)) {
        let scale = a.1.max(b.1);
        let whole = (i16::from(a.0) - i16::from(a.1)).max(i16::from(b.0) - i16::from(b.1));
        return match whole + i16::from(scale) {
            precision @ 1..=38 => Some(DataType::Decimal128(precision as u8, scale)),
            precision @ 39..=76 => Some(DataType::Decimal256(precision as u8, scale)),
            _ => None,
        };
    }
    let (a_bits, b_bits) = (bits(a)?, bits(b)?);
    match (a_bits, b_bits) {
        (Bits::Signed(a), Bits::Signed(b)) => signed(a.max(b)),
        (Bits::Unsigned(a), Bits::Unsigned(b)) => unsigned(a.max(b)),
        (Bits::Signed(s), Bits::Unsigned(u)) | (Bits::Unsigned(u), Bits::Signed(s)) => {
            signed(s.max(2 * u))
        }
        (Bits::Float(a), Bits::Float(b)) => float(a.max(b)),
        (Bits::Float(_), Bits::Signed(n) | Bits::Unsigned(n))
        | (Bits::Signed(n) | Bits::Unsigned(n), Bits::Float(_)) => {
            (n <= 32).then_some(DataType::Float64)
        }
    }
}

enum Bits {
    Signed(u8),
    Unsigned(u8),
    Float(u8),
}

fn bits(data_type: &DataType) -> Option<Bits> {
    let size = (data_type.primitive_width()? * 8) as u8;
    match data_type {
        other if other.is_signed_integer() => Some(Bits::Signed(size)),
        other if other.is_unsigned_integer() => Some(Bits::Unsigned(size)),
        other if other.is_floating() => Some(Bits::Float(size)),
        _ => None,
    }
}

fn signed(bits: u8) -> Option<DataType> {
    match bits {
        8 => Some(DataType::Int8),
        16 => Some(DataType::Int16),
        32 => Some(DataType::Int32),
        64 => Some(DataType::Int64),
        _ => None,
    }
}

fn unsigned(bits: u8) -> Option<DataType> {
    match bits {
        8 => Some(DataType::UInt8),
        16 => Some(DataType::UInt16),
        32 => Some(DataType::UInt32),
        64 => Some(DataType::UInt64),
        _ => None,
    }
}

fn float(bits: u8) -> Option<DataType> {
    match bits {
        16 => Some(DataType::Float16),
        32 => Some(DataType::Float32),
        _ => Some(DataType::Float64),
    }
}

fn decimal(data_type: &DataType) -> Option<(u8, i8)> {
    match data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => Some((*precision, *scale)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use arrow_array::types::Int64Type;
    use arrow_array::{Array, ArrayRef, Int32Array, ListArray, RecordBatch, StructArray};
    use arrow_schema::TimeUnit;
    use arrow_schema::extension::Uuid;

    #[test]
    fn what_widens() {
        use DataType::*;
        for (a, b, expected) in [
            (Int8, Int64, Some(Int64)),
            (UInt8, Int8, Some(Int16)),
            (UInt32, Int8, Some(Int64)),
            (UInt64, Int8, None),
            (Float32, Float64, Some(Float64)),
            (Int32, Float32, Some(Float64)),
            (Int64, Float64, None),
            (Decimal128(5, 2), Decimal128(10, 1), Some(Decimal128(11, 2))),
            (Utf8, Utf8View, Some(Utf8)),
            (Utf8, Int32, None),
            (Null, Date32, Some(Date32)),
            (
                Timestamp(TimeUnit::Millisecond, None),
                Timestamp(TimeUnit::Microsecond, None),
                Some(Timestamp(TimeUnit::Microsecond, None)),
            ),
            (
                Timestamp(TimeUnit::Microsecond, None),
                Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                None,
            ),
            (Date32, Timestamp(TimeUnit::Microsecond, None), None),
        ] {
            assert_eq!(widened(&a, &b), expected, "{a} {b}");
            assert_eq!(widened(&b, &a), expected, "{b} {a}");
        }
    }

    #[test]
    fn schemas_merge_by_name_and_batches_follow() {
        let field = |name: &str, data_type, nullable| Field::new(name, data_type, nullable);
        let inner = |fields: Vec<Field>| DataType::Struct(fields.into());
        let old = Schema::new(vec![
            field("a", DataType::Int32, false),
            field("s", inner(vec![field("x", DataType::Int32, true)]), true),
        ]);
        let new = Schema::new(vec![
            field("b", DataType::Utf8, false),
            field(
                "s",
                inner(vec![
                    field("y", DataType::Utf8, true),
                    field("x", DataType::Int64, true),
                ]),
                true,
            ),
            field("a", DataType::Int64, false),
        ]);
        let mut evolution = Evolution::default();
        evolution.add("old", &old).unwrap();
        evolution.add("new", &new).unwrap();
        let schema = evolution.schema();
        let names: Vec<&str> = schema
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        assert_eq!(names, ["a", "s", "b"]);
        assert_eq!(
            (schema.field(0).data_type(), schema.field(0).is_nullable()),
            (&DataType::Int64, false)
        );
        assert!(schema.field(2).is_nullable());

        let DataType::Struct(fields) = old.field(1).data_type() else {
            panic!()
        };
        let nested = StructArray::new(
            fields.clone(),
            vec![Arc::new(Int32Array::from(vec![7, 8]))],
            Some(vec![true, false].into()),
        );
        let batch = RecordBatch::try_new(
            Arc::new(old),
            vec![Arc::new(Int32Array::from(vec![1, 2])), Arc::new(nested)],
        )
        .unwrap();
        let adapted = adapt_batch(&batch, &schema).unwrap();
        assert_eq!(
            adapted.column(0).as_primitive::<Int64Type>().values(),
            &[1, 2]
        );
        let nested = adapted.column(1).as_struct();
        assert_eq!(nested.column(0).as_primitive::<Int64Type>().value(0), 7);
        assert!(nested.is_null(1) && nested.column(1).is_null(0));
        assert_eq!(adapted.column(2).null_count(), 2);
    }

    #[test]
    fn lists_widen_their_items() {
        let list: ArrayRef = Arc::new(ListArray::from_iter_primitive::<
            arrow_array::types::Int32Type,
            _,
            _,
        >([Some(vec![Some(1)]), None]));
        let target = DataType::new_list(DataType::Int64, true);
        assert_eq!(adapt(&list, &target).unwrap().data_type(), &target);
        assert_eq!(widened(list.data_type(), &target), Some(target));
    }

    #[test]
    fn a_conflict_names_both_files() {
        let mut evolution = Evolution::default();
        evolution
            .add(
                "p=1/a.parquet",
                &Schema::new(vec![Field::new("x", DataType::Utf8, true)]),
            )
            .unwrap();
        let error = evolution
            .add(
                "p=2/b.parquet",
                &Schema::new(vec![Field::new("x", DataType::Int32, true)]),
            )
            .unwrap_err();
        assert_eq!(error.exit(), Exit::DATA);
        assert_eq!(
            error.to_string(),
            "column 'x' is Utf8 in 'p=1/a.parquet' but Int32 in 'p=2/b.parquet'"
        );
    }

    #[test]
    fn an_extension_type_is_that_of_all_files() {
        let plain = Field::new("x", DataType::FixedSizeBinary(16), false);
        let uuid = plain.clone().with_extension_type(Uuid);
        let inside =
            |field: &Field| Field::new("s", DataType::Struct(vec![field.clone()].into()), false);
        let of = |files: [&Field; 2]| {
            let mut evolution = Evolution::default();
            for field in files {
                let fields = vec![field.clone(), inside(field)];
                evolution.add("", &Schema::new(fields)).unwrap();
            }
            evolution.schema()
        };
        for (files, expected) in [
            ([&uuid, &uuid], &uuid),
            ([&uuid, &plain], &plain),
            ([&plain, &uuid], &plain),
        ] {
            let schema = of(files);
            assert_eq!(schema.field(0), expected);
            assert_eq!(schema.field(1), &inside(expected));
        }
    }
}
