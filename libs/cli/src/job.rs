//! What a running tool has at hand: its name, its counters, a voice.

use crate::metrics::Metrics;
use crate::options::{Identity, ProgressMode, Report};
use crate::progress::Progress;
use crate::report;
use millrace_fault::{Exit, Failure};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// One execution of a tool. Shared by reference with its threads.
#[derive(Debug)]
pub struct Job {
    /// The tool's bare name.
    pub tool: &'static str,
    /// Which run of which pipeline this is.
    pub identity: Identity,
    /// The counters of the metrics line; progress reads them too.
    pub metrics: Metrics,
    quiet: bool,
    redraws: AtomicBool,
    started: Instant,
}

impl Job {
    pub(crate) fn new(tool: &'static str, options: &Report, identity: Identity) -> Self {
        Job {
            tool,
            identity,
            metrics: Metrics::default(),
            quiet: options.quiet,
            redraws: AtomicBool::new(false),
            started: Instant::now(),
        }
    }

    /// Says on stderr what could surprise although all went well; `--quiet` mutes it.
    pub fn say(&self, text: impl AsRef<str>) {
        if !self.quiet {
            report::line(&format!("{}: {}", self.tool, text.as_ref()));
        }
    }

    /// Warns on stderr, also under `--quiet`: something is wrong, but not fatally.
    pub fn warn(&self, text: impl AsRef<str>) {
        report::line(&format!("{}: warning: {}", self.tool, text.as_ref()));
    }

    /// Prints a failure that does not end this process (one unit of many).
    pub fn failed(&self, failure: &Failure) {
        report::failure(self.tool, failure);
    }

    pub(crate) fn start_progress(&self, mode: ProgressMode) -> Option<Progress> {
        let progress = Progress::start(self.tool, mode, self.quiet, &self.metrics);
        let redraws = progress.as_ref().is_some_and(Progress::redraws);
        self.redraws.store(redraws, Ordering::Relaxed);
        progress
    }

    /// Whether a progress line of ours is on the terminal: who else writes there must
    /// do so by [`crate::aside`] or [`crate::pass_on`].
    pub fn redraws(&self) -> bool {
        self.redraws.load(Ordering::Relaxed)
    }

    /// Appends the metrics line. It comes after everything that counts, so that it
    /// can only warn.
    pub(crate) fn append_metrics(
        &self,
        file: Option<&Path>,
        exit: Exit,
        failure: Option<&Failure>,
    ) {
        let Some(file) = file else { return };
        let line = self
            .metrics
            .line(self.tool, &self.identity, self.started, exit, failure);
        if let Err(error) = crate::metrics::append(file, &line) {
            self.warn(Failure::io("append metrics to", file, error).to_string());
        }
    }
}
