//! The parts of the manual beyond the options.

use millrace_cli::Section;

pub(crate) const SECTIONS: &[Section] = &[
    ("EXAMPLES", EXAMPLES),
    ("CONSTRAINTS", CONSTRAINTS),
    ("RULES", RULES),
    ("KEYS", KEYS),
    ("REJECTS", REJECTS),
    ("REJECTS AS JSON SCHEMA", ENVELOPE_SCHEMA),
    ("REPORT", REPORT),
    ("EXIT STATUS", EXIT_STATUS),
    ("NOTES", NOTES),
];

const EXAMPLES: &str = r#"
Check orders against a schema; bad ones aside, and no more than one in a hundred:

  ingest day/*.ndjson --schema orders.json |
    validate --schema orders.json --rejects bad.ndjson --max-rejects 1% |
    partition orders --by 'order_date=date(event_timestamp)'

Rules over several columns, named for the report:

  validate --rule "paid: status <> 'paid' OR paid_at IS NOT NULL" \
    --rule 'shipped_at >= paid_at' --rejects bad.ndjson --report quality.json < in.arrows

Only a check: does every row pass?

  validate --schema orders.json < in.arrows > /dev/null && echo fine

Every order's customer is known:

  validate --schema orders.json --reference customers=customers/ --rejects bad.ndjson < in.arrows

Mend a quarantine by hand and take it in again, less what is still bad:

  ingest --format rejects --schema orders.json bad.ndjson | validate --schema orders.json
"#;

const CONSTRAINTS: &str = r#"
A schema is a Table Schema of Frictionless Data, version 2; ingest --print-schema writes one to start from:

  {"fields": [
    {"name": "order_id", "type": "string", "format": "uuid", "constraints": {"required": true, "unique": true}},
    {"name": "amount", "type": "number", "decimal": [12, 2], "constraints": {"exclusiveMinimum": 0}},
    {"name": "currency", "type": "string", "constraints": {"enum": ["EUR", "USD"]}},
    {"name": "items", "type": "array", "constraints": {"minLength": 1}, "items": {"type": "object", "fields": [
      {"name": "sku", "type": "string", "constraints": {"pattern": "[A-Z]{3}-[0-9]+"}}]}}]}

Null breaks required and primaryKey, and nothing else.

minLength and maxLength count the characters of text (not its bytes), the items of an array, the members of an object that are not null.

minimum, maximum, exclusiveMinimum and exclusiveMaximum are exact on integers, decimals, dates and times: a bound between two values of the column is not rounded. NaN is within no bounds. A bound without an offset on a column with a zone means UTC.

pattern must match the whole value. It is a regular expression of Rust's regex crate: no backreferences, no look-around, and no pattern that takes exponential time.

enum compares in the type of the field: 1 and 1.0 are one number.

Inside of objects and arrays, a reason names the place by a JSON pointer: /items/2/sku.

Columns that the schema does not name pass unchecked; a field that the stream has no column for is exit 3. The schema's fieldsMatch can ask for more (exact, equal) or less (superset, partial). A column whose Arrow type cannot hold the field's type is exit 3 as well: validate does not convert.
"#;

const RULES: &str = r#"
A rule is a SQL predicate over the columns of a row, with SQL's three values: false fails the row, true and NULL pass. It may have a name in front, which starts with a letter and goes on with letters, digits, _, - and . up to a colon. In a file of --rules, each line is a rule:

  # money
  positive: amount > 0
  discount <= amount
  refund: status <> 'refunded' OR refunded_at IS NOT NULL

A rule that mentions a column that is not there is exit 2. One that cannot be computed for a row (a cast that fails) is exit 3.
"#;

const KEYS: &str = r#"
unique, primaryKey and uniqueKeys hold over the stream, not over the dataset that it goes to. The first row of a key that breaks nothing else is good, later ones are rejected; a row that is rejected claims no key. So the rows that pass are unique, and none is rejected without need. A key with a null in it is no key: it is never a duplicate, and refers to nothing. All this is exact for any number of keys: what does not fit into --memory goes to sorted files in --temp-dir, which vanish with the process.

foreignKeys need the other table: --reference NAME=PATH, NAME being the resource that the schema names. Values are compared by value: 1 in a column of integers is 1 in one of decimals. A foreign key of the table to itself (no resource) is checked against --reference self=PATH, the same table in a file: the rows of a stream that are yet to come cannot be known.
"#;

const ENVELOPE_SCHEMA: &str = r#"
  {"$schema": "https://json-schema.org/draft/2020-12/schema",
   "title": "Rejected record",
   "type": "object",
   "required": ["source", "reasons"],
   "oneOf": [{"required": ["raw"]}, {"required": ["raw_base64"]}, {"required": ["record"]}],
   "properties": {
     "source": {
       "type": "object",
       "properties": {
         "file": {"type": "string", "description": "input file, as it was named"},
         "line": {"type": "integer", "minimum": 1, "description": "its line"},
         "offset": {"type": "integer", "minimum": 0, "description": "byte offset in it, decompressed"},
         "row": {"type": "integer", "minimum": 1, "description": "row of the stream"}}},
     "reasons": {
       "type": "array",
       "minItems": 1,
       "items": {
         "type": "object",
         "required": ["field", "constraint", "value", "expected"],
         "properties": {
           "field": {"type": "string", "description": "column, columns of a key, JSON pointer, or empty: the whole row"},
           "constraint": {"type": "string", "description": "constraint of Table Schema, or name of a rule"},
           "value": {"description": "the value; text of more than 256 characters is cut"},
           "expected": {"type": "string", "description": "in words"}}}},
     "raw": {"type": "string", "description": "ingest: the record as it was read"},
     "raw_base64": {"type": "string", "description": "the same, where it is not UTF-8"},
     "record": {"type": "object", "description": "validate: the row"}}}
"#;

const REJECTS: &str = r#"
The file of --rejects, of ingest and validate alike, holds one JSON object a line, in the order of the input:

  {"source": {"file": "a.ndjson", "line": 7, "row": 7},
   "reasons": [{"field": "amount", "constraint": "minimum", "value": -1.50, "expected": "at least 0"}],
   "record": {"order_id": 17, "amount": -1.50, "note": null}}

Numbers are verbatim, however large; floats that JSON lacks are "NaN", "Infinity" and "-Infinity"; timestamps are RFC 3339, in UTC if the column has a zone; binary is base64. The columns _source_file and _source_line (ingest --source-columns) become the source and are not in the record.

A name that ends in .arrows gets an Arrow stream instead, with the columns source_file, source_line, source_offset, source_row, reasons (a list of structs), raw (binary) and record (JSON text).

The file is written beside its name, and synced and renamed before the stream ends: whoever has the good rows has the bad ones. It is there, empty, when no row was bad. A run that fails for another reason than bad rows leaves FILE.failed, complete up to there, and FILE as it was; the next run that succeeds removes FILE.failed.
"#;

const REPORT: &str = r#"
--report writes one JSON object:

  {"tool": "validate", "pipeline": null, "run_id": "r1", "unit": "2026-03-17T05", "step": null,
   "rows": 1000, "passed": 998, "rejected": 2, "reject_rate": 0.002, "max_rejects": "1%",
   "accepted": true, "complete": true,
   "constraints": [
     {"field": "amount", "constraint": "minimum", "expected": "at least 0", "count": 2,
      "examples": [{"row": 17, "field": "amount", "value": -1.50}]}]}

Every constraint and rule that was checked is listed, with its count and its first three examples. complete is false when the run stopped before the stream's end. A run that fails for another reason than bad rows leaves REPORT.failed.
"#;

const EXIT_STATUS: &str = r#"
0: every row was judged, and no more were rejected than is allowed. 1: a bad row without --rejects, or --max-rejects exceeded. 2: an option, the schema or a rule is wrong. 3: the stream or a reference is damaged, or does not go with the schema. 4: input, output or disk failed, or the producer died. When an upstream tool failed: its code.
"#;

const NOTES: &str = r#"
The environment is asked for MILLRACE_RUN_ID and MILLRACE_UNIT, which checkpoint run sets, to fill in {run_id} and {unit}.

Batches in which every row passes are passed on as they came; others without their bad rows. Columns that need not be looked at may be of any Arrow type.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_rejects::{Content, Quarantine, Reason, Reject, Source};
    use serde_json::Value;

    /// Whether a value is as a JSON Schema says, of the few keywords used here.
    fn conforms(value: &Value, schema: &Value) -> bool {
        let is_type = match schema["type"].as_str() {
            Some("object") => value.is_object(),
            Some("array") => value.is_array(),
            Some("string") => value.is_string(),
            Some("integer") => value.is_u64(),
            _ => true,
        };
        let has = |names: &Value| {
            names
                .as_array()
                .into_iter()
                .flatten()
                .all(|name| value.get(name.as_str().unwrap()).is_some())
        };
        let members = value.as_object().into_iter().flatten();
        let one_of = schema["oneOf"]
            .as_array()
            .is_none_or(|of| of.iter().filter(|one| has(&one["required"])).count() == 1);
        is_type
            && has(&schema["required"])
            && one_of
            // Nothing is written that the manual does not tell.
            && (!schema["properties"].is_object() || members.into_iter().all(|(name, member)| schema["properties"].get(name).is_some_and(|of| conforms(member, of))))
            && (!schema["items"].is_object() || value.as_array().unwrap().iter().all(|item| conforms(item, &schema["items"])))
    }

    #[test]
    fn envelopes_are_as_the_manual_says() {
        let schema: Value = serde_json::from_str(ENVELOPE_SCHEMA).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bad.ndjson");
        let mut quarantine = Quarantine::create(path.to_str().unwrap(), None, None).unwrap();
        let reason = Reason {
            field: "a".into(),
            constraint: "b".into(),
            value: "[1]".into(),
            expected: "c".into(),
        };
        for content in [
            Content::Raw(b"raw"),
            Content::Raw(b"\xff"),
            Content::Record("{}"),
        ] {
            let source = Source {
                offset: Some(0),
                row: Some(1),
                ..Source::file("f", 1, 0)
            };
            quarantine
                .write(&Reject {
                    source,
                    reasons: std::slice::from_ref(&reason),
                    content,
                })
                .unwrap();
        }
        quarantine.finish().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 3);
        for line in &lines {
            assert!(conforms(line, &schema), "{line}");
        }
        let mut odd = lines[0].clone();
        odd["record"] = serde_json::json!({});
        assert!(!conforms(&odd, &schema));
    }
}
