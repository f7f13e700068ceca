//! A failure on its way to the user.

use crate::{Exit, io_reason, quoted};
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

type Source = Box<dyn StdError + Send + Sync + 'static>;

/// A typed error that knows its exit code. `?` turns it into a [`Failure`].
pub trait Coded: StdError + Send + Sync + 'static {
    /// The exit code that this error earns.
    fn exit(&self) -> Exit;

    /// One line that says how to get on, if there is one.
    fn hint(&self) -> Option<String> {
        None
    }

    /// What an upstream tool reported through the pipe, if that is the reason.
    fn first_cause(&self) -> Option<FirstCause> {
        None
    }
}

/// What a failed tool says down the pipe: who, with which code, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstCause {
    /// The tool that failed first.
    pub tool: String,
    /// Its exit code.
    pub exit: Exit,
    /// Its message, one line.
    pub error: String,
}

/// What ends a tool: an exit code, a message with its cause chain, and at most one hint.
#[derive(Debug)]
pub struct Failure(Box<Parts>);

// Boxed: a Result that carries a Failure stays as small as a pointer.
#[derive(Debug)]
struct Parts {
    exit: Exit,
    message: String,
    source: Option<Source>,
    hint: Option<String>,
    first_cause: Option<FirstCause>,
}

impl Failure {
    /// A failure with this code and message (lower case, subject quoted, no full stop).
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Failure(Box::new(Parts {
            exit,
            message: message.into(),
            source: None,
            hint: None,
            first_cause: None,
        }))
    }

    /// The check said no (1).
    pub fn finding(message: impl Into<String>) -> Self {
        Self::new(Exit::FINDING, message)
    }

    /// The user's request is wrong (2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::USAGE, message)
    }

    /// The data is refused (3).
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(Exit::DATA, message)
    }

    /// The environment failed (4).
    pub fn environment(message: impl Into<String>) -> Self {
        Self::new(Exit::ENVIRONMENT, message)
    }

    /// Somebody else is at it (5).
    pub fn busy(message: impl Into<String>) -> Self {
        Self::new(Exit::BUSY, message)
    }

    /// An I/O error on `path`: `cannot VERB 'path': reason`. A reader that went away
    /// is the silent [`Exit::BROKEN_PIPE`].
    pub fn io(verb: &str, path: impl AsRef<Path>, error: io::Error) -> Self {
        let exit = match error.kind() {
            io::ErrorKind::BrokenPipe => Exit::BROKEN_PIPE,
            _ => Exit::ENVIRONMENT,
        };
        let subject = quoted(path.as_ref().to_string_lossy());
        Self::new(exit, format!("cannot {verb} {subject}")).because(error)
    }

    /// The error underneath, printed after a colon.
    #[must_use]
    pub fn because(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// A line that says how to get on.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The failure that an upstream tool reported; its exit code becomes ours.
    #[must_use]
    pub fn caused_by(mut self, cause: FirstCause) -> Self {
        self.0.exit = cause.exit;
        self.0.first_cause = Some(cause);
        self
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        self.0.exit
    }

    /// The hint, if any.
    pub fn hint_line(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// What goes down the pipe when `tool` fails with this: the first cause of all.
    pub fn to_first_cause(&self, tool: &str) -> FirstCause {
        self.0.first_cause.clone().unwrap_or_else(|| FirstCause {
            tool: tool.to_owned(),
            exit: self.0.exit,
            error: self.to_string(),
        })
    }

    /// Whether nothing is to be printed, because whoever read our output left. That
    /// of someone else's output is a failure like any other.
    pub fn is_silent(&self) -> bool {
        self.0.exit == Exit::BROKEN_PIPE && self.0.first_cause.is_none()
    }

    fn in_context(self, message: String) -> Self {
        let line = self.to_string();
        Failure(Box::new(Parts {
            message,
            source: Some(line.into()),
            ..*self.0
        }))
    }
}

impl fmt::Display for Failure {
    /// The message and its cause chain on one line, a cause that its parent
    /// already spells out left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = self.0.message.clone();
        let mut next: Option<&(dyn StdError + 'static)> = self.0.source.as_deref().map(|s| s as _);
        while let Some(error) = next {
            let text = match error.downcast_ref::<io::Error>() {
                Some(io) => io_reason(io),
                None => error.to_string(),
            };
            if !line.ends_with(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            next = error.source();
        }
        // Never more than one line, whatever a library put into its message.
        f.write_str(&line.replace('\n', "; "))
    }
}

impl<E: Coded> From<E> for Failure {
    fn from(error: E) -> Self {
        let exit = error.exit();
        let hint = error.hint();
        let first_cause = error.first_cause();
        Failure(Box::new(Parts {
            exit,
            message: error.to_string(),
            source: error.source().map(|cause| chain(cause).into()),
            hint,
            first_cause,
        }))
    }
}

/// A borrowed cause chain as one line, so that it can outlive its owner.
fn chain(mut error: &(dyn StdError + 'static)) -> String {
    let mut line = String::new();
    loop {
        let text = match error.downcast_ref::<io::Error>() {
            Some(io) => io_reason(io),
            None => error.to_string(),
        };
        if line.is_empty() {
            line = text;
        } else if !line.ends_with(&text) {
            line = format!("{line}: {text}");
        }
        match error.source() {
            Some(source) => error = source,
            None => return line,
        }
    }
}

/// Says what was being done when something failed.
pub trait Context<T> {
    /// Puts `message` in front of the failure; code, hint and first cause stay.
    fn context(self, message: impl Into<String>) -> Result<T, Failure>;
}

impl<T, E: Into<Failure>> Context<T> for Result<T, E> {
    fn context(self, message: impl Into<String>) -> Result<T, Failure> {
        self.map_err(|error| error.into().in_context(message.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_failures_name_the_path_and_the_reason_once() {
        let failure = Failure::io("write", "orders/x", io::Error::from_raw_os_error(28));
        assert_eq!(failure.exit(), Exit::ENVIRONMENT);
        assert_eq!(
            failure.to_string(),
            "cannot write 'orders/x': no space left on device"
        );
    }

    #[test]
    fn context_keeps_code_hint_and_first_cause() {
        let cause = FirstCause {
            tool: "ingest".into(),
            exit: Exit::DATA,
            error: "bad".into(),
        };
        let failed: Result<(), Failure> =
            Err(Failure::environment("x").hint("h").caused_by(cause.clone()));
        let failure = failed.context("nothing committed").unwrap_err();
        assert_eq!(failure.exit(), Exit::DATA);
        assert_eq!(failure.hint_line(), Some("h"));
        assert_eq!(failure.to_string(), "nothing committed: x");
        assert_eq!(failure.to_first_cause("partition"), cause);
    }

    #[test]
    fn one_line_whatever_a_library_says() {
        assert_eq!(Failure::data("a\nb").to_string(), "a; b");
    }
}
