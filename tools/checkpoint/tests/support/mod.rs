//! `checkpoint` in a folder of its own.

#![allow(dead_code)] // each test file uses a part of it

use millrace_testkit::{Outcome, TempDir, run, run_with, tempdir, tool};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Folder(tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = tool("checkpoint");
        command.args(args).current_dir(self.path());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        run(&mut self.command(args))
    }

    pub(crate) fn run_with(&self, args: &[&str], input: &str) -> Outcome {
        run_with(&mut self.command(args), input.as_bytes())
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    /// Waits until a file has something in it.
    pub(crate) fn await_file(&self, name: &str) -> String {
        within(Duration::from_secs(20), || {
            let text = self.read(name);
            text.ends_with('\n').then(|| text.trim().to_owned())
        })
    }

    /// The lines of `status` or `history` as JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Vec<serde_json::Value> {
        let mut command = self.command(args);
        let outcome = run(command.args(["--output", "json"])).code(0);
        outcome
            .text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Polls until there is a value.
pub(crate) fn within<T>(limit: Duration, mut poll: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = poll() {
            return value;
        }
        assert!(start.elapsed() < limit, "nothing happened within {limit:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process is there and no zombie.
pub(crate) fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')')
        .next()
        .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
}

pub(crate) fn kill(pid: u32, signal: &str) {
    assert!(
        Command::new("kill")
            .args([signal, &pid.to_string()])
            .status()
            .unwrap()
            .success()
    );
}
