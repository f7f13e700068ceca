//! Where a file's rows come from, as key-value metadata that any Parquet reader shows.
//!
//! Nothing in it differs between two runs with the same input and options: a run id is
//! written only if somebody gave one, and no time of day.

use crate::tx::UNITS_KEY;
use parquet::file::metadata::FileMetaData;
use std::collections::BTreeSet;

/// In front of every key of ours.
const PREFIX: &str = "millrace.";

/// What is known of a run.
#[derive(Clone, Debug, Default)]
pub struct Provenance<'a> {
    /// The tool that wrote the rows.
    pub tool: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The pipeline, if it has a name.
    pub pipeline: Option<&'a str>,
    /// The run, if it was given a name.
    pub run_id: Option<&'a str>,
    /// The step within the run.
    pub step: Option<&'a str>,
    /// The unit of work.
    pub unit: Option<&'a str>,
}

impl Provenance<'_> {
    /// The pairs for a file of rows of this run.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let known = [
            ("tool", Some(self.tool)),
            ("version", Some(self.version)),
            ("pipeline", self.pipeline),
            ("run_id", self.run_id),
            ("step", self.step),
        ];
        let pair = |(key, value): (&str, Option<&str>)| {
            value.map(|value| (format!("{PREFIX}{key}"), value.to_owned()))
        };
        let units = self
            .unit
            .map(|unit| (UNITS_KEY.to_owned(), serde_json::json!([unit]).to_string()));
        known.into_iter().filter_map(pair).chain(units).collect()
    }
}

/// Units that are not written as we write them.
#[derive(Debug, thiserror::Error)]
#[error("{UNITS_KEY} is no list of names")]
pub struct UnitsError(#[from] serde_json::Error);

/// The units whose rows a file holds, by its own account; empty when it names none.
///
/// # Errors
/// A value of [`UNITS_KEY`] that is no list of names.
pub fn units(file: &FileMetaData) -> Result<Vec<String>, UnitsError> {
    let mut pairs = file.key_value_metadata().into_iter().flatten();
    let value = pairs
        .find(|pair| pair.key == UNITS_KEY)
        .and_then(|pair| pair.value.as_deref());
    Ok(value
        .map(serde_json::from_str)
        .transpose()?
        .unwrap_or_default())
}

/// The pairs for a file with the rows of several, whose pairs are `files`: units are
/// united; of what we write, that on which all agree, for else it would tell of rows that
/// are not that run's; of other keys the first file's word counts.
pub fn merged(files: &[Vec<(String, String)>]) -> Vec<(String, String)> {
    let mut kept: Vec<(String, String)> = Vec::new();
    let mut units: BTreeSet<String> = BTreeSet::new();
    for (key, value) in files.iter().flatten() {
        if key == UNITS_KEY {
            units.extend(serde_json::from_str::<Vec<String>>(value).unwrap_or_default());
            continue;
        }
        let agreed = || {
            files
                .iter()
                .all(|pairs| pairs.iter().any(|pair| pair.0 == *key && pair.1 == *value))
        };
        let known = kept.iter().any(|(other, _)| other == key);
        if !known && (!key.starts_with(PREFIX) || agreed()) {
            kept.push((key.clone(), value.clone()));
        }
    }
    if !units.is_empty() {
        kept.push((UNITS_KEY.to_owned(), serde_json::json!(units).to_string()));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn only_what_is_known_is_written() {
        let run = Provenance {
            tool: "partition",
            version: "1",
            unit: Some("u"),
            ..Provenance::default()
        };
        let expected = [
            ("millrace.tool", "partition"),
            ("millrace.version", "1"),
            ("millrace.units", "[\"u\"]"),
        ];
        assert_eq!(run.pairs(), pairs(&expected));
    }

    #[test]
    fn a_merged_file_claims_no_run_that_wrote_but_some_of_it() {
        let one = pairs(&[
            ("millrace.tool", "partition"),
            ("millrace.run_id", "r1"),
            ("owner", "us"),
            ("millrace.units", "[\"a\"]"),
        ]);
        let other = pairs(&[
            ("millrace.tool", "partition"),
            ("millrace.run_id", "r2"),
            ("owner", "them"),
            ("extra", "x"),
            ("millrace.units", "[\"b\"]"),
        ]);
        let expected = [
            ("millrace.tool", "partition"),
            ("owner", "us"),
            ("extra", "x"),
            ("millrace.units", "[\"a\",\"b\"]"),
        ];
        assert_eq!(merged(&[one.clone(), other]), pairs(&expected));
        assert_eq!(merged(&[one.clone(), one.clone()]), one);
        // A file without it was not written by that run.
        assert_eq!(merged(&[one, Vec::new()]).len(), 2);
    }
}
