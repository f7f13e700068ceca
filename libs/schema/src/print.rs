//! The schema file, written: pretty, in the specification's order, defaults left out.

use crate::{
    Constraints, Field, FieldsMatch, ForeignKey, Format, Kind, TableSchema, TextRules, arrow_type,
};
use serde_json::{Map, Value, json};

impl TableSchema {
    /// The schema as a Table Schema file, two spaces deep, with a last newline.
    /// [`TableSchema::parse`] reads it back to the same schema.
    pub fn to_json(&self) -> String {
        let mut text = format!("{:#}", Value::Object(self.properties()));
        text.push('\n');
        text
    }

    fn properties(&self) -> Map<String, Value> {
        let mut out = Map::new();
        let fields: Vec<Value> = self
            .fields
            .iter()
            .map(|field| Value::Object(named(field)))
            .collect();
        out.insert("fields".into(), fields.into());
        put(&mut out, "fieldsMatch", self.fields_match.map(fields_match));
        put(&mut out, "missingValues", self.missing_values.as_ref());
        put(
            &mut out,
            "primaryKey",
            Some(&self.primary_key).filter(|key| !key.is_empty()),
        );
        put(
            &mut out,
            "uniqueKeys",
            Some(&self.unique_keys).filter(|keys| !keys.is_empty()),
        );
        let foreign: Vec<Value> = self.foreign_keys.iter().map(foreign_key).collect();
        put(
            &mut out,
            "foreignKeys",
            Some(foreign).filter(|keys| !keys.is_empty()),
        );
        out.extend(self.extra.clone());
        out
    }
}

fn put(out: &mut Map<String, Value>, name: &str, value: Option<impl serde::Serialize>) {
    if let Some(value) = value {
        out.insert(name.to_owned(), json!(value));
    }
}

fn named(field: &Field) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("name".into(), json!(field.name));
    out.extend(described(field));
    out
}

fn described(field: &Field) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("type".into(), json!(field.declared));
    put(&mut out, "format", format(&field.format));
    match &field.kind {
        Kind::Decimal { precision, scale } => put(
            &mut out,
            "decimal",
            Some([i16::from(*precision), i16::from(*scale)]),
        ),
        Kind::Object(fields) => {
            let fields: Vec<Value> = fields
                .iter()
                .map(|field| Value::Object(named(field)))
                .collect();
            out.insert("fields".into(), fields.into());
        }
        Kind::Array(item) => put(&mut out, "items", Some(described(item))),
        _ if field.arrow_type != field.kind.default_arrow_type() => {
            put(&mut out, "arrowType", arrow_type::print(&field.arrow_type));
        }
        _ => {}
    }
    text_rules(&field.text, &mut out);
    put(&mut out, "missingValues", field.missing_values.as_ref());
    if !field.constraints.is_empty() {
        out.insert(
            "constraints".into(),
            constraints(&field.constraints, &field.kind).into(),
        );
    }
    out.extend(field.extra.clone());
    out
}

fn format(format: &Format) -> Option<String> {
    let name = match format {
        Format::Default => return None,
        Format::Any => "any",
        Format::Pattern(pattern) => return Some(pattern.to_string()),
        Format::Email => "email",
        Format::Uri => "uri",
        Format::Uuid => "uuid",
        Format::Binary => "binary",
        Format::Other(name) => name,
    };
    Some(name.to_owned())
}

fn text_rules(rules: &TextRules, out: &mut Map<String, Value>) {
    put(
        out,
        "decimalChar",
        Some(rules.decimal_char).filter(|c| *c != '.'),
    );
    put(out, "groupChar", rules.group_char);
    put(
        out,
        "bareNumber",
        Some(rules.bare_number).filter(|bare| !bare),
    );
    put(out, "trueValues", rules.true_values.as_ref());
    put(out, "falseValues", rules.false_values.as_ref());
}

fn constraints(constraints: &Constraints, kind: &Kind) -> Map<String, Value> {
    let mut out = Map::new();
    let bound = |text: &Option<String>| text.as_ref().map(|text| bound(text, kind));
    put(
        &mut out,
        "required",
        Some(true).filter(|_| constraints.required),
    );
    put(
        &mut out,
        "unique",
        Some(true).filter(|_| constraints.unique),
    );
    put(&mut out, "minLength", constraints.min_length);
    put(&mut out, "maxLength", constraints.max_length);
    put(&mut out, "minimum", bound(&constraints.minimum));
    put(&mut out, "maximum", bound(&constraints.maximum));
    put(
        &mut out,
        "exclusiveMinimum",
        bound(&constraints.exclusive_minimum),
    );
    put(
        &mut out,
        "exclusiveMaximum",
        bound(&constraints.exclusive_maximum),
    );
    put(&mut out, "pattern", constraints.pattern.as_ref());
    put(&mut out, "enum", constraints.enumeration.as_ref());
    out
}

/// Bounds of numbers are numbers, of dates strings.
fn bound(text: &str, kind: &Kind) -> Value {
    match kind {
        Kind::Integer | Kind::Year | Kind::Number | Kind::Decimal { .. } => {
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        }
        _ => json!(text),
    }
}

fn fields_match(value: FieldsMatch) -> &'static str {
    match value {
        FieldsMatch::Exact => "exact",
        FieldsMatch::Equal => "equal",
        FieldsMatch::Subset => "subset",
        FieldsMatch::Superset => "superset",
        FieldsMatch::Partial => "partial",
    }
}

fn foreign_key(key: &ForeignKey) -> Value {
    let mut reference = Map::new();
    put(&mut reference, "resource", key.resource.as_ref());
    put(&mut reference, "fields", Some(&key.reference_fields));
    json!({ "fields": key.fields, "reference": reference })
}
