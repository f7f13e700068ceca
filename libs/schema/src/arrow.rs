//! Table Schema ⇄ Arrow schema.

use crate::{Field, Kind, TableSchema, arrow_type};
use arrow_schema::{DataType, Schema, SchemaRef};
use std::sync::Arc;

impl TableSchema {
    /// The Arrow schema of the rows: one nullable column per field.
    pub fn to_arrow(&self) -> SchemaRef {
        let fields: Vec<arrow_schema::Field> = self.fields.iter().map(Field::to_arrow).collect();
        Arc::new(Schema::new(fields))
    }

    /// The Table Schema that describes an Arrow schema. Types that Table Schema has no
    /// name for become `any`.
    pub fn from_arrow(schema: &Schema) -> Self {
        TableSchema::of(
            schema
                .fields()
                .iter()
                .map(|field| from_arrow(field))
                .collect(),
        )
    }
}

impl Field {
    /// The Arrow column of this field.
    pub fn to_arrow(&self) -> arrow_schema::Field {
        arrow_schema::Field::new(&self.name, self.arrow_type.clone(), true)
    }
}

fn from_arrow(arrow: &arrow_schema::Field) -> Field {
    let kind = kind(arrow.data_type());
    let mut field = Field::new(arrow.name(), kind);
    if arrow_type::print(arrow.data_type()).is_some() && field.kind.allows(arrow.data_type()) {
        field.arrow_type = arrow.data_type().clone();
    }
    field.constraints.required = !arrow.is_nullable();
    field
}

fn kind(arrow: &DataType) -> Kind {
    use DataType as T;
    match arrow {
        T::Float16 | T::Float32 | T::Float64 => Kind::Number,
        T::Decimal128(precision, scale) if *scale >= 0 && *scale as u8 <= *precision => {
            Kind::Decimal {
                precision: *precision,
                scale: *scale,
            }
        }
        _ if arrow.is_integer() => Kind::Integer,
        T::Utf8 | T::LargeUtf8 | T::Utf8View => Kind::String,
        T::Boolean => Kind::Boolean,
        T::Date32 | T::Date64 => Kind::Date,
        T::Timestamp(..) => Kind::Datetime,
        T::Time32(_) | T::Time64(_) => Kind::Time,
        T::Duration(_) => Kind::Duration,
        T::Struct(fields) => Kind::Object(fields.iter().map(|field| from_arrow(field)).collect()),
        T::List(item)
        | T::LargeList(item)
        | T::ListView(item)
        | T::LargeListView(item)
        | T::FixedSizeList(item, _) => Kind::Array(Box::new(Field {
            name: "item".to_owned(),
            ..from_arrow(item)
        })),
        T::Dictionary(_, values) => kind(values),
        T::RunEndEncoded(_, values) => kind(values.data_type()),
        _ => Kind::Any,
    }
}
