//! Columns and their types, in the names that Arrow's own documents use.

use arrow_schema::{DataType, Field, IntervalUnit, Schema, TimeUnit, UnionMode};
use millrace_cli::Stdout;
use millrace_fault::Failure;

/// Prints one line a column: name, type, and whether a value may be missing.
pub(crate) fn print(schema: &Schema, out: &mut Stdout) -> Result<(), Failure> {
    let names: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| crate::table::escaped(field.name()))
        .collect();
    let widest = names
        .iter()
        .map(|name| crate::table::width(name))
        .max()
        .unwrap_or(0);
    for (name, field) in names.iter().zip(schema.fields()) {
        let blank = " ".repeat(widest - crate::table::width(name));
        let required = if field.is_nullable() { "" } else { " not null" };
        out.line(format!(
            "{name}{blank}  {}{required}",
            name_of(field.data_type())
        ))?;
    }
    Ok(())
}

/// The name of a type: `int64`, `decimal128(12, 2)`, `list<utf8>`.
pub(crate) fn name_of(data_type: &DataType) -> String {
    use DataType::*;
    match data_type {
        Timestamp(unit, None) => format!("timestamp({})", unit_of(unit)),
        Timestamp(unit, Some(zone)) => format!("timestamp({}, {zone})", unit_of(unit)),
        Time32(unit) => format!("time32({})", unit_of(unit)),
        Time64(unit) => format!("time64({})", unit_of(unit)),
        Duration(unit) => format!("duration({})", unit_of(unit)),
        Interval(unit) => format!("interval({})", interval_of(unit)),
        FixedSizeBinary(size) => format!("fixed_size_binary({size})"),
        Decimal32(precision, scale) => format!("decimal32({precision}, {scale})"),
        Decimal64(precision, scale) => format!("decimal64({precision}, {scale})"),
        Decimal128(precision, scale) => format!("decimal128({precision}, {scale})"),
        Decimal256(precision, scale) => format!("decimal256({precision}, {scale})"),
        Dictionary(keys, values) => format!("dictionary<{}, {}>", name_of(keys), name_of(values)),
        RunEndEncoded(ends, values) => {
            format!("run_end_encoded<{}, {}>", inner(ends), inner(values))
        }
        List(items) => format!("list<{}>", inner(items)),
        LargeList(items) => format!("large_list<{}>", inner(items)),
        ListView(items) => format!("list_view<{}>", inner(items)),
        LargeListView(items) => format!("large_list_view<{}>", inner(items)),
        FixedSizeList(items, size) => format!("fixed_size_list<{}>({size})", inner(items)),
        Struct(fields) => format!(
            "struct<{}>",
            fields
                .iter()
                .map(|f| member(f))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        Map(entries, _) => match entries.data_type() {
            Struct(pair) if pair.len() == 2 => {
                format!("map<{}, {}>", inner(&pair[0]), inner(&pair[1]))
            }
            other => format!("map<{}>", name_of(other)),
        },
        Union(fields, mode) => {
            let kind = if *mode == UnionMode::Dense {
                "dense_union"
            } else {
                "sparse_union"
            };
            format!(
                "{kind}<{}>",
                fields
                    .iter()
                    .map(|(_, f)| member(f))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        }
        LargeUtf8 => "large_utf8".into(),
        LargeBinary => "large_binary".into(),
        Utf8View => "utf8_view".into(),
        BinaryView => "binary_view".into(),
        Boolean => "bool".into(),
        simple => simple.to_string().to_lowercase(),
    }
}

fn inner(field: &Field) -> String {
    let required = if field.is_nullable() { "" } else { " not null" };
    format!("{}{required}", name_of(field.data_type()))
}

fn member(field: &Field) -> String {
    format!("{}: {}", crate::table::escaped(field.name()), inner(field))
}

fn unit_of(unit: &TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

fn interval_of(unit: &IntervalUnit) -> &'static str {
    match unit {
        IntervalUnit::YearMonth => "year_month",
        IntervalUnit::DayTime => "day_time",
        IntervalUnit::MonthDayNano => "month_day_nano",
    }
}
