//! Who commits: the key of a transaction, and the id that follows from it.

use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hasher, RandomState};
use xxhash_rust::xxh3::xxh3_64;

/// Who writes. (run id, tool, step) name a transaction: the same again is a no-op.
#[derive(Clone, Debug)]
pub struct RunKey {
    /// The run; without one the transaction is never taken for a repetition.
    pub run_id: Option<String>,
    /// The tool.
    pub tool: &'static str,
    /// The step within the run, when a tool is called more than once in it.
    pub step: Option<String>,
    /// The unit of work; recorded, not part of the name.
    pub unit: Option<String>,
}

impl RunKey {
    /// The transaction's id: 16 hexadecimal digits, from run id, tool and step; a
    /// fresh one without a run id.
    pub(crate) fn id(&self) -> String {
        let number = match &self.run_id {
            None => fresh(),
            Some(run) => {
                let parts = [run.as_str(), self.tool, self.step.as_deref().unwrap_or("")];
                // Lengths in front: no two keys make the same text.
                let text: String = parts
                    .iter()
                    .map(|part| format!("{}:{part}", part.len()))
                    .collect();
                xxh3_64(text.as_bytes())
            }
        };
        format!("{number:016x}")
    }
}

/// A number that nobody had before: the standard library's hash keys are random.
fn fresh() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.write_i128(jiff::Timestamp::now().as_nanosecond());
    hasher.finish()
}

/// What a transaction did, so that a repetition under the same key can be told from
/// another request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// `create`, `overwrite`, …
    pub mode: String,
    /// The partition spec.
    pub spec: String,
    /// The scope, if one was given.
    pub scope: Option<String>,
    /// Rows read from the input.
    pub rows: u64,
    /// A hash of the input's rows.
    pub content: String,
}

impl Fingerprint {
    /// What differs from what was `asked` now, and whether that lies in the request
    /// (usage) rather than in the data.
    pub(crate) fn difference(&self, asked: &Fingerprint) -> Option<(bool, String)> {
        let scope = |f: &Fingerprint| f.scope.clone().unwrap_or_else(|| "none".to_owned());
        let request = [
            ("mode", self.mode.clone(), asked.mode.clone()),
            ("partition spec", self.spec.clone(), asked.spec.clone()),
            ("scope", scope(self), scope(asked)),
        ];
        let data = [
            (
                "number of rows",
                self.rows.to_string(),
                asked.rows.to_string(),
            ),
            ("content", self.content.clone(), asked.content.clone()),
        ];
        let differs = |(name, then, now): &(&str, String, String)| {
            (then != now).then(|| format!("with another {name} ({then}, now {now})"))
        };
        let usage = request.iter().find_map(differs).map(|text| (true, text));
        usage.or_else(|| data.iter().find_map(differs).map(|text| (false, text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(run: Option<&str>, step: Option<&str>) -> RunKey {
        RunKey {
            run_id: run.map(Into::into),
            tool: "partition",
            step: step.map(Into::into),
            unit: None,
        }
    }

    #[test]
    fn ids_follow_the_key() {
        let id = key(Some("r-1"), None).id();
        assert_eq!(id, key(Some("r-1"), None).id());
        assert_eq!(id.len(), 16);
        assert_ne!(id, key(Some("r-1"), Some("late")).id());
        assert_ne!(id, key(Some("r-2"), None).id());
        assert_ne!(key(None, None).id(), key(None, None).id());
    }

    #[test]
    fn differences_name_the_request_before_the_data() {
        let then = Fingerprint {
            mode: "append".into(),
            rows: 3,
            ..Default::default()
        };
        assert_eq!(then.difference(&then.clone()), None);
        let now = Fingerprint {
            mode: "create".into(),
            rows: 4,
            ..Default::default()
        };
        assert!(then.difference(&now).unwrap().0);
        let now = Fingerprint {
            rows: 4,
            ..then.clone()
        };
        assert_eq!(
            then.difference(&now),
            Some((false, "with another number of rows (3, now 4)".to_owned()))
        );
    }
}
