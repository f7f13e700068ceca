//! Further parts of the manual.

pub(crate) const EXAMPLES: &str = "
A day of order events, typed by a schema, looked at:

  ingest day/*.ndjson --schema orders.json | show

What cannot be parsed goes to a file; more than 1 % of it fails the run and nothing is
committed downstream:

  ingest day/ --schema orders.json --rejects bad.ndjson --max-rejects 1% |
    partition out --by 'order_date=date(event_timestamp)'

A schema to start from, to be edited and kept:

  ingest day/05.ndjson --print-schema > orders.json

Thousands of files, by NUL-separated names:

  find day -name '*.json.gz' -print0 | sort -z | ingest --files-from - -0 --schema orders.json | ...

A quarantine that somebody has mended, read back:

  ingest bad.ndjson --format rejects --schema orders.json | ...

CSV with semicolons, where - and NA mean null, three columns of it:

  ingest sales.csv --delimiter ';' --null-value - --null-value NA --select day,shop,amount | ...

A URL:

  curl -fsS https://example.org/events.ndjson.gz | ingest --schema orders.json | ...
";

pub(crate) const SCHEMA: &str = r#"
The file of --schema is a Table Schema (Frictionless Data, version 2): JSON with a list
of fields, each with a name and a type.

  {"fields": [
    {"name": "order_id", "type": "integer", "constraints": {"required": true}},
    {"name": "amount", "type": "number", "decimal": [12, 2]},
    {"name": "event_timestamp", "type": "datetime"},
    {"name": "items", "type": "array", "items": {"type": "object", "fields": [
      {"name": "sku", "type": "string"}, {"name": "qty", "type": "integer", "arrowType": "int32"}]}}
  ]}

Types and the Arrow types they become: integer (int64), number (float64, or decimal128
where the field has "decimal": [precision, scale]), string (utf8), boolean, date (date32),
datetime (timestamp in microseconds, UTC), time (time64 in microseconds), year (int32),
yearmonth (utf8), duration (in microseconds; years and months are refused, they have no
length), object with "fields" (struct), array with "items" (list); any, object and array
without these, geojson and geopoint are kept as their JSON text. "arrowType" asks for an
exact one: int8 to int64, uint8 to uint64, float32, float64, decimal128(p,s), utf8,
large_utf8, utf8_view, date32, date64, time32(s), time64(ns), timestamp(ms),
timestamp(us,UTC), duration(s), ...

Dates and times are ISO 8601 and RFC 3339, or what a strptime pattern in "format" says
(%d/%m/%Y %H:%M); the format "any" also takes a space for the T, and a date alone. A
column with a zone wants an offset or Z with each value, one without must not have it.

Constraints are for validate to judge; a key that a record lacks is null. missingValues
lists texts that mean null; without it this is the empty cell in CSV, and nothing in JSON.

The header of a CSV file needs all fields of the schema, in any order; what else it has
is the matter of --extra-fields. "fieldsMatch" says otherwise: exact (this order), equal
(nothing else), subset (as without it), superset (some may be lacking, nothing else),
partial (at least one). Columns that are lacking are null. Parquet, Avro, ORC and Arrow
files may lack columns under superset and partial.

Without --schema one is inferred: integer, then decimal where all numbers have the same
scale, then number; date, then datetime, then string; objects and lists field by field;
text of any kind where values have nothing in common, and for objects of more than 1,000
members. Records may have up to 10,000 different fields. An inferred schema is a guess
about files not yet seen: print it, edit it, keep it.
"#;

pub(crate) const BAD_RECORDS: &str = r#"
Without --rejects the first bad record ends the run with exit 3; the message tells file,
line, byte offset, field, value and what was expected. The stream is poisoned: whatever
reads it commits nothing.

With --rejects every bad record becomes a line of FILE:

  {"source": {"file": "day/05.ndjson", "line": 17, "offset": 4711},
   "reasons": [{"field": "/amount", "constraint": "type", "value": "1.5", "expected": "an integer"}],
   "raw": "{\"order_id\": 1, ...}"}

on one line, in the order of the input. The offset is that of the record in the
decompressed file. Mend raw (or replace it by a record, as a JSON object) and read the
file back with --format rejects. Rows of CSV are read back in the order of the schema's
fields, with the same dialect options.

What is refused: text that is not JSON as RFC 8259 has it or not CSV as RFC 4180 has it,
a key that occurs twice, a value that is not of its type, a number that the type cannot
hold exactly, invalid UTF-8, rows with too few or too many cells.
"#;

pub(crate) const NOTES: &str = "
The bytes that come out depend on the inputs and options, never on --threads. Batches hold
about 8192 rows or 2 MiB; many small files share batches.

Compressed files are decompressed ahead of the decoders, each on a thread of its own: the
one that is read, and with --threads N up to N - 1 behind it, at most 8. Of each about one
MiB waits in memory, beside what its decompressor needs.

Several threads share the columns of a Parquet file, and take turns at the blocks of an
Avro file. ORC and Arrow files are decoded by one, beside which another writes. Of the files
behind the first, those of at most one MiB are decoded by one thread each, several at a time.

Parquet, Avro, ORC and Arrow files have columns of their own; several of them must agree in
names and types, or hold types that fit without loss into those of the first file or of
--schema. UUID and JSON columns of Parquet files stay such, in the stream and in files that
partition makes of it. Timestamps of 96 bits (INT96), as Spark writes them, are microseconds,
those of Spark in UTC; one with nanoseconds is refused, and so is an interval with months,
which has no place beside days and milliseconds. Parquet, ORC and Arrow files are read from
their ends, so that they cannot come from a pipe or an archive; Avro files and Arrow streams
can.

A damaged Parquet, Avro, ORC or Arrow file is refused as a whole (3), whatever --rejects says;
checksums of Parquet pages are compared where they are written. Of such a file, the
rows before the damage may have been written, and the poisoned stream takes them back.
An Avro file that was cut exactly between two of its blocks looks whole: the format has no
end mark. Enums of Avro become strings, unions of null and one type columns that may be
null, other unions Arrow unions; a record type that contains itself is refused.

The timestamps of ORC are the times that the clocks of their writer showed, those with
local time zone moments in UTC, both in nanoseconds. A time outside 1677 to 2262, a date of
the Julian calendar and a decimal that its type cannot hold are refused, and so are
encrypted columns and files that LZO or Brotli compressed.

A file without any records is fine. An object over several lines is read with --format
json, as one record.
";
