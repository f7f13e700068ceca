//! Rows as CSV (RFC 4180), lines ended by a newline. A missing value is an empty
//! field, an empty text is `""`: the difference survives.

use crate::cell::Cells;
use crate::json;
use crate::limit::Limited;
use arrow_array::{ArrayRef, RecordBatch};
use millrace_cli::Stdout;
use millrace_fault::Failure;
use std::io::Write;

/// Prints a header and one line a row.
pub(crate) fn print(rows: &mut Limited<'_>, out: &mut Stdout) -> Result<(), Failure> {
    let mut lines = String::new();
    header(rows, &mut lines);
    out.text(&lines)?;
    while let Some(batch) = rows.next()? {
        lines.clear();
        encode(&batch, &mut lines)?;
        out.text(&lines)?;
        out.flush()
            .map_err(|error| Failure::io("write", "standard output", error))?;
    }
    Ok(())
}

fn header(rows: &Limited<'_>, line: &mut String) {
    for (index, field) in rows.schema().fields().iter().enumerate() {
        separate(index, line);
        quote(field.name(), line);
    }
    line.push('\n');
}

fn encode(batch: &RecordBatch, lines: &mut String) -> Result<(), Failure> {
    let schema = batch.schema();
    let columns = schema.fields().iter().zip(batch.columns());
    let columns = columns
        .map(|(field, array)| Column::new(field.name(), array))
        .collect::<Result<Vec<_>, _>>()?;
    let mut value = String::new();
    for row in 0..batch.num_rows() {
        for (index, column) in columns.iter().enumerate() {
            separate(index, lines);
            value.clear();
            let there = column.write(row, &mut value);
            // An empty line would not be taken for a row.
            if there || columns.len() == 1 {
                quote(&value, lines);
            }
        }
        lines.push('\n');
    }
    Ok(())
}

enum Column<'a> {
    Flat(Cells<'a>),
    Nested(Vec<Option<String>>),
}

impl<'a> Column<'a> {
    fn new(name: &str, array: &'a ArrayRef) -> Result<Self, Failure> {
        match array.data_type().is_nested() {
            true => json::texts(array).map(Column::Nested),
            false => Cells::new(name, array).map(Column::Flat),
        }
    }

    fn write(&self, row: usize, value: &mut String) -> bool {
        match self {
            Column::Flat(cells) => cells.write(row, value),
            Column::Nested(texts) => texts[row].as_ref().is_some_and(|text| {
                value.push_str(text);
                true
            }),
        }
    }
}

fn separate(index: usize, line: &mut String) {
    if index > 0 {
        line.push(',');
    }
}

fn quote(value: &str, line: &mut String) {
    if !value.is_empty() && !value.contains([',', '"', '\n', '\r']) {
        return line.push_str(value);
    }
    line.push('"');
    line.push_str(&value.replace('"', "\"\""));
    line.push('"');
}
