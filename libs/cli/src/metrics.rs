//! The metrics line: one JSON object per run, appended in one write.

use crate::options::Identity;
use millrace_fault::{Exit, Failure};
use serde_json::{Map, Value, json};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A counter that threads share; exact at any moment, also when a run fails half-way.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Replaces the value.
    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    /// The value.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a run counted. Rows and bytes; [`Metrics::detail`] holds what only one tool knows.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Rows or records that came in.
    pub records_in: Counter,
    /// Rows that went out or were committed.
    pub records_out: Counter,
    /// Records that went to quarantine.
    pub rejected: Counter,
    /// Rows outside of `--scope`.
    pub outside: Counter,
    /// Bytes read.
    pub bytes_in: Counter,
    /// Bytes written.
    pub bytes_out: Counter,
    /// Bytes that will be read, where known (0: unknown): the end of the progress bar.
    pub bytes_total: Counter,
    /// Units of work finished, for progress only.
    pub units_done: Counter,
    /// Units of work in all (0: the tool works on rows): the end of the progress bar.
    pub units_total: Counter,
    noop: AtomicBool,
    detail: Mutex<Map<String, Value>>,
}

impl Metrics {
    /// Adds a figure that only this tool has; it appears under the tool's name.
    pub fn detail(&self, name: &str, value: impl Into<Value>) {
        let mut detail = self.detail.lock().unwrap_or_else(PoisonError::into_inner);
        detail.insert(name.to_owned(), value.into());
    }

    /// Marks the run as one that found its work already done.
    pub fn set_noop(&self) {
        self.noop.store(true, Ordering::Relaxed);
    }

    pub(crate) fn line(
        &self,
        tool: &str,
        identity: &Identity,
        started: Instant,
        exit: Exit,
        failure: Option<&Failure>,
    ) -> String {
        let records_in = self.records_in.value();
        let rejected = self.rejected.value();
        let mut line = json!({
            "ts": jiff::Timestamp::now().to_string(),
            "pipeline": identity.pipeline,
            "run_id": identity.run_id,
            "unit": identity.unit,
            "tool": tool,
            "step": identity.step,
            "records_in": records_in,
            "records_out": self.records_out.value(),
            "rejected": rejected,
            "outside": self.outside.value(),
            "drop_rate": if records_in == 0 { 0.0 } else { rejected as f64 / records_in as f64 },
            "bytes_in": self.bytes_in.value(),
            "bytes_out": self.bytes_out.value(),
            "duration_s": started.elapsed().as_secs_f64(),
            "cpu_s": cpu_seconds(),
            "peak_rss_bytes": peak_rss_bytes(),
            "exit": exit.0,
            "error": failure.map(ToString::to_string),
            "noop": self.noop.load(Ordering::Relaxed),
        });
        let detail = self.detail.lock().unwrap_or_else(PoisonError::into_inner);
        if !detail.is_empty() {
            line[tool] = Value::Object(detail.clone());
        }
        format!("{line}\n")
    }
}

/// One write with O_APPEND: lines of tools that share a file do not mix.
pub(crate) fn append(file: &Path, line: &str) -> io::Result<()> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)?
        .write_all(line.as_bytes())
}

fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The kernel's high-water mark; null where `/proc` does not tell.
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_every_field_and_the_tools_own() {
        let metrics = Metrics::default();
        metrics.records_in.add(200);
        metrics.rejected.add(1);
        metrics.detail("partitions", 24);
        let failure = Failure::data("x");
        let line = metrics.line(
            "partition",
            &Identity::default(),
            Instant::now(),
            Exit::DATA,
            Some(&failure),
        );
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["records_in"], 200);
        assert_eq!(value["drop_rate"], 0.005);
        assert_eq!(value["exit"], 3);
        assert_eq!(value["error"], "x");
        assert_eq!(value["partition"]["partitions"], 24);
        assert!(value["peak_rss_bytes"].as_u64() > Some(0));
    }
}
