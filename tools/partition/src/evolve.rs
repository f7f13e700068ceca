//! `--schema-change`: a stream whose columns are not those that the dataset records.
//!
//! | | refuse | widen | replace |
//! |---|---|---|---|
//! | a further column | 3 | recorded too | the stream's columns are recorded |
//! | a column missing | 3 | stays recorded, null in these rows | 〃 |
//! | a wider or narrower type | 3 | the wider one is recorded and written | 〃 |
//! | any other type | 3 | 3 | 〃 |
//!
//! Whatever is recorded anew is compared with the files that stay, in the transaction: those
//! that no reader could unite with the new ones are refused (3).

use crate::args::SchemaChange;
use crate::dataset::misfit;
use arrow_schema::{DataType, FieldRef, Fields, Schema, SchemaRef};
use millrace_dataset::evolution::widened;
use millrace_dataset::root::Root;
use millrace_dataset::spec::{self, Bound, Transform};
use millrace_dataset::state::DatasetDescription;
use millrace_dataset::tx::Unite;
use millrace_fault::{Failure, quoted};
use millrace_schema::{Field, Kind, TableSchema};
use serde_json::Value;
use std::sync::Arc;

/// What goes into the files, and what is recorded.
#[derive(Clone)]
pub(crate) struct Layout {
    /// Columns of the stream, in the files' order.
    pub(crate) columns: Vec<usize>,
    /// The files' schema: rows are cast to it.
    pub(crate) files: SchemaRef,
    pub(crate) description: DatasetDescription,
    /// Set where something else is recorded than before.
    pub(crate) unite: Option<Unite>,
}

impl Layout {
    /// Fits the layout, made of the stream alone, to what is recorded.
    pub(crate) fn fit(
        self,
        change: SchemaChange,
        root: &Root,
        recorded: Option<&DatasetDescription>,
        bound: &Bound,
    ) -> Result<Layout, Failure> {
        let Some(recorded) = recorded.filter(|recorded| recorded.schema.is_object()) else {
            return Ok(self);
        };
        let now = &self.description;
        if recorded.schema == now.schema && recorded.spec == now.spec {
            return Ok(self);
        }
        let mut fitted = match change {
            SchemaChange::Refuse => return Err(misfit(root, recorded, now)),
            SchemaChange::Replace => self,
            SchemaChange::Widen => widen(self, root, recorded, bound)?,
        };
        let path = spec::recorded(&fitted.description.spec)
            .map(|(_, fields)| fields)
            .unwrap_or_default();
        let changed = fitted.description.schema != recorded.schema
            || fitted.description.spec != recorded.spec;
        fitted.unite = changed.then(|| Unite {
            schema: fitted.files.clone(),
            path,
        });
        Ok(fitted)
    }
}

/// The union by name: recorded columns first, in their order.
fn widen(
    layout: Layout,
    root: &Root,
    recorded: &DatasetDescription,
    bound: &Bound,
) -> Result<Layout, Failure> {
    let refused = |text: String| {
        Failure::data(format!(
            "the stream does not fit dataset {}: {text}",
            quoted(root.shown())
        ))
        .hint("give the column a type that holds both (transform), or write another dataset")
    };
    let (then, now) = (parse(&recorded.schema)?, parse(&layout.description.schema)?);
    let mut union = Union::default();
    for old in &then.fields {
        match now.fields.iter().position(|new| new.name == old.name) {
            None => union.recorded.push(old.clone()),
            Some(at) => {
                let stream = &layout.files.fields()[at];
                let met = meet(old, &now.fields[at], stream, bound).map_err(refused)?;
                union.take(met, layout.columns[at]);
            }
        }
    }
    for (at, new) in now.fields.iter().enumerate() {
        if then.field(&new.name).is_none() {
            let met = (new.clone(), layout.files.fields()[at].clone());
            union.take(met, layout.columns[at]);
        }
    }
    let mut description = layout.description.clone();
    description.schema = to_value(&TableSchema::of(union.recorded))?;
    description.spec = path_types(&recorded.spec, bound).map_err(refused)?;
    Ok(Layout {
        columns: union.columns,
        files: Arc::new(Schema::new(union.files)),
        description,
        unite: None,
    })
}

#[derive(Default)]
struct Union {
    recorded: Vec<Field>,
    columns: Vec<usize>,
    files: Vec<FieldRef>,
}

impl Union {
    fn take(&mut self, (recorded, file): (Field, FieldRef), column: usize) {
        self.recorded.push(recorded);
        self.files.push(file);
        self.columns.push(column);
    }
}

/// One column as it is recorded and as it was found in the stream: what to record and
/// what to write, or why not.
fn meet(
    old: &Field,
    new: &Field,
    stream: &FieldRef,
    bound: &Bound,
) -> Result<(Field, FieldRef), String> {
    if old == new {
        return Ok((old.clone(), stream.clone()));
    }
    let conflict = || {
        format!(
            "column {} is {}, recorded is {}",
            quoted(&old.name),
            shown(new, stream.data_type()),
            shown(old, &old.arrow_type)
        )
    };
    // What has no name in a Table Schema is recorded without its exact type.
    if matches!(old.kind, Kind::Any) || matches!(new.kind, Kind::Any) {
        return Err(conflict());
    }
    let wide = widened(&old.arrow_type, stream.data_type()).ok_or_else(conflict)?;
    let feeds_path = |item: &millrace_dataset::spec::BoundItem| item.item.column == old.name;
    if bound.items.iter().any(feeds_path) && !same_places(stream.data_type(), &old.arrow_type) {
        return Err(format!("{}, and partitions depend on it", conflict()));
    }
    let file = Arc::new(stream.as_ref().clone().with_data_type(wide));
    let nullable = file.as_ref().clone().with_nullable(true);
    let field = TableSchema::from_arrow(&Schema::new(vec![nullable]))
        .fields
        .pop();
    Ok((field.ok_or_else(conflict)?, file))
}

fn shown(field: &Field, arrow: &DataType) -> String {
    match field.kind {
        Kind::Any => "any".to_owned(),
        _ => arrow.to_string(),
    }
}

/// Values keep their text and their hash when a type widens, but not decimals whose scale
/// changes.
fn same_places(a: &DataType, b: &DataType) -> bool {
    match (a, b) {
        (DataType::Decimal128(_, a), DataType::Decimal128(_, b)) => a == b,
        (DataType::Decimal128(..), _) | (_, DataType::Decimal128(..)) => false,
        _ => true,
    }
}

/// The spec as it is recorded, with columns of the path widened where the stream's differ.
fn path_types(recorded: &Value, bound: &Bound) -> Result<Value, String> {
    let now = bound.to_json();
    if *recorded == now {
        return Ok(now);
    }
    let then = spec::recorded(recorded)
        .map(|(_, fields)| fields)
        .unwrap_or_default();
    let found = bound.fields();
    let mut wide: Vec<DataType> = Vec::with_capacity(found.len());
    for (field, item) in found.iter().zip(&bound.items) {
        wide.push(path_type(field, &then, item.item.transform)?);
    }
    let mut spec = now;
    for (at, data_type) in wide.iter().enumerate() {
        spec["columns"][at]["type"] = data_type.to_string().into();
    }
    Ok(spec)
}

fn path_type(field: &FieldRef, then: &Fields, transform: Transform) -> Result<DataType, String> {
    let now = field.data_type();
    let Some((_, old)) = then.find(field.name()) else {
        return Ok(now.clone());
    };
    let stays = transform == Transform::Identity && same_places(now, old.data_type());
    match widened(now, old.data_type()) {
        Some(wide) if stays || now == old.data_type() => Ok(wide),
        _ => Err(format!(
            "partition column {} is {now}, recorded is {}",
            quoted(field.name()),
            old.data_type()
        )),
    }
}

fn parse(schema: &Value) -> Result<TableSchema, Failure> {
    TableSchema::parse(&schema.to_string())
        .map_err(|error| Failure::data("the recorded schema cannot be read").because(error))
}

fn to_value(schema: &TableSchema) -> Result<Value, Failure> {
    serde_json::from_str(&schema.to_json())
        .map_err(|error| Failure::data("cannot record the schema").because(error))
}
