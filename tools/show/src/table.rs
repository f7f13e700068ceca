//! Rows as a table for people.
//!
//! Columns are as wide as the first rows need; on a terminal they are narrowed until
//! the table fits, and what does not fit even then is left out and named in the last
//! line. Missing values, blanks and control characters can be told apart.

use crate::cell::Cells;
use crate::limit::{Limited, Rest};
use crate::types;
use arrow_array::RecordBatch;
use arrow_schema::DataType;
use millrace_cli::Stdout;
use millrace_fault::Failure;
use std::io::IsTerminal;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Rows by which columns are sized.
const SIZED_BY: usize = 1000;

/// How wide values may be, from generous to narrow, until a terminal holds the table.
const CAPS: [usize; 6] = [64, 48, 36, 28, 20, 14];

const MISSING: &str = "NULL";
const BETWEEN: &str = " │ ";
const RULE: &str = "─┼─";

/// Prints the table and what it leaves out.
pub(crate) fn print(rows: &mut Limited<'_>, out: &mut Stdout) -> Result<(), Failure> {
    let mut head = Grid::new(rows);
    let mut waiting = None;
    while head.rows.len() < SIZED_BY {
        let Some(batch) = rows.next()? else { break };
        let room = (SIZED_BY - head.rows.len()).min(batch.num_rows());
        head.add(&batch.slice(0, room))?;
        if room < batch.num_rows() {
            waiting = Some(batch.slice(room, batch.num_rows() - room));
        }
    }
    let layout = head.layout(terminal_width());
    head.print_header(&layout, out)?;
    head.print_rows(&layout, out)?;
    while let Some(batch) = waiting
        .take()
        .map_or_else(|| rows.next(), |batch| Ok(Some(batch)))?
    {
        head.rows.clear();
        head.add(&batch)?;
        head.print_rows(&layout, out)?;
    }
    match left_out(rows.rest()?, &head.names[layout.shown()..]) {
        Some(line) => out.line(line),
        None => Ok(()),
    }
}

/// The columns of standard output's terminal; none elsewhere: nothing is cut there.
fn terminal_width() -> Option<usize> {
    let stdout = std::io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&stdout).ok();
    Some(size.map_or(0, |size| usize::from(size.ws_col)))
        .map(|columns| if columns == 0 { 80 } else { columns })
}

/// The last line: what the table does not show.
fn left_out(rest: Rest, columns: &[String]) -> Option<String> {
    let rows = match rest {
        Rest::Exactly(0) => None,
        Rest::Exactly(1) => Some("1 more row".to_owned()),
        Rest::Exactly(n) => Some(format!("{n} more rows")),
        Rest::AtLeast(n) => Some(format!(
            "at least {n} more row{}",
            if n == 1 { "" } else { "s" }
        )),
    };
    let columns = match columns {
        [] => None,
        [one] => Some(format!("1 more column: {one}")),
        many => Some(format!("{} more columns: {}", many.len(), many.join(", "))),
    };
    let parts: Vec<String> = rows.into_iter().chain(columns).collect();
    (!parts.is_empty()).then(|| format!("… {}", parts.join(", ")))
}

/// Rows as text.
struct Grid {
    names: Vec<String>,
    types: Vec<String>,
    right: Vec<bool>,
    rows: Vec<Vec<String>>,
}

/// The widths of the columns that are shown.
struct Layout {
    widths: Vec<usize>,
    cut: bool,
}

impl Layout {
    fn shown(&self) -> usize {
        self.widths.len()
    }
}

impl Grid {
    fn new(rows: &Limited<'_>) -> Grid {
        let schema = rows.schema();
        let fields = schema.fields();
        Grid {
            names: fields.iter().map(|field| escaped(field.name())).collect(),
            types: fields
                .iter()
                .map(|field| types::name_of(field.data_type()))
                .collect(),
            right: fields
                .iter()
                .map(|field| is_number(field.data_type()))
                .collect(),
            rows: Vec::new(),
        }
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let columns = self.names.iter().zip(batch.columns());
        let columns = columns
            .map(|(name, array)| Cells::new(name, array))
            .collect::<Result<Vec<_>, _>>()?;
        let mut value = String::new();
        for row in 0..batch.num_rows() {
            let cells = columns.iter().map(|cells| {
                value.clear();
                if cells.write(row, &mut value) {
                    shown(&value)
                } else {
                    MISSING.to_owned()
                }
            });
            self.rows.push(cells.collect());
        }
        Ok(())
    }

    fn layout(&self, terminal: Option<usize>) -> Layout {
        let Some(room) = terminal else {
            return Layout {
                widths: self.widths(usize::MAX),
                cut: false,
            };
        };
        let mut widths = self.widths(CAPS[0]);
        for cap in CAPS {
            widths = self.widths(cap);
            if fitting(&widths, room) == widths.len() {
                break;
            }
        }
        widths.truncate(fitting(&widths, room).max(1));
        if let [only] = widths.as_mut_slice() {
            *only = (*only).min(room);
        }
        Layout { widths, cut: true }
    }

    fn widths(&self, cap: usize) -> Vec<usize> {
        let widest = |column: usize| {
            let values = self
                .rows
                .iter()
                .map(|row| width(&row[column]))
                .max()
                .unwrap_or(0);
            // A long type (a struct) must not widen the table beyond its values.
            let heading = width(&self.names[column]).max(width(&self.types[column]).min(24));
            values.max(heading).min(cap).max(1)
        };
        (0..self.names.len()).map(widest).collect()
    }

    fn print_header(&self, layout: &Layout, out: &mut Stdout) -> Result<(), Failure> {
        if layout.shown() == 0 {
            return Ok(());
        }
        let types = Layout {
            widths: layout.widths.clone(),
            cut: true,
        };
        out.line(self.line(&self.names, layout))?;
        out.line(self.line(&self.types, &types))?;
        let rules: Vec<String> = layout
            .widths
            .iter()
            .map(|width| "─".repeat(*width))
            .collect();
        out.line(rules.join(RULE))
    }

    fn print_rows(&self, layout: &Layout, out: &mut Stdout) -> Result<(), Failure> {
        self.rows
            .iter()
            .try_for_each(|row| out.line(self.line(row, layout)))
    }

    fn line(&self, cells: &[String], layout: &Layout) -> String {
        let mut line = String::new();
        for (column, (cell, room)) in cells.iter().zip(&layout.widths).enumerate() {
            if column > 0 {
                line.push_str(BETWEEN);
            }
            let cell = if layout.cut {
                cut(cell, *room)
            } else {
                cell.clone()
            };
            let blank = " ".repeat(room.saturating_sub(width(&cell)));
            match self.right[column] {
                true => line.extend([blank, cell]),
                false => line.extend([cell, blank]),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// How many columns of these widths stand side by side in `room`.
fn fitting(widths: &[usize], room: usize) -> usize {
    let mut end = 0;
    widths
        .iter()
        .take_while(|width| {
            let between = if end == 0 { 0 } else { BETWEEN.width() };
            end += between + **width;
            end <= room
        })
        .count()
}

fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_number(values),
        other => other.is_numeric(),
    }
}

/// A value's text; quoted where one could take it for something else.
fn shown(value: &str) -> String {
    let text = escaped(value);
    let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
    match text == MISSING || blank(text.chars().next()) || blank(text.chars().next_back()) {
        true => format!("\"{text}\""),
        false => text,
    }
}

/// `text` without characters that would move the cursor or turn the line around.
pub(crate) fn escaped(text: &str) -> String {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    if !text.contains(harmful) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match harmful(c) {
            true => out.extend(c.escape_default()),
            false => out.push(c),
        }
    }
    out
}

/// The columns that `text` takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// `text` in at most `room` columns, ended by `…` where something is missing.
fn cut(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used >= room {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_are_cut_by_columns() {
        assert_eq!(cut("東京特許", 8), "東京特許");
        assert_eq!(cut("東京特許", 7), "東京特…");
        assert_eq!(cut("東京特許", 6), "東京…");
        assert_eq!(cut("abc", 1), "…");
    }

    #[test]
    fn what_could_be_mistaken_is_quoted() {
        assert_eq!(shown("x y"), "x y");
        for (value, expected) in [
            ("", "\"\""),
            ("NULL", "\"NULL\""),
            (" x", "\" x\""),
            ("x ", "\"x \""),
        ] {
            assert_eq!(shown(value), expected);
        }
        assert_eq!(shown("a\nb\u{1b}[31m\u{202e}"), "a\\nb\\u{1b}[31m\\u{202e}");
    }

    #[test]
    fn columns_that_fit() {
        assert_eq!(fitting(&[10, 10, 10], 36), 3);
        assert_eq!(fitting(&[10, 10, 10], 35), 2);
        assert_eq!(fitting(&[], 10), 0);
    }

    #[test]
    fn the_last_line() {
        let columns = ["a".to_owned(), "b".to_owned()];
        assert_eq!(left_out(Rest::Exactly(0), &[]), None);
        assert_eq!(
            left_out(Rest::Exactly(960), &columns).unwrap(),
            "… 960 more rows, 2 more columns: a, b"
        );
        assert_eq!(
            left_out(Rest::AtLeast(1), &columns[..1]).unwrap(),
            "… at least 1 more row, 1 more column: a"
        );
    }
}
