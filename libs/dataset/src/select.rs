//! Which partitions are meant: by path, by a list of paths, by a predicate on the
//! path's columns.

use crate::hive;
use crate::listing::{ListError, Partition, values_batch};
use arrow_array::{Array, BooleanArray};
use arrow_schema::{Fields, Schema};
use millrace_expr::Predicate;
use millrace_fault::{Failure, clip, quoted};
use millrace_storage::{Location, open_read};
use std::io::Read;

/// Reads a list of paths from `source` (`-` is stdin), one a line, or ended by NUL.
/// Empty lines are skipped.
pub fn read_list(source: &str, null: bool) -> Result<Vec<String>, Failure> {
    let mut bytes = Vec::new();
    let mut reader: Box<dyn Read> = match source {
        "-" => Box::new(std::io::stdin()),
        path => open_read(&Location::parse(path)?)?,
    };
    let shown = if source == "-" {
        "standard input"
    } else {
        source
    };
    reader
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::io("read", shown, error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::data(format!(
            "the list in {} is not UTF-8 at byte {}",
            quoted(shown),
            error.utf8_error().valid_up_to()
        ))
    })?;
    let items: Vec<&str> = if null {
        text.split('\0').collect()
    } else {
        text.lines().collect()
    };
    Ok(items
        .into_iter()
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect())
}

/// The partitions that a list of paths means, and the paths that led to none.
#[derive(Debug, Default)]
pub struct Chosen {
    /// Each once, in the order of the listing.
    pub partitions: Vec<Partition>,
    /// Paths of partitions that do not exist (any more).
    pub missing: Vec<String>,
}

/// Chooses from `all` what `paths` name: a partition, or a folder above some. A path may
/// have `root` (as the user wrote it) in front, as a shell's glob gives it. `5` and `05`
/// are one number. `columns` are the path's columns: a path of others is refused (2).
pub fn choose(
    all: Vec<Partition>,
    paths: &[String],
    root: &str,
    columns: &[&str],
) -> Result<Chosen, Failure> {
    let mut chosen = Chosen::default();
    let mut keep = vec![false; all.len()];
    for path in paths {
        let wanted = segments(path, root, columns)?;
        let mut found = false;
        for (partition, keep) in all.iter().zip(&mut keep) {
            if covers(&wanted, &partition.values) {
                (*keep, found) = (true, true);
            }
        }
        if !found {
            chosen.missing.push(path.clone());
        }
    }
    chosen.partitions = all
        .into_iter()
        .zip(keep)
        .filter(|(_, keep)| *keep)
        .map(|(partition, _)| partition)
        .collect();
    Ok(chosen)
}

type Value = (String, Option<String>);

fn segments(path: &str, root: &str, columns: &[&str]) -> Result<Vec<Value>, Failure> {
    let root = root.trim_end_matches('/');
    let below = match path.strip_prefix(root).filter(|_| !root.is_empty()) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => rest,
        _ => path,
    };
    let names: Vec<&str> = below
        .split('/')
        .filter(|name| !name.is_empty() && *name != ".")
        .collect();
    let values: Option<Vec<Value>> = names.iter().map(|name| hive::parse_segment(name)).collect();
    let values = values.filter(|values| {
        values
            .iter()
            .zip(columns)
            .all(|((name, _), column)| name == column)
    });
    values
        .filter(|values| values.len() <= columns.len())
        .ok_or_else(|| {
            let expected = match columns {
                [] => "the dataset has no partitions".to_owned(),
                columns => format!("expected {}=…", columns.join("=…/")),
            };
            Failure::usage(format!(
                "{} is no partition: {expected}",
                quoted(clip(path, 200))
            ))
        })
}

fn covers(wanted: &[Value], values: &[Value]) -> bool {
    wanted.len() <= values.len()
        && wanted
            .iter()
            .zip(values)
            .all(|((_, a), (_, b))| a == b || same_number(a, b))
}

fn same_number(a: &Option<String>, b: &Option<String>) -> bool {
    let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<i128>().ok());
    number(a).is_some() && number(a) == number(b)
}

/// Whether `predicate`, which may name only columns of the path (`fields`, typed), is
/// true of each partition.
pub fn matching(
    partitions: &[Partition],
    fields: &Fields,
    predicate: &Predicate,
) -> Result<Vec<bool>, Failure> {
    let bound = predicate.bind(&Schema::new(fields.clone()))?;
    let values =
        values_batch(partitions, fields).map_err(|error: ListError| Failure::from(error))?;
    let truths: BooleanArray = bound.evaluate(&values)?;
    Ok((0..truths.len())
        .map(|row| truths.is_valid(row) && truths.value(row))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::partition_fields;

    fn partitions() -> Vec<Partition> {
        let partition = |path: &str| Partition {
            path: path.to_owned(),
            values: hive::parse_path(path),
            files: Vec::new(),
        };
        [
            "d=2026-03-17/h=04",
            "d=2026-03-17/h=05",
            "d=2026-03-18/h=05",
            "d=a%20b/h=6",
        ]
        .map(partition)
        .to_vec()
    }

    fn chosen(paths: &[&str]) -> Result<(Vec<String>, Vec<String>), Failure> {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let chosen = choose(partitions(), &paths, "out/", &["d", "h"])?;
        Ok((
            chosen
                .partitions
                .into_iter()
                .map(|partition| partition.path)
                .collect(),
            chosen.missing,
        ))
    }

    #[test]
    fn paths_choose() {
        let (found, missing) = chosen(&[
            "d=2026-03-18/h=5",
            "out/d=2026-03-17/",
            "d=2026-03-17/h=04",
            "d=1",
        ])
        .unwrap();
        assert_eq!(
            found,
            [
                "d=2026-03-17/h=04",
                "d=2026-03-17/h=05",
                "d=2026-03-18/h=05"
            ]
        );
        assert_eq!(missing, ["d=1"]);
        assert_eq!(chosen(&["d=a b"]).unwrap().0, ["d=a%20b/h=6"]);
        for bad in ["x=1", "d=1/x=2", "d=1/h=2/i=3", "../out", "d"] {
            let failure = chosen(&[bad]).unwrap_err();
            assert_eq!(failure.exit(), millrace_fault::Exit::USAGE, "{bad}");
            assert!(
                failure
                    .to_string()
                    .ends_with("is no partition: expected d=…/h=…"),
                "{failure}"
            );
        }
    }

    #[test]
    fn predicates_choose_by_value() {
        let fields = partition_fields(&partitions(), &Fields::empty()).unwrap();
        let predicate = |sql: &str| Predicate::parse(sql).unwrap();
        assert_eq!(
            matching(&partitions(), &fields, &predicate("h = 5")).unwrap(),
            [false, true, true, false]
        );
        assert_eq!(
            matching(
                &partitions(),
                &fields,
                &predicate("d = '2026-03-17' OR h > 5")
            )
            .unwrap(),
            [true, true, false, true]
        );
        assert_eq!(
            matching(&partitions(), &fields, &predicate("amount = 5"))
                .unwrap_err()
                .exit(),
            millrace_fault::Exit::USAGE
        );
    }
}
