//! Progress on stderr: one line that redraws on a terminal, plain lines on request.

use crate::metrics::{Counter, Metrics};
use crate::options::ProgressMode;
use crate::report;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Draws until it is dropped; then nothing is left behind on the terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    stop: Option<Sender<()>>,
    painter: Option<JoinHandle<()>>,
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

impl Progress {
    /// In a pipeline only the sink draws: a tool whose stdout is a pipe keeps quiet,
    /// so that lines of several tools never overwrite each other.
    pub(crate) fn start(
        tool: &'static str,
        mode: ProgressMode,
        quiet: bool,
        metrics: &Metrics,
    ) -> Option<Progress> {
        let terminal = std::io::stderr().is_terminal();
        let draws = match mode {
            ProgressMode::Never => false,
            ProgressMode::Always => true,
            ProgressMode::Auto => terminal && !quiet && !stdout_is_pipe(),
        };
        if !draws {
            return None;
        }
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
        let paint = move || match terminal {
            true => watched.redraw(&stopped),
            false => watched.print_lines(&stopped),
        };
        let painter = thread::Builder::new()
            .name("progress".into())
            .spawn(paint)
            .ok()?;
        Some(Progress {
            stop: Some(stop),
            painter: Some(painter),
        })
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
        }
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

fn stdout_is_pipe() -> bool {
    rustix::fs::fstat(rustix::stdio::stdout()).is_ok_and(|stat| {
        rustix::fs::FileType::from_raw_mode(stat.st_mode) == rustix::fs::FileType::Fifo
    })
}
