//! CSV's first record: the names of the columns, and whether they go with the schema.

use crate::cut::Cutter;
use crate::feed::Trouble;
use crate::parcel::{Cells, Layout};
use crate::plan::Plan;
use crate::text::Text;
use millrace_decode::csv::{Cutter as Records, Dialect, Records as Peek};
use millrace_fault::{Failure, quoted};
use millrace_schema::{FieldsMatch, TableSchema};
use std::collections::HashSet;
use std::sync::Arc;

/// The dialect that the command line asks for.
pub(crate) fn dialect(plan: &Plan, tabs: bool) -> Dialect {
    let usual = if tabs { b'\t' } else { b',' };
    let delimiter = plan.csv.delimiter.unwrap_or(usual);
    Dialect {
        delimiter,
        quote: plan.csv.quote,
        escape: plan.csv.escape,
        comment: plan.csv.comment,
    }
}

/// Sets `text` up for rows of cells, its header taken off.
pub(crate) fn lay_out(text: &mut Text, plan: &Plan, tabs: bool) -> Result<(), Trouble> {
    let dialect = dialect(plan, tabs);
    dialect.check().map_err(Failure::from)?;
    let First {
        cells,
        end,
        misquoted,
    } = first_record(text, plan, &dialect)?;
    let columns = match (plan.csv.header, misquoted) {
        (true, Some((at, expected))) => {
            let (file, at) = (quoted(&text.name), text.offset + at as u64);
            let problem = format!("{file}: byte {at}: the header: expected {expected}");
            return Err(Failure::data(problem).into());
        }
        (true, None) => {
            text.skip(end);
            header(&text.name, cells, plan)?
        }
        (false, _) => headless(plan, cells.len()),
    };
    text.cutter = Cutter::Cells(Records::new(&dialect));
    text.layout = Layout::Cells(Arc::new(Cells { columns, tabs }));
    Ok(())
}

/// The first record of a file.
struct First {
    /// None of a file without records.
    cells: Vec<Vec<u8>>,
    end: usize,
    /// Where its quoting goes wrong, and what was expected there.
    misquoted: Option<(usize, &'static str)>,
}

fn first_record(text: &mut Text, plan: &Plan, dialect: &Dialect) -> Result<First, Trouble> {
    loop {
        let mut records = Peek::new(&text.carry, dialect);
        let first = records
            .next()
            .map(|cells| cells.into_iter().map(|cell| cell.into_owned()).collect());
        let end = records.position();
        let misquoted = records.misquoted();
        if first.is_some() && end < text.carry.len() || text.read_more(plan.sizes)? {
            return Ok(First {
                cells: first.unwrap_or_default(),
                end,
                misquoted,
            });
        }
    }
}

/// Columns where there is no header: the schema's, or numbered ones.
pub(crate) fn headless(plan: &Plan, cells: usize) -> Vec<String> {
    match &plan.schema {
        Some(schema) => schema
            .fields
            .iter()
            .map(|field| field.name.clone())
            .collect(),
        None => (1..=cells)
            .map(|number| format!("column_{number}"))
            .collect(),
    }
}

fn header(file: &str, cells: Vec<Vec<u8>>, plan: &Plan) -> Result<Vec<String>, Failure> {
    let refuse = |problem: String| Failure::data(format!("{}: {problem}", quoted(file)));
    let mut names: Vec<String> = Vec::with_capacity(cells.len());
    let mut seen = HashSet::with_capacity(cells.len());
    for cell in cells {
        let name = String::from_utf8(cell).map_err(|_| {
            refuse("the header is not UTF-8".to_owned())
                .hint("convert the file first: iconv -f UTF-16 -t UTF-8, or from what it is in")
        })?;
        if has_lone_return(&name) {
            return Err(
                refuse("the header has a carriage return without a newline".to_owned())
                    .hint("lines end in newlines; tr '\\r' '\\n' mends files that have none"),
            );
        }
        if !seen.insert(name.clone()) {
            return Err(refuse(format!(
                "column {} stands twice in the header",
                quoted(name)
            )));
        }
        names.push(name);
    }
    match &plan.schema {
        Some(schema) if !names.is_empty() => {
            agree(&names, schema).map(|()| names).map_err(|problem| {
                refuse(problem).hint(
                    "--no-header if the first record is data; see 'fieldsMatch' in the manual",
                )
            })
        }
        _ => Ok(names),
    }
}

/// Whether a name holds a carriage return that may end a line for whoever wrote it: then
/// the file looks like one long header, and its rows would vanish without a word.
fn has_lone_return(name: &str) -> bool {
    name.split('\r').skip(1).any(|rest| !rest.starts_with('\n'))
}

/// Whether a header goes with the schema, as `fieldsMatch` has it. Without one the
/// header needs all fields, in any order; others are `--extra-fields`' matter.
fn agree(names: &[String], schema: &TableSchema) -> Result<(), String> {
    use FieldsMatch::{Equal, Exact, Partial, Superset};
    let fields: Vec<&str> = schema
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    let known: HashSet<&str> = fields.iter().copied().collect();
    let found: HashSet<&str> = names.iter().map(String::as_str).collect();
    let lacks = fields.iter().find(|field| !found.contains(*field));
    let extra = names.iter().find(|name| !known.contains(name.as_str()));
    match (schema.fields_match, lacks, extra) {
        (Some(Superset | Partial), ..) if known.is_disjoint(&found) => {
            Err("the header has none of the schema's columns".to_owned())
        }
        (Some(Partial), ..) => Ok(()),
        (Some(Superset), _, None) => Ok(()),
        (Some(Exact | Equal | Superset), _, Some(name)) => {
            Err(format!("column {} is not in the schema", quoted(name)))
        }
        (_, Some(field), _) => Err(format!("the header lacks the column {}", quoted(field))),
        (Some(Exact), ..) if *names != fields => {
            Err("the header's order is not the schema's".to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace_schema::{Field, Kind};

    #[test]
    fn headers_agree_as_fields_match_has_it() {
        use FieldsMatch::{Equal, Exact, Partial, Subset, Superset};
        let names = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let table = [
            // header, without, exact, equal, subset, superset, partial
            ("a,b", [true, true, true, true, true, true]),
            ("b,a", [true, false, true, true, true, true]),
            ("a,b,c", [true, false, false, true, false, true]),
            ("a", [false, false, false, false, true, true]),
            ("a,c", [false, false, false, false, false, true]),
            ("c", [false, false, false, false, false, false]),
        ];
        for (header, expected) in table {
            for (rule, expected) in [
                None,
                Some(Exact),
                Some(Equal),
                Some(Subset),
                Some(Superset),
                Some(Partial),
            ]
            .into_iter()
            .zip(expected)
            {
                let fields = vec![
                    Field::new("a", Kind::Integer),
                    Field::new("b", Kind::String),
                ];
                let schema = TableSchema {
                    fields_match: rule,
                    ..TableSchema::of(fields)
                };
                assert_eq!(
                    agree(&names(header), &schema).is_ok(),
                    expected,
                    "{header} {rule:?}"
                );
            }
        }
    }
}
