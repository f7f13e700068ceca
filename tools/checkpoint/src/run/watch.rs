//! What a supervisor waits for: its child's end, a signal, or a point in time.

use millrace_fault::Failure;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The child that is followed has ended; it is not reaped yet.
    Exited,
    /// We were asked to stop, by this signal.
    Signal(i32),
    /// The deadline has come.
    Deadline,
}

/// Signals and one child at a time, in one queue.
#[derive(Debug)]
pub(crate) struct Watch {
    events: Receiver<Event>,
    sender: Sender<Event>,
}

impl Watch {
    /// Catches the signals of [`stop_signals`] from now on.
    pub(crate) fn start() -> Result<Watch, Failure> {
        let (sender, events) = mpsc::channel();
        let failed = |error| Failure::io("watch for", "signals", error);
        let mut signals = Signals::new(stop_signals()).map_err(failed)?;
        let queue = sender.clone();
        let listen = move || {
            for signal in signals.forever() {
                if queue.send(Event::Signal(signal)).is_err() {
                    return;
                }
            }
        };
        thread::Builder::new()
            .name("signals".into())
            .spawn(listen)
            .map_err(failed)?;
        Ok(Watch { events, sender })
    }

    /// Announces the end of `child`, which the caller reaps after that.
    pub(crate) fn follow(&mut self, child: Pid) -> Result<(), Failure> {
        let queue = self.sender.clone();
        let wait = move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) =
                rustix::process::waitid(WaitId::Pid(child), options)
            {}
            let _ = queue.send(Event::Exited);
        };
        thread::Builder::new()
            .name("child".into())
            .spawn(wait)
            .map(drop)
            .map_err(|error| Failure::io("wait for", "the command", error))
    }

    /// The next event.
    pub(crate) fn next(&mut self, deadline: Option<Instant>) -> Event {
        let Some(deadline) = deadline else {
            // We hold a sender: the queue never closes.
            return self.events.recv().unwrap_or(Event::Exited);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        self.events.recv_timeout(left).unwrap_or(Event::Deadline)
    }

    /// The signal that arrives within `span`, if one does.
    pub(crate) fn signal_within(&mut self, span: Duration) -> Option<i32> {
        match self.events.recv_timeout(span) {
            Ok(Event::Signal(signal)) => Some(signal),
            Ok(_) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }
}

/// Has the system send us TERM when the process `supervisor` is gone: who kills a
/// fan-out wants its units to stop.
pub(crate) fn die_with(supervisor: Option<i32>) -> Result<(), Failure> {
    let Some(supervisor) = supervisor else {
        return Ok(());
    };
    rustix::process::set_parent_process_death_signal(Some(Signal::TERM))
        .map_err(|error| Failure::io("watch", "the parent process", error.into()))?;
    let parent = rustix::process::getppid().map(Pid::as_raw_nonzero);
    match parent.is_some_and(|parent| parent.get() == supervisor) {
        true => Ok(()),
        false => Err(Failure::environment(
            "the process that started this one is gone",
        )),
    }
}

/// TERM, INT, HUP and QUIT, but those that we were started to ignore (nohup; a shell's
/// background jobs).
pub(crate) fn stop_signals() -> Vec<i32> {
    let ignored = ignored_signals();
    let caught = |signal: &i32| ignored & (1 << (signal - 1)) == 0;
    [SIGTERM, SIGINT, SIGHUP, SIGQUIT]
        .into_iter()
        .filter(caught)
        .collect()
}

/// The kernel's bit set of ignored signals; none where `/proc` does not tell.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
