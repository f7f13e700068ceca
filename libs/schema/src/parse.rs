//! The schema file, read strictly: what is not understood is refused with its place.

use crate::place::Place;
use crate::{
    Constraints, Error, Field, FieldsMatch, Format, Kind, Pattern, TableSchema, TextRules,
    arrow_type, keys,
};
use arrow_schema::DataType;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Deeper nesting than any real table; a schema beyond it is refused.
const DEEPEST: usize = 64;

impl TableSchema {
    /// Reads a Table Schema file.
    pub fn parse(json: &str) -> Result<TableSchema, Error> {
        let json = json.strip_prefix('\u{feff}').unwrap_or(json);
        let value: Value = serde_json::from_str(json).map_err(|error| not_json(&error))?;
        let place = Place::root(&value);
        let fields = fields(&place, 0)?;
        reject_near_misses(&place, &TABLE_PROPERTIES)?;
        let mut schema = TableSchema::of(fields);
        if let Some(values) = place.child("missingValues")? {
            schema.missing_values = Some(missing_values(&values)?);
        }
        if let Some(key) = place.child("primaryKey")? {
            schema.primary_key = keys::key(&key, &schema.fields)?;
        }
        if let Some(keys) = place.child("uniqueKeys")? {
            schema.unique_keys = keys::unique_keys(&keys, &schema.fields)?;
        }
        if let Some(keys) = place.child("foreignKeys")? {
            schema.foreign_keys = keys::foreign_keys(&keys, &schema.fields)?;
        }
        if let Some(name) = place.child("fieldsMatch")? {
            schema.fields_match = Some(fields_match(&name)?);
        }
        schema.extra = others(place.object()?, &TABLE_PROPERTIES);
        Ok(schema)
    }
}

const TABLE_PROPERTIES: [&str; 6] = [
    "fields",
    "missingValues",
    "primaryKey",
    "uniqueKeys",
    "foreignKeys",
    "fieldsMatch",
];
const FIELD_PROPERTIES: [&str; 14] = [
    "name",
    "type",
    "format",
    "arrowType",
    "decimal",
    "decimalChar",
    "groupChar",
    "bareNumber",
    "trueValues",
    "falseValues",
    "missingValues",
    "fields",
    "items",
    "constraints",
];

fn not_json(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let reason = text
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned();
    Error::at(
        "",
        format!(
            "not JSON: line {} column {}: {reason}",
            error.line(),
            error.column()
        ),
    )
}

fn fields(place: &Place<'_>, depth: usize) -> Result<Vec<Field>, Error> {
    let list = place.required("fields")?;
    let (mut fields, mut names) = (Vec::new(), HashSet::new());
    for item in list.items()? {
        let name = item.required("name")?;
        let field = field(&item, name.string()?, depth)?;
        if !names.insert(field.name.clone()) {
            return Err(name.error(format!("there are two fields named '{}'", field.name)));
        }
        fields.push(field);
    }
    match fields.is_empty() {
        true => Err(list.expected("a list of at least one field")),
        false => Ok(fields),
    }
}

fn field(place: &Place<'_>, name: &str, depth: usize) -> Result<Field, Error> {
    if depth > DEEPEST {
        return Err(place.error(format!("nested deeper than {DEEPEST} levels")));
    }
    reject_near_misses(place, &FIELD_PROPERTIES)?;
    let declared = declared(place)?;
    let mut field = Field::new(name, kind(place, declared, depth)?);
    field.declared = declared;
    field.format = format(place, &mut field.kind, declared)?;
    if let Some(asked) = place.child("arrowType")? {
        field.arrow_type = exact_type(&asked, &mut field.kind)?;
    } else {
        field.arrow_type = zoneless(&field).unwrap_or_else(|| field.kind.default_arrow_type());
    }
    field.text = text_rules(place, &field.kind)?;
    if let Some(values) = place.child("missingValues")? {
        field.missing_values = Some(missing_values(&values)?);
    }
    if let Some(constraints) = place.child("constraints")? {
        field.constraints = Constraints::parse(&constraints, &field.kind)?;
    }
    field.extra = others(place.object()?, &FIELD_PROPERTIES);
    Ok(field)
}

const TYPES: [&str; 16] = [
    "string",
    "number",
    "integer",
    "boolean",
    "object",
    "array",
    "list",
    "datetime",
    "date",
    "time",
    "year",
    "yearmonth",
    "duration",
    "geopoint",
    "geojson",
    "any",
];

/// The `type`, spelled as the specification does; `any` where there is none.
fn declared(place: &Place<'_>) -> Result<&'static str, Error> {
    let Some(asked) = place.child("type")? else {
        return Ok("any");
    };
    let name = asked.string()?;
    TYPES
        .into_iter()
        .find(|known| *known == name)
        .ok_or_else(|| {
            let error = asked.error(format!("'{name}' is not a type"));
            match closest(name, &TYPES, 3) {
                Some(meant) => error.hint(format!("did you mean '{meant}'?")),
                None => error.hint(format!("one of {}", TYPES.join(", "))),
            }
        })
}

fn kind(place: &Place<'_>, declared: &str, depth: usize) -> Result<Kind, Error> {
    let kind = match declared {
        "string" | "list" | "geopoint" => Kind::String,
        "number" => number(place)?,
        "integer" => Kind::Integer,
        "boolean" => Kind::Boolean,
        "datetime" => Kind::Datetime,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "year" => Kind::Year,
        "yearmonth" => Kind::YearMonth,
        "duration" => Kind::Duration,
        "object" if place.child("fields")?.is_some() => Kind::Object(fields(place, depth + 1)?),
        "array" => match place.child("items")? {
            Some(items) => Kind::Array(Box::new(field(&items, "item", depth + 1)?)),
            None => Kind::Any,
        },
        _ => Kind::Any,
    };
    only_for(place, "decimal", declared == "number", "number")?;
    only_for(place, "fields", declared == "object", "object")?;
    only_for(place, "items", declared == "array", "array")?;
    Ok(kind)
}

fn number(place: &Place<'_>) -> Result<Kind, Error> {
    let Some(digits) = place.child("decimal")? else {
        return Ok(Kind::Number);
    };
    let expected = || {
        digits
            .expected("a list [precision, scale] with 1 ≤ precision ≤ 38 and 0 ≤ scale ≤ precision")
    };
    let (precision, scale) = match digits.value.as_array().map(Vec::as_slice) {
        Some([precision, scale]) => (precision.as_u64(), scale.as_u64()),
        _ => return Err(expected()),
    };
    let precision = precision
        .and_then(|p| u8::try_from(p).ok())
        .ok_or_else(expected)?;
    let scale = scale
        .and_then(|s| i8::try_from(s).ok())
        .ok_or_else(expected)?;
    arrow_type::decimal(precision, scale).ok_or_else(expected)?;
    Ok(Kind::Decimal { precision, scale })
}

fn only_for(place: &Place<'_>, property: &str, fits: bool, kind: &str) -> Result<(), Error> {
    match place.child(property)? {
        Some(found) if !fits => {
            Err(found.error(format!("only a field of type {kind} has '{property}'")))
        }
        _ => Ok(()),
    }
}

/// An exact Arrow type; a decimal one makes a number exact.
fn exact_type(place: &Place<'_>, kind: &mut Kind) -> Result<DataType, Error> {
    let name = place.string()?;
    let wrong = |kind: &Kind| {
        let error = place.error(format!(
            "'{name}' is not an Arrow type of {}",
            kind.type_name()
        ));
        error.hint(format!("one of {}", kind.arrow_type_names()))
    };
    let arrow = arrow_type::parse(name).ok_or_else(|| wrong(kind))?;
    match (&*kind, &arrow) {
        (Kind::Decimal { precision, scale }, DataType::Decimal128(p, s))
            if (precision, scale) != (p, s) =>
        {
            return Err(place.error(format!("'{name}' disagrees with 'decimal'")));
        }
        (Kind::Number, DataType::Decimal128(precision, scale)) => {
            *kind = Kind::Decimal {
                precision: *precision,
                scale: *scale,
            };
        }
        _ => {}
    }
    match kind.allows(&arrow) {
        true => Ok(arrow),
        false => Err(wrong(kind)),
    }
}

/// A datetime whose pattern has no offset is a wall-clock time.
fn zoneless(field: &Field) -> Option<DataType> {
    match (&field.kind, &field.format) {
        (Kind::Datetime, Format::Pattern(pattern)) if !pattern.has_offset() => Some(
            DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, None),
        ),
        _ => None,
    }
}

fn format(place: &Place<'_>, kind: &mut Kind, declared: &str) -> Result<Format, Error> {
    let Some(asked) = place.child("format")? else {
        return Ok(Format::Default);
    };
    let name = asked.string()?;
    let format = match (declared, name) {
        (_, "default") => Format::Default,
        ("string", "email") => Format::Email,
        ("string", "uri") => Format::Uri,
        ("string", "uuid") => Format::Uuid,
        ("string", "binary") => Format::Binary,
        ("date" | "time" | "datetime", "any") => Format::Any,
        ("date" | "time" | "datetime", pattern) => {
            Format::Pattern(strptime(&asked, pattern, declared)?)
        }
        ("geojson", "topojson") => Format::Other("topojson"),
        ("geopoint", "array" | "object") => {
            *kind = Kind::Any;
            Format::Other(if name == "array" { "array" } else { "object" })
        }
        _ => {
            return Err(asked
                .error(format!("'{name}' is not a format of {declared}"))
                .hint(formats(declared)));
        }
    };
    Ok(format)
}

fn formats(declared: &str) -> &'static str {
    match declared {
        "string" => "one of default, email, uri, uuid, binary",
        "geopoint" => "one of default, array, object",
        "geojson" => "one of default, topojson",
        _ => "this type has only the format 'default'",
    }
}

fn strptime(place: &Place<'_>, text: &str, declared: &str) -> Result<Pattern, Error> {
    let pattern = Pattern::parse(text.strip_prefix("fmt:").unwrap_or(text))
        .map_err(|reason| place.error(reason))?;
    let complete = match declared {
        "date" => pattern.has_date() && !pattern.has_time(),
        "time" => pattern.has_time() && !pattern.has_date(),
        _ => pattern.has_date(),
    };
    match complete {
        true => Ok(pattern),
        false => Err(place
            .error(format!("'{text}' is not a whole {declared}"))
            .hint("'default', 'any', or a strptime pattern such as %d/%m/%Y")),
    }
}

fn text_rules(place: &Place<'_>, kind: &Kind) -> Result<TextRules, Error> {
    let numeric = matches!(kind, Kind::Integer | Kind::Number | Kind::Decimal { .. });
    let boolean = *kind == Kind::Boolean;
    let mut rules = TextRules::default();
    only_for(
        place,
        "decimalChar",
        numeric && *kind != Kind::Integer,
        "number",
    )?;
    only_for(place, "groupChar", numeric, "number or integer")?;
    only_for(place, "bareNumber", numeric, "number or integer")?;
    only_for(place, "trueValues", boolean, "boolean")?;
    only_for(place, "falseValues", boolean, "boolean")?;
    if let Some(value) = place.child("decimalChar")? {
        rules.decimal_char = value.character()?;
    }
    if let Some(value) = place.child("groupChar")? {
        rules.group_char = Some(value.character()?);
    }
    if rules.group_char == Some(rules.decimal_char) {
        return Err(place.error("'groupChar' and 'decimalChar' are the same"));
    }
    if let Some(value) = place.child("bareNumber")? {
        rules.bare_number = value.boolean()?;
    }
    rules.true_values = place
        .child("trueValues")?
        .map(|values| values.strings())
        .transpose()?;
    rules.false_values = place
        .child("falseValues")?
        .map(|values| values.strings())
        .transpose()?;
    if let Some(both) = rules
        .truths()
        .iter()
        .find(|value| rules.falsehoods().contains(value))
    {
        return Err(place.error(format!("'{both}' is a true and a false value")));
    }
    Ok(rules)
}

/// Strings, or objects with a `value` and a label.
fn missing_values(place: &Place<'_>) -> Result<Vec<String>, Error> {
    let value = |item: &Place<'_>| match item.value {
        Value::Object(_) => Ok(item.required("value")?.string()?.to_owned()),
        _ => item.string().map(str::to_owned),
    };
    place.items()?.iter().map(value).collect()
}

fn fields_match(place: &Place<'_>) -> Result<FieldsMatch, Error> {
    // Early drafts of version 2 wrote a list of one.
    let name = match place.value.as_array().map(Vec::as_slice) {
        Some([only]) => only.as_str(),
        _ => place.value.as_str(),
    };
    match name {
        Some("exact") => Ok(FieldsMatch::Exact),
        Some("equal") => Ok(FieldsMatch::Equal),
        Some("subset") => Ok(FieldsMatch::Subset),
        Some("superset") => Ok(FieldsMatch::Superset),
        Some("partial") => Ok(FieldsMatch::Partial),
        _ => Err(place.expected("one of exact, equal, subset, superset, partial")),
    }
}

fn others(object: &Map<String, Value>, known: &[&str]) -> Map<String, Value> {
    let own = |(name, _): &(&String, &Value)| !known.contains(&name.as_str());
    object
        .iter()
        .filter(own)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Table Schema allows properties of one's own; one that is a letter away from a known
/// one is a slip that would silently switch checks off.
fn reject_near_misses(place: &Place<'_>, known: &[&str]) -> Result<(), Error> {
    for name in place
        .object()?
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
    {
        let tolerance = if name.chars().count() > 6 { 2 } else { 1 };
        if let Some(meant) = closest(name, known, tolerance) {
            let error = place
                .required(name)?
                .error(format!("'{name}' is not a property"));
            return Err(error.hint(format!("did you mean '{meant}'?")));
        }
    }
    Ok(())
}

/// The one of `known` within `tolerance` edits of `name`, letter case ignored.
pub(crate) fn closest<'a>(name: &str, known: &[&'a str], tolerance: usize) -> Option<&'a str> {
    let distance = |other: &str| edits(&name.to_ascii_lowercase(), &other.to_ascii_lowercase());
    let best = known.iter().min_by_key(|other| distance(other))?;
    (distance(best) <= tolerance.min(best.len() / 2)).then_some(best)
}

/// Levenshtein distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
