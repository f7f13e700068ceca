//! One `checkpoint run` as a child of `run-all`.

use super::share;
use crate::args::{Args, Conduct, RetryOn, RunAll};
use millrace_cli::values::Span;
use millrace_fault::Failure;
use millrace_state::UnitName;
use rustix::process::{Pid, WaitId, WaitIdOptions};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// A longer line is passed on in parts.
const LONGEST: u64 = 64 << 10;

/// A process that a unit left behind may keep its standard error open: then what was
/// heard by now must do.
const PATIENCE: Duration = Duration::from_millis(500);

/// Starts units, each with its share of the machine.
#[derive(Debug)]
pub(super) struct Starter {
    program: PathBuf,
    options: Vec<OsString>,
    pipeline: String,
    command: Vec<OsString>,
    share: Vec<(&'static str, String)>,
    /// Whether what units say must go around our progress line.
    redraws: bool,
}

/// A unit that is being run; its output goes to a file without a name.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    voice: Option<Receiver<()>>,
    pub(super) output: File,
}

impl Starter {
    pub(super) fn new(
        args: &Args,
        all: &RunAll,
        store: &Path,
        parallel: usize,
        redraws: bool,
    ) -> Result<Self, Failure> {
        Ok(Starter {
            redraws,
            program: ourselves()?,
            options: options(args, &all.conduct, store),
            pipeline: all.pipeline.to_string(),
            command: with_place(&all.command),
            share: share::environment(parallel),
        })
    }

    pub(super) fn start(&self, unit: &UnitName) -> Result<Running, Failure> {
        let failed = |error| Failure::io("keep", "the output of a unit", error);
        let output = tempfile::tempfile().map_err(failed)?;
        let words = self.command.iter().map(|word| fill(word, unit.as_str()));
        let mut child = Command::new(&self.program)
            .arg0("checkpoint")
            .arg("run")
            .args(&self.options)
            .args([&self.pipeline, unit.as_str(), "--"])
            .args(words)
            .envs(self.share.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(output.try_clone().map_err(failed)?)
            .stderr(match self.redraws {
                true => Stdio::piped(),
                false => Stdio::inherit(),
            })
            // A terminal's INT goes to the foreground group: we pass it on, once.
            .process_group(0)
            .spawn()
            .map_err(|error| Failure::io("run", &self.program, error))?;
        let voice = child.stderr.take().map(listen);
        Ok(Running {
            child,
            voice,
            output,
        })
    }
}

impl Running {
    pub(super) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Until it has ended; its number stays its own until [`Running::reap`].
    pub(super) fn wait_without_reaping(&mut self) {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) =
            rustix::process::waitid(WaitId::Pid(self.pid()), options)
        {}
    }

    pub(super) fn reap(&mut self) -> Result<u8, Failure> {
        let status = self
            .child
            .wait()
            .map_err(|error| Failure::io("wait for", "a unit", error))?;
        if let Some(voice) = self.voice.take() {
            let _ = voice.recv_timeout(PATIENCE);
        }
        let signal = || 128u8.saturating_add(status.signal().unwrap_or(0) as u8);
        Ok(status.code().map_or_else(signal, |code| code as u8))
    }
}

/// Passes on what a unit says, line by line; tells when there is no more.
fn listen(stderr: ChildStderr) -> Receiver<()> {
    let (end, ended) = mpsc::channel();
    thread::spawn(move || {
        let mut stderr = BufReader::new(stderr);
        let mut line = Vec::new();
        let mut next = |line: &mut Vec<u8>| stderr.by_ref().take(LONGEST).read_until(b'\n', line);
        while next(&mut line).is_ok_and(|length| length > 0) {
            millrace_cli::pass_on(&line);
            line.clear();
        }
        let _ = end.send(());
    });
    ended
}

/// This very program, also if its file was replaced meanwhile.
fn ourselves() -> Result<PathBuf, Failure> {
    let link = Path::new("/proc/self/exe");
    match link.exists() {
        true => Ok(link.to_owned()),
        false => {
            std::env::current_exe().map_err(|error| Failure::io("find", "checkpoint itself", error))
        }
    }
}

/// Our options, as options of `run`.
fn options(args: &Args, conduct: &Conduct, store: &Path) -> Vec<OsString> {
    let mut words = Words::default();
    words.option("--store", Some(store.as_os_str()));
    words.option("--supervisor", Some(std::process::id().to_string()));
    words.option("--metrics", args.report.metrics.as_ref());
    words.flag("--quiet", args.report.quiet);
    words.option("--retries", Some(conduct.retries.to_string()));
    words.option("--retry-delay", Some(exact(conduct.retry_delay)));
    words.option("--backoff", Some(conduct.backoff.to_string()));
    words.option("--max-delay", Some(exact(conduct.max_delay)));
    words.option(
        "--retry-on",
        conduct.retry_on.as_ref().map(RetryOn::to_option),
    );
    words.option("--timeout", conduct.timeout.map(exact));
    words.option("--grace", Some(exact(conduct.grace)));
    words.option(
        "--max-active",
        conduct.max_active.map(|most| most.to_string()),
    );
    words.option("--on-success", conduct.on_success.as_ref());
    words.option("--on-failure", conduct.on_failure.as_ref());
    words.flag("--redo", conduct.redo);
    words.option(
        "--timezone",
        conduct.timezone.as_ref().and_then(|zone| zone.iana_name()),
    );
    words.option("--wait", Some(exact(conduct.wait.wait)));
    words.option("--now", conduct.clock.now.map(|now| now.to_string()));
    words.0
}

/// Milliseconds: what a duration's short form would round.
fn exact(span: Span) -> String {
    format!("{}ms", span.0.as_millis())
}

#[derive(Default)]
struct Words(Vec<OsString>);

impl Words {
    fn option(&mut self, name: &str, value: Option<impl AsRef<OsStr>>) {
        if let Some(value) = value {
            let mut word = OsString::from(name);
            word.push("=");
            word.push(value);
            self.0.push(word);
        }
    }

    fn flag(&mut self, name: &str, given: bool) {
        if given {
            self.0.push(name.into());
        }
    }
}

/// `{}` is where the unit goes; at the end if there is none.
fn with_place(command: &[OsString]) -> Vec<OsString> {
    let mut words = command.to_vec();
    if !words
        .iter()
        .any(|word| word.as_bytes().windows(2).any(|pair| pair == b"{}"))
    {
        words.push("{}".into());
    }
    words
}

fn fill(word: &OsStr, unit: &str) -> OsString {
    let bytes = word.as_bytes();
    let mut filled = Vec::with_capacity(bytes.len() + unit.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"{}") {
            filled.extend_from_slice(unit.as_bytes());
            at += 2;
        } else {
            filled.push(bytes[at]);
            at += 1;
        }
    }
    OsString::from_vec(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(command: &[&str]) -> Vec<String> {
        let command: Vec<OsString> = command.iter().map(OsString::from).collect();
        with_place(&command)
            .iter()
            .map(|word| fill(word, "2026-W12").into_string().unwrap())
            .collect()
    }

    #[test]
    fn the_unit_stands_where_the_braces_are_or_at_the_end() {
        assert_eq!(
            filled(&["cat", "in/{}.csv", "{}{}"]),
            ["cat", "in/2026-W12.csv", "2026-W122026-W12"]
        );
        assert_eq!(filled(&["cat", "{ }"]), ["cat", "{ }", "2026-W12"]);
    }
}
