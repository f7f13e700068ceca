//! What the dataset is and will be: its spec, and whether the stream fits it.

use crate::Args;
use arrow_schema::{Field, Schema, SchemaRef};
use millrace_dataset::listing;
use millrace_dataset::root::Root;
use millrace_dataset::spec::{self, Bound, Spec};
use millrace_dataset::state::DatasetDescription;
use millrace_fault::{Failure, clip, quoted};
use millrace_schema::TableSchema;
use serde_json::{Value, json};
use std::sync::Arc;

/// The spec in force: the recorded one, which `--by` and `--timezone` must agree with, else
/// what they say.
pub(crate) fn spec(
    args: &Args,
    root: &Root,
    recorded: Option<&DatasetDescription>,
) -> Result<Spec, Failure> {
    let asked = args.by.as_deref().map(Spec::parse).transpose()?;
    let zone = args
        .timezone
        .clone()
        .map(|zone| (zone != "UTC").then_some(zone));
    let known = recorded
        .and_then(|description| spec::recorded(&description.spec))
        .map(|(spec, _)| spec);
    let spec = match (asked, known) {
        (Some(asked), Some(known)) if asked.items != known.items => {
            return Err(other_spec(root, &known, &asked));
        }
        (_, Some(known)) => known,
        (asked, None) => {
            let spec = Spec {
                zone: zone.clone().flatten(),
                ..asked.unwrap_or_default()
            };
            check_tree(root, &spec)?;
            spec
        }
    };
    match zone {
        Some(_) if !spec.has_dates() => Err(Failure::usage(format!(
            "--timezone changes nothing: {} has no date, year, month, day or hour",
            quoted(spec.to_string())
        ))),
        Some(zone) if zone != spec.zone => Err(other_zone(root, &spec.zone, &zone)),
        _ => Ok(spec),
    }
}

fn other_spec(root: &Root, known: &Spec, asked: &Spec) -> Failure {
    let known = match known.items.is_empty() {
        true => "is not partitioned".to_owned(),
        false => format!("is partitioned by {}", quoted(known.to_string())),
    };
    let failure = Failure::usage(format!(
        "dataset {} {known}, and cannot be by {}",
        quoted(root.shown()),
        quoted(asked.to_string())
    ));
    match root.path().is_dir() {
        true => failure.hint("leave --by out, or write another dataset"),
        // Whoever removed the dataset meant to start over.
        false => failure.hint(format!(
            "it is gone, but its state is still there; to start over, remove {} too",
            quoted(root.state_dir().to_string_lossy())
        )),
    }
}

fn other_zone(root: &Root, known: &Option<String>, asked: &Option<String>) -> Failure {
    let name = |zone: &Option<String>| zone.clone().unwrap_or_else(|| "UTC".to_owned());
    Failure::usage(format!(
        "dataset {} has the days and hours of {}, not those of {}",
        quoted(root.shown()),
        name(known),
        name(asked)
    ))
    .hint("leave --timezone out, or write another dataset")
}

/// A tree of somebody else must have the spec's columns.
fn check_tree(root: &Root, spec: &Spec) -> Result<(), Failure> {
    if !root.path().is_dir() {
        return Ok(());
    }
    let partitions = listing::list(root.path())?;
    let asked: Vec<&str> = spec.items.iter().map(|item| item.name.as_str()).collect();
    for partition in &partitions {
        let found: Vec<&str> = partition
            .values
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        if found != asked {
            let place = if partition.path.is_empty() {
                "files at its root"
            } else {
                partition.path.as_str()
            };
            return Err(Failure::usage(format!(
                "dataset {} holds {}, which is not partitioned by {}",
                quoted(root.shown()),
                quoted(place),
                quoted(spec.to_string())
            ))
            .hint("--by must name the columns of the paths"));
        }
    }
    Ok(())
}

/// What the dataset is from this commit on.
pub(crate) fn description(
    args: &Args,
    bound: &Bound,
    files: &Schema,
) -> Result<DatasetDescription, Failure> {
    let text = TableSchema::from_arrow(&nullable(files)).to_json();
    let schema: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::data("cannot record the schema").because(error))?;
    let parquet = json!({
        "compression": args.compression.to_string(),
        "target_size": args.target_size.0,
        "row_group_size": args.row_group_size.0,
    });
    Ok(DatasetDescription {
        schema,
        spec: bound.to_json(),
        parquet,
    })
}

/// Whether a column may hold nulls is not part of what a dataset is.
fn nullable(schema: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
    Arc::new(Schema::new(
        schema.fields().iter().map(field).collect::<Vec<_>>(),
    ))
}

/// Rows of other columns or types than the dataset records.
pub(crate) fn misfit(
    root: &Root,
    recorded: &DatasetDescription,
    now: &DatasetDescription,
) -> Failure {
    let text = difference(&recorded.schema, &now.schema)
        .or_else(|| path_difference(&recorded.spec, &now.spec))
        .unwrap_or_else(|| "the types of partition columns differ".to_owned());
    Failure::data(format!("the stream does not fit dataset {}: {text}", quoted(root.shown())))
        .hint("give the stream the dataset's columns in their order (transform, ingest --select), or say --schema-change")
}

/// The first partition column in which two recorded specs differ.
fn path_difference(then: &Value, now: &Value) -> Option<String> {
    let columns = |spec: &Value| spec["columns"].as_array().cloned().unwrap_or_default();
    let text = |column: &Value, key: &str| column[key].as_str().unwrap_or("unknown").to_owned();
    let (then, now) = (columns(then), columns(now));
    let (old, new) = then.iter().zip(&now).find(|(old, new)| old != new)?;
    Some(format!(
        "partition column {} is {}, recorded is {}",
        quoted(text(new, "name")),
        text(new, "type"),
        text(old, "type")
    ))
}

/// The first field in which two Table Schemas differ.
fn difference(then: &Value, now: &Value) -> Option<String> {
    let fields = |schema: &Value| schema["fields"].as_array().cloned().unwrap_or_default();
    let (then, now) = (fields(then), fields(now));
    let show = |field: Option<&Value>| match field {
        None => "no column".to_owned(),
        Some(field) => clip(&field.to_string(), 120),
    };
    (0..then.len().max(now.len()))
        .find(|i| then.get(*i) != now.get(*i))
        .map(|i| {
            format!(
                "column {} is {}, recorded is {}",
                i + 1,
                show(now.get(i)),
                show(then.get(i))
            )
        })
}
