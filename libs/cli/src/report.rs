//! The one place that prints to stderr, in git's form: `tool: problem 'subject': cause`.

use indicatif::ProgressBar;
use millrace_fault::Failure;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

/// The progress line that this process has on the terminal.
static DRAWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Runs `write`, which writes to the terminal, with this process's progress line out of
/// the way.
pub fn aside<R>(write: impl FnOnce() -> R) -> R {
    match &*DRAWN.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Passes on what another process has said on its standard error: one line.
pub fn pass_on(said: &[u8]) {
    let text = said.strip_suffix(b"\n").unwrap_or(said);
    let line = [clearing().as_bytes(), text, b"\n"].concat();
    aside(|| {
        let _ = std::io::stderr().write_all(&line);
    });
}

/// Has [`line`] make way for a progress line, until it is told that there is none.
pub(crate) fn make_way(bar: Option<ProgressBar>) {
    *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = bar;
}

/// Prints a failure and its hint; silent when whoever read our output left.
pub(crate) fn failure(tool: &str, failure: &Failure) {
    if failure.is_silent() {
        return;
    }
    line(&format!("{tool}: {failure}"));
    if let Some(hint) = failure.hint_line() {
        line(&format!("hint: {hint}"));
    }
}

/// Writes one line at once, so that the lines of a pipeline's tools do not mix.
/// A stderr that is gone must not stop a commit: errors are ignored.
pub(crate) fn line(text: &str) {
    pass_on(text.as_bytes());
}

/// On a terminal another tool of the pipe may have its progress line where we write: it
/// is cleared, and drawn anew below.
fn clearing() -> &'static str {
    let understands = || std::env::var_os("TERM").is_some_and(|term| term != "dumb");
    match std::io::stderr().is_terminal() && understands() {
        true => "\r\x1b[K",
        false => "",
    }
}

/// clap's several lines as one problem and one hint.
pub(crate) fn usage(tool: &str, rendered: &str) -> Failure {
    let mut problem = String::new();
    let mut tip = None;
    for part in rendered.lines().map(str::trim) {
        if let Some(text) = part.strip_prefix("error: ") {
            problem = text.to_owned();
        } else if let Some(text) = part.strip_prefix("tip: ") {
            tip.get_or_insert(text.to_owned());
        } else if part.starts_with("Usage:") {
            break;
        } else if !part.is_empty() && !part.starts_with("For more information") {
            // Missing arguments and possible values are listed on lines of their own.
            problem = format!("{problem} {part}");
        }
    }
    Failure::usage(problem).hint(tip.unwrap_or_else(|| format!("try '{tool} --help'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_errors_become_one_line() {
        let text = "error: unexpected argument '--foo' found\n\n  tip: a similar argument exists: '--for'\n\nUsage: x\n";
        let failure = usage("x", text);
        assert_eq!(failure.to_string(), "unexpected argument '--foo' found");
        assert_eq!(
            failure.hint_line(),
            Some("a similar argument exists: '--for'")
        );
    }

    #[test]
    fn missing_arguments_are_named() {
        let text = "error: the following required arguments were not provided:\n  <DATASET>\n\nUsage: x <DATASET>\n";
        assert_eq!(
            usage("x", text).to_string(),
            "the following required arguments were not provided: <DATASET>"
        );
    }
}
