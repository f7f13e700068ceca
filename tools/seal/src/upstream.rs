//! The stream on our standard input: handed to the command byte for byte, its end
//! known to us first.

use millrace_cli::{Counter, Metrics};
use millrace_stream::{Error, Listener, Passed, forward_stdin};
use std::process::ChildStdin;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The hand-over, in a thread of its own. It is not waited for: a command may well
/// end before its input does.
pub(crate) struct Upstream {
    verdict: Arc<Mutex<Option<Result<(), Error>>>>,
}

impl Upstream {
    pub(crate) fn follow(stdin: ChildStdin, metrics: &Metrics) -> Upstream {
        let verdict = Arc::default();
        let mut follower = Follower {
            rows: metrics.records_in.clone(),
            bytes: metrics.bytes_in.clone(),
            verdict: Arc::clone(&verdict),
        };
        thread::spawn(move || {
            if let Err(error) = forward_stdin(stdin, &mut follower) {
                follower.ended(Err(error));
            }
        });
        Upstream { verdict }
    }

    /// How the stream ended, taken; nothing when it has not ended, or was no stream.
    pub(crate) fn verdict(&self) -> Option<Result<(), Error>> {
        self.verdict
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

struct Follower {
    rows: Counter,
    bytes: Counter,
    verdict: Arc<Mutex<Option<Result<(), Error>>>>,
}

impl Listener for Follower {
    fn passed(&mut self, message: Passed) {
        self.rows.add(message.rows);
        self.bytes.add(message.bytes);
    }

    fn ended(&mut self, verdict: Result<(), Error>) {
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
    }
}
