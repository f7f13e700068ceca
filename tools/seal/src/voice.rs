//! The command's standard error: passed on as it comes, its last line remembered.

use std::io::{self, Read, Write};
use std::process::ChildStderr;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How much of a line is remembered.
const LONGEST: usize = 2000;

/// A process that the command left behind may keep its standard error open: then
/// what was heard by now must do.
const PATIENCE: Duration = Duration::from_millis(500);

/// Standard error while it is passed on.
pub(crate) struct Voice {
    line: Arc<Mutex<LastLine>>,
    ended: Receiver<()>,
}

impl Voice {
    pub(crate) fn pass_on(mut stderr: ChildStderr) -> Voice {
        let line = Arc::new(Mutex::new(LastLine::default()));
        let (end, ended) = mpsc::channel();
        let heard = Arc::clone(&line);
        thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Some(bytes) = more(&mut stderr, &mut buffer) {
                // Our own standard error may be gone; the stream is what matters.
                let _ = io::stderr().write_all(bytes);
                heard
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .hear(bytes);
            }
            let _ = end.send(());
        });
        Voice { line, ended }
    }

    /// The last line that was not blank, once all was said.
    pub(crate) fn last_line(self) -> Option<String> {
        let _ = self.ended.recv_timeout(PATIENCE);
        self.line
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .text()
    }
}

fn more<'a>(source: &mut impl Read, buffer: &'a mut [u8]) -> Option<&'a [u8]> {
    loop {
        match source.read(buffer) {
            Ok(0) => return None,
            Ok(n) => return Some(&buffer[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

#[derive(Default)]
struct LastLine {
    last: Vec<u8>,
    current: Vec<u8>,
}

impl LastLine {
    fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => self.end_line(),
                _ if self.current.len() < LONGEST => self.current.push(*byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self) {
        if !self.current.trim_ascii().is_empty() {
            std::mem::swap(&mut self.last, &mut self.current);
        }
        self.current.clear();
    }

    /// The line with control characters made visible.
    fn text(&mut self) -> Option<String> {
        self.end_line();
        let text = String::from_utf8_lossy(self.last.trim_ascii());
        let mut shown = String::new();
        for c in text.chars() {
            match c.is_control() {
                true => shown.extend(c.escape_default()),
                false => shown.push(c),
            }
        }
        (!shown.is_empty()).then_some(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(parts: &[&str]) -> Option<String> {
        let mut line = LastLine::default();
        for part in parts {
            line.hear(part.as_bytes());
        }
        line.text()
    }

    #[test]
    fn the_last_line_that_says_something() {
        assert_eq!(last(&[]), None);
        assert_eq!(last(&["\n \n"]), None);
        assert_eq!(
            last(&["Traceback:\n", "  File\nValue", "Error: x\n\n"]).unwrap(),
            "ValueError: x"
        );
        assert_eq!(last(&["10%\r20%\rno newline"]).unwrap(), "no newline");
        assert_eq!(
            last(&["\u{1b}[31mred\u{1b}[0m"]).unwrap(),
            "\\u{1b}[31mred\\u{1b}[0m"
        );
    }

    #[test]
    fn endless_lines_are_cut() {
        assert_eq!(
            last(&["x".repeat(1 << 20).as_str()]).unwrap().len(),
            LONGEST
        );
    }
}
