//! A small day of order events in a scratch folder, with what it contains.

#![allow(dead_code)]

use millrace_testkit::orders::{Counts, Orders};
use millrace_testkit::{TempDir, run, tempdir, tool};
use std::fs;
use std::path::Path;

pub(crate) const BY: &str = "order_date=date(event_timestamp),order_hour=hour(event_timestamp)";

/// Raw files to a dataset, in plain sh without pipefail.
pub(crate) const PIPE: &str = "ingest raw/*.ndjson --schema s.json --rejects bad.ndjson | \
    validate --schema s.json --rejects rej.ndjson | \
    partition out --mode create --by 'order_date=date(event_timestamp),order_hour=hour(event_timestamp)'";

pub(crate) struct Day {
    dir: TempDir,
    pub(crate) counts: Counts,
}

impl Day {
    /// `raw/HH.ndjson` and the schema `s.json` in a folder of its own.
    pub(crate) fn new(rows: u64) -> Self {
        let dir = tempdir().unwrap();
        let orders = Orders {
            rows,
            ..Orders::default()
        };
        let mut counts = Counts::default();
        fs::create_dir(dir.path().join("raw")).unwrap();
        for hour in 0..orders.hours() {
            let mut bytes = Vec::new();
            counts.add(&orders.write_hour(hour, &mut bytes).unwrap());
            fs::write(dir.path().join(format!("raw/{hour:02}.ndjson")), bytes).unwrap();
        }
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/orders.schema.json");
        fs::copy(schema, dir.path().join("s.json")).unwrap();
        Day { dir, counts }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn lines(&self, file: &str) -> u64 {
        fs::read_to_string(self.path().join(file))
            .unwrap()
            .lines()
            .count() as u64
    }

    /// Rows of `dataset` for which `predicate` is true, as `prune` counts them.
    pub(crate) fn count(&self, dataset: &str, predicate: &str) -> u64 {
        let mut prune = tool("prune");
        prune
            .current_dir(self.path())
            .args([dataset, "--where", predicate, "--count"]);
        run(&mut prune).code(0).text().trim().parse().unwrap()
    }
}
