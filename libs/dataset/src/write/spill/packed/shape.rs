//! What the parts of an array are, by its type.

use arrow_schema::{DataType, Schema};

/// The parts of an array beside its validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing.
    Null,
    /// Bits.
    Bits,
    /// Values of so many bytes each.
    Fixed(usize),
    /// Whole numbers of 4, 8 or 16 bytes.
    Whole(usize),
    /// Lengths, then bytes; offsets of eight bytes in memory or of four.
    Bytes { large: bool },
    /// Lengths, then an array of items.
    List { large: bool },
    /// An array of so many items for each row.
    FixedList(usize),
    /// An array for each field.
    Struct,
}

impl Shape {
    /// The shape of arrays of `data_type`, unless they lie in memory in another way.
    pub(super) fn of(data_type: &DataType) -> Option<Shape> {
        use DataType as D;
        Some(match data_type {
            D::Null => Shape::Null,
            D::Boolean => Shape::Bits,
            D::FixedSizeBinary(size) => Shape::Fixed(usize::try_from(*size).ok()?),
            D::Utf8 | D::Binary => Shape::Bytes { large: false },
            D::LargeUtf8 | D::LargeBinary => Shape::Bytes { large: true },
            D::List(_) | D::Map(_, _) => Shape::List { large: false },
            D::LargeList(_) => Shape::List { large: true },
            D::FixedSizeList(_, size) => Shape::FixedList(usize::try_from(*size).ok()?),
            D::Struct(_) => Shape::Struct,
            D::Float32 | D::Float64 | D::Interval(_) => Shape::Fixed(data_type.primitive_width()?),
            _ => match data_type.primitive_width()? {
                size @ (4 | 8 | 16) => Shape::Whole(size),
                size => Shape::Fixed(size),
            },
        })
    }
}

/// Whether rows of `schema` have only columns that can be packed.
pub(in crate::write::spill) fn holds(schema: &Schema) -> bool {
    schema
        .fields()
        .iter()
        .all(|field| is_packed(field.data_type()))
}

fn is_packed(data_type: &DataType) -> bool {
    Shape::of(data_type).is_some() && items(data_type).iter().all(|item| is_packed(item))
}

/// The types of the arrays within one of `data_type`.
pub(super) fn items(data_type: &DataType) -> Vec<&DataType> {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => vec![item.data_type()],
        DataType::Struct(fields) => fields.iter().map(|field| field.data_type()).collect(),
        _ => Vec::new(),
    }
}
