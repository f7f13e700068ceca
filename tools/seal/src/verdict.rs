//! How the stage ended: who failed first.

use crate::command::Done;
use millrace_fault::{Exit, Failure, FirstCause, quoted};
use millrace_stream::Error;
use std::os::unix::process::ExitStatusExt;

/// All that is known at the end.
pub(crate) struct Ending {
    /// How the command's stream ended.
    pub(crate) stream: Result<(), Error>,
    /// How the command itself did.
    pub(crate) done: Done,
}

/// Success, or the failure that came first. The order: nobody reads our output;
/// the stream in front of the command failed, whatever the command made of it; the
/// command said in its own stream why it failed, or wrote what is no stream (and may
/// have died of our hanging up); the command failed; its stream has no end.
pub(crate) fn judge(ending: Ending) -> Result<(), Failure> {
    let Ending { stream, done } = ending;
    let (now, later) = match stream {
        Ok(()) => (Ok(()), Ok(())),
        Err(error) if error.is_broken_pipe() => return Err(error.into()),
        Err(error @ (Error::Cut { .. } | Error::Empty { .. })) => (Ok(()), Err(error)),
        Err(error) => (Err(error), Ok(())),
    };
    if let Some(verdict) = done.upstream {
        verdict?;
    }
    now.map_err(foreign)?;
    succeeded(
        &done.name,
        done.status.code(),
        done.status.signal(),
        done.last_words,
    )?;
    later.map_err(foreign)
}

/// What the command wrote is wrong: then it is not `ingest` that helps.
fn foreign(error: Error) -> Failure {
    let hint = match error {
        Error::NotAStream { .. } => {
            "what the command prints for people must go to its standard error"
        }
        Error::Cut { .. } | Error::Empty { .. } => {
            "the command exited 0: it must write and close one Arrow stream"
        }
        _ => return error.into(),
    };
    Failure::from(error).hint(hint)
}

fn succeeded(
    name: &str,
    code: Option<i32>,
    signal: Option<i32>,
    last_words: Option<String>,
) -> Result<(), Failure> {
    let (exit, how, error) = match (code, signal) {
        (Some(0), _) => return Ok(()),
        (Some(code), _) => (code, format!("failed ({code})"), last_words),
        (None, signal) => {
            let how = format!("was killed by signal {}", signal.unwrap_or(0));
            (128 + signal.unwrap_or(0), how.clone(), Some(how))
        }
    };
    let exit = Exit(u8::try_from(exit).unwrap_or(u8::MAX));
    let cause = FirstCause {
        tool: name.to_owned(),
        exit,
        error: error
            .clone()
            .unwrap_or_else(|| "it did not say why".to_owned()),
    };
    let failure = Failure::new(exit, format!("{} {how}", quoted(name))).caused_by(cause);
    Err(match error {
        Some(words) if code.is_some() => failure.because(words),
        _ => failure,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_believed() {
        assert!(succeeded("x", Some(0), None, Some("warning".into())).is_ok());
        let failure = succeeded("python", Some(3), None, Some("ValueError: x".into())).unwrap_err();
        assert_eq!(failure.to_string(), "'python' failed (3): ValueError: x");
        assert_eq!(failure.exit(), Exit(3));
        assert_eq!(failure.to_first_cause("seal").error, "ValueError: x");
        let failure = succeeded("python", None, Some(9), None).unwrap_err();
        assert_eq!(failure.to_string(), "'python' was killed by signal 9");
        assert_eq!(failure.exit(), Exit(137));
    }

    #[test]
    fn a_command_that_died_of_a_broken_pipe_is_not_silent() {
        assert!(
            !succeeded("x", None, Some(13), None)
                .unwrap_err()
                .is_silent()
        );
    }
}
