//! Progress on stderr: one line that redraws on a terminal, plain lines on request.

use crate::metrics::{Counter, Metrics};
use crate::options::ProgressMode;
use crate::report;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::os::fd::BorrowedFd;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Draws until it is dropped; then nothing is left behind on the terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    stop: Option<Sender<()>>,
    painter: Option<JoinHandle<()>>,
    manner: Manner,
}

struct Watched {
    tool: &'static str,
    rows: Counter,
    read: Counter,
    total: Counter,
    units: Counter,
    units_total: Counter,
    started: Instant,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// One line that redraws.
    Redrawn,
    /// A line every few seconds.
    Lines,
}

/// Where a tool stands.
#[derive(Clone, Copy, Debug)]
struct Surroundings {
    terminal: bool,
    stdin_is_pipe: bool,
    stdout_is_pipe: bool,
}

impl Manner {
    /// In a pipeline only the sink draws: a tool whose stdout is a pipe keeps quiet. Where
    /// each shall show something, none redraws, so that they never overwrite each other.
    fn choose(mode: ProgressMode, quiet: bool, at: Surroundings) -> Option<Manner> {
        match mode {
            ProgressMode::Never => None,
            ProgressMode::Always if at.terminal && !at.stdin_is_pipe && !at.stdout_is_pipe => {
                Some(Manner::Redrawn)
            }
            ProgressMode::Always => Some(Manner::Lines),
            ProgressMode::Auto if at.terminal && !quiet && !at.stdout_is_pipe => {
                Some(Manner::Redrawn)
            }
            ProgressMode::Auto => None,
        }
    }
}

impl Progress {
    pub(crate) fn start(
        tool: &'static str,
        mode: ProgressMode,
        quiet: bool,
        metrics: &Metrics,
    ) -> Option<Progress> {
        let surroundings = Surroundings {
            terminal: std::io::stderr().is_terminal(),
            stdin_is_pipe: is_pipe(rustix::stdio::stdin()),
            stdout_is_pipe: is_pipe(rustix::stdio::stdout()),
        };
        let manner = Manner::choose(mode, quiet, surroundings)?;
        let watched = Watched {
            tool,
            rows: metrics.records_in.clone(),
            read: metrics.bytes_in.clone(),
            total: metrics.bytes_total.clone(),
            units: metrics.units_done.clone(),
            units_total: metrics.units_total.clone(),
            started: Instant::now(),
        };
        let (stop, stopped) = mpsc::channel();
        let paint = move || match manner {
            Manner::Redrawn => watched.redraw(&stopped),
            Manner::Lines => watched.print_lines(&stopped),
        };
        let painter = thread::Builder::new()
            .name("progress".into())
            .spawn(paint)
            .ok()?;
        Some(Progress {
            stop: Some(stop),
            painter: Some(painter),
            manner,
        })
    }

    /// Whether a line is drawn over and over.
    pub(crate) fn redraws(&self) -> bool {
        self.manner == Manner::Redrawn
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(painter) = self.painter.take() {
            let _ = painter.join();
        }
    }
}

impl Watched {
    fn redraw(&self, stopped: &mpsc::Receiver<()>) {
        let unknown = ProgressStyle::with_template("{prefix}: {spinner} {msg} [{elapsed}]");
        let known = ProgressStyle::with_template("{prefix}: [{bar:24}] {percent}% {msg} eta {eta}");
        let (Ok(unknown), Ok(known)) = (unknown, known) else {
            return;
        };
        // Nothing is drawn before the first tick: quick runs show no progress at all.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let bar = bar.with_style(unknown).with_prefix(self.tool);
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(Duration::from_millis(100))
        {
            let (position, total) = self.position();
            if total > 0 && bar.length() != Some(total) {
                bar.set_length(total);
                bar.set_style(known.clone());
            }
            bar.set_position(position);
            bar.set_message(self.text());
            report::make_way(Some(bar.clone()));
        }
        report::make_way(None);
        bar.finish_and_clear();
    }

    fn print_lines(&self, stopped: &mpsc::Receiver<()>) {
        while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(Duration::from_secs(3)) {
            report::line(&format!("{}: {}", self.tool, self.text()));
        }
    }

    /// Units of work where the tool has them, else bytes.
    fn position(&self) -> (u64, u64) {
        match self.units_total.value() {
            0 => (self.read.value(), self.total.value()),
            total => (self.units.value(), total),
        }
    }

    fn text(&self) -> String {
        if self.units_total.value() > 0 {
            return format!(
                "{} of {} units",
                self.units.value(),
                self.units_total.value()
            );
        }
        let read = self.read.value();
        let rate = read as f64 / self.started.elapsed().as_secs_f64().max(0.001);
        let of = match self.total.value() {
            0 => String::new(),
            total => format!(" of {}", HumanBytes(total)),
        };
        let rows = HumanCount(self.rows.value());
        format!(
            "{rows} rows, {}{of}, {}/s",
            HumanBytes(read),
            HumanBytes(rate as u64)
        )
    }
}

fn is_pipe(stream: BorrowedFd<'_>) -> bool {
    rustix::fs::fstat(stream).is_ok_and(|stat| {
        rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Fifo
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(mode: ProgressMode, terminal: bool, pipes: (bool, bool)) -> Option<Manner> {
        let surroundings = Surroundings {
            terminal,
            stdin_is_pipe: pipes.0,
            stdout_is_pipe: pipes.1,
        };
        Manner::choose(mode, false, surroundings)
    }

    #[test]
    fn only_one_tool_of_a_pipe_redraws() {
        use ProgressMode::{Always, Auto, Never};
        let (alone, source, sink) = ((false, false), (false, true), (true, false));
        assert_eq!(chosen(Auto, true, sink), Some(Manner::Redrawn));
        assert_eq!(chosen(Auto, true, source), None);
        assert_eq!(chosen(Auto, false, alone), None);
        assert_eq!(chosen(Always, true, alone), Some(Manner::Redrawn));
        for pipes in [source, sink] {
            assert_eq!(chosen(Always, true, pipes), Some(Manner::Lines));
        }
        assert_eq!(chosen(Always, false, alone), Some(Manner::Lines));
        assert_eq!(chosen(Never, true, alone), None);
    }
}
