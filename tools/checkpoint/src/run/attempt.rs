//! One attempt: a command in a process group of its own, and how it ended.

use super::watch::{Event, Watch};
use millrace_fault::{Failure, io_reason, quoted};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use std::io::{self, ErrorKind, IsTerminal};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long the dead take to go after KILL.
const AFTER_KILL: Duration = Duration::from_secs(2);

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The exit code that checkpoint passes on.
    pub(crate) exit: u8,
    /// Why.
    pub(crate) cause: Cause,
    /// Whether somebody asked us to stop meanwhile.
    pub(crate) stopped: bool,
}

/// Why a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// By itself.
    Exited,
    /// By a signal of this name.
    Killed(String),
    /// We stopped it at `--timeout`.
    TimedOut(Duration),
    /// It never began.
    CannotRun(String),
}

impl Ended {
    /// Stopped by a signal before it could begin.
    pub(crate) fn by_signal(signal: i32) -> Ended {
        Ended {
            exit: 128u8.saturating_add(signal as u8),
            cause: Cause::Killed(signal_name(signal)),
            stopped: true,
        }
    }

    /// As coreutils do: 128 + n for a signal; 255 would stop xargs, so it is 254.
    fn of(status: ExitStatus) -> Ended {
        let (exit, cause) = match (status.code(), status.signal()) {
            (Some(255), _) => (254, Cause::Exited),
            (Some(code), _) => (code as u8, Cause::Exited),
            (None, signal) => {
                let signal = signal.unwrap_or(0);
                (
                    128u8.saturating_add(signal as u8),
                    Cause::Killed(signal_name(signal)),
                )
            }
        };
        Ended {
            exit,
            cause,
            stopped: false,
        }
    }

    /// 127: not found; 126: found, but it cannot be run.
    fn cannot_run(command: &Command, error: &io::Error) -> Ended {
        let name = quoted(command.get_program().to_string_lossy());
        let (exit, reason) = match error.kind() {
            ErrorKind::NotFound => (127, "command not found".to_owned()),
            _ => (126, io_reason(error)),
        };
        Ended {
            exit,
            cause: Cause::CannotRun(format!("cannot run {name}: {reason}")),
            stopped: false,
        }
    }
}

fn signal_name(signal: i32) -> String {
    match signal {
        libc_signal::HUP => "SIGHUP".into(),
        libc_signal::INT => "SIGINT".into(),
        libc_signal::QUIT => "SIGQUIT".into(),
        libc_signal::ABRT => "SIGABRT".into(),
        libc_signal::KILL => "SIGKILL".into(),
        libc_signal::SEGV => "SIGSEGV".into(),
        libc_signal::PIPE => "SIGPIPE".into(),
        libc_signal::TERM => "SIGTERM".into(),
        other => format!("signal {other}"),
    }
}

/// The numbers of the signals that have names here.
mod libc_signal {
    use signal_hook::consts;
    pub(super) const HUP: i32 = consts::SIGHUP;
    pub(super) const INT: i32 = consts::SIGINT;
    pub(super) const QUIT: i32 = consts::SIGQUIT;
    pub(super) const ABRT: i32 = consts::SIGABRT;
    pub(super) const KILL: i32 = consts::SIGKILL;
    pub(super) const SEGV: i32 = consts::SIGSEGV;
    pub(super) const PIPE: i32 = consts::SIGPIPE;
    pub(super) const TERM: i32 = consts::SIGTERM;
}

/// A terminal cannot be handed on: a command in a group of its own may not read it.
pub(crate) fn check_stdin(handed_on: bool) -> Result<(), Failure> {
    if handed_on && io::stdin().is_terminal() {
        return Err(Failure::usage("--stdin: standard input is a terminal")
            .hint("redirect a file or a pipe into it"));
    }
    Ok(())
}

pub(crate) fn give_stdin(command: &mut Command, handed_on: bool) {
    command.stdin(if handed_on {
        Stdio::inherit()
    } else {
        Stdio::null()
    });
}

/// Runs `command` to its end. At the timeout, and when we are told to stop, its whole
/// group is sent TERM (or what we were sent), and KILL after `grace`. After a failure
/// nothing of the group is left: the next attempt has the field to itself.
pub(crate) fn execute(
    mut command: Command,
    timeout: Option<Duration>,
    grace: Duration,
    watch: &mut Watch,
) -> Result<Ended, Failure> {
    let child = match command.process_group(0).spawn() {
        Ok(child) => child,
        Err(error) => return Ok(Ended::cannot_run(&command, &error)),
    };
    let group = Group(Pid::from_child(&child));
    watch.follow(group.0)?;
    let mut end = Supervision {
        group,
        grace,
        deadline: timeout.and_then(after),
        timeout,
        ending: false,
        timed_out: false,
        stopped: false,
    };
    end.wait(watch);
    end.reap(child)
}

/// Makes orphans of the command's group our children, so that a group that is gone can
/// be told from zombies that nobody reaps (containers often have no init that does).
pub(crate) fn adopt_orphans() {
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

fn after(span: Duration) -> Option<Instant> {
    Instant::now().checked_add(span)
}

struct Supervision {
    group: Group,
    grace: Duration,
    /// When the timeout, or the grace that follows, is over.
    deadline: Option<Instant>,
    timeout: Option<Duration>,
    ending: bool,
    timed_out: bool,
    stopped: bool,
}

impl Supervision {
    /// Until the group's leader has ended. It stays a zombie, so that its number
    /// cannot become another process's before [`Supervision::reap`].
    fn wait(&mut self, watch: &mut Watch) {
        loop {
            match watch.next(self.deadline) {
                Event::Exited => return,
                Event::Signal(signal) => {
                    self.stopped = true;
                    self.begin_end(signal);
                }
                Event::Deadline if self.ending => {
                    self.group.kill();
                    self.deadline = None;
                }
                Event::Deadline => {
                    self.timed_out = true;
                    self.begin_end(signal_hook::consts::SIGTERM);
                }
            }
        }
    }

    fn begin_end(&mut self, signal: i32) {
        self.group.send(signal);
        if !self.ending {
            self.ending = true;
            self.deadline = after(self.grace);
        }
    }

    fn reap(mut self, mut child: Child) -> Result<Ended, Failure> {
        let status = child
            .wait()
            .map_err(|error| Failure::io("wait for", "the command", error))?;
        let mut ended = Ended::of(status);
        ended.stopped = self.stopped;
        if let Some(limit) = self.timeout.filter(|_| self.timed_out) {
            ended.exit = 124;
            ended.cause = Cause::TimedOut(limit);
        }
        if ended.exit != 0 {
            self.sweep();
        }
        Ok(ended)
    }

    /// What the leader left behind in its group: TERM, then KILL.
    fn sweep(&mut self) {
        // Also if they were told before: one that was just being started may have missed it.
        self.begin_end(signal_hook::consts::SIGTERM);
        self.await_group();
        self.group.kill();
        self.deadline = after(AFTER_KILL);
        self.await_group();
    }

    /// Until nothing of the group is left, or the deadline.
    fn await_group(&self) {
        let is_over = || {
            self.deadline
                .is_none_or(|deadline| Instant::now() >= deadline)
        };
        while self.group.is_alive() && !is_over() {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A process group. A signal to one that is gone goes nowhere, which is fine.
struct Group(Pid);

impl Group {
    fn send(&self, signal: i32) {
        if let Some(signal) = Signal::from_named_raw(signal) {
            let _ = rustix::process::kill_process_group(self.0, signal);
            // One that is stopped would not notice.
            let _ = rustix::process::kill_process_group(self.0, Signal::CONT);
        }
    }

    fn kill(&self) {
        let _ = rustix::process::kill_process_group(self.0, Signal::KILL);
    }

    /// Whether any member is left that is no zombie. Orphans are our children (see
    /// [`adopt_orphans`]): those that ended are reaped here.
    fn is_alive(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        loop {
            match rustix::process::waitid(WaitId::Pgid(Some(self.0)), options) {
                Ok(Some(_)) | Err(Errno::INTR) => {}
                Ok(None) => return true,
                Err(_) => return rustix::process::test_kill_process_group(self.0).is_ok(),
            }
        }
    }
}
