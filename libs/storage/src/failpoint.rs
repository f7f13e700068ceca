//! Places where tests break things on purpose. Present only in builds with debug
//! assertions; elsewhere [`reach`] is nothing.
//!
//! `MILLRACE_FAILPOINT=NAME=ACTION` acts at the first time NAME is reached,
//! `NAME#K=ACTION` at the K-th, `count=N:ACTION` at the N-th place reached, whatever
//! its name: so a loop over N = 1, 2, … until none fires breaks every step once.
//! ACTION is `kill` (SIGKILL, as a crash), `error` (an I/O error from here) or
//! `pause:MS`. `MILLRACE_FAILPOINT_TRACE=FILE` appends each name reached to FILE, the
//! one that fired with `!` in front.

use crate::Error;

/// Marks a place by its dotted name. Fails only where a test asked for it.
#[inline]
pub fn reach(name: &'static str) -> Result<(), Error> {
    #[cfg(debug_assertions)]
    armed::reach(name)?;
    let _ = name;
    Ok(())
}

#[cfg(debug_assertions)]
mod armed {
    use crate::Error;
    use rustix::process::{Signal, getpid, kill_process};
    use std::fs::OpenOptions;
    use std::io::{self, Write};
    use std::sync::{Mutex, PoisonError};
    use std::time::Duration;

    static REACHED: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

    pub(super) fn reach(name: &'static str) -> Result<(), Error> {
        let Ok(spec) = std::env::var("MILLRACE_FAILPOINT") else {
            return trace(name, false);
        };
        let (total, same) = {
            let mut reached = REACHED.lock().unwrap_or_else(PoisonError::into_inner);
            reached.push(name);
            (
                reached.len(),
                reached.iter().filter(|other| **other == name).count(),
            )
        };
        let action = chosen(&spec, name, total, same);
        trace(name, action.is_some())?;
        match action {
            None => Ok(()),
            Some(action) => act(action, name),
        }
    }

    /// The action that `spec` wants here, if any.
    fn chosen<'a>(spec: &'a str, name: &str, total: usize, same: usize) -> Option<&'a str> {
        let (selector, action) = spec.split_once('=')?;
        if selector == "count" {
            let (nth, action) = action.split_once(':')?;
            return (nth.parse() == Ok(total)).then_some(action);
        }
        let (wanted, nth) = selector.split_once('#').unwrap_or((selector, "1"));
        (wanted == name && nth.parse() == Ok(same)).then_some(action)
    }

    fn act(action: &str, name: &'static str) -> Result<(), Error> {
        match action.split_once(':') {
            Some(("pause", ms)) => {
                std::thread::sleep(Duration::from_millis(ms.parse().unwrap_or(0)));
                Ok(())
            }
            _ if action == "kill" => {
                let _ = kill_process(getpid(), Signal::KILL);
                Ok(())
            }
            _ => Err(Error::io(
                "pass failpoint",
                name,
                io::Error::from_raw_os_error(5),
            )),
        }
    }

    fn trace(name: &str, fired: bool) -> Result<(), Error> {
        let Some(path) = std::env::var_os("MILLRACE_FAILPOINT_TRACE") else {
            return Ok(());
        };
        let mark = if fired { "!" } else { "" };
        let file = OpenOptions::new().append(true).create(true).open(&path);
        file.and_then(|mut file| file.write_all(format!("{mark}{name}\n").as_bytes()))
            .map_err(|error| Error::io("write", path, error))
    }

    #[cfg(test)]
    mod tests {
        use super::chosen;

        #[test]
        fn selectors() {
            assert_eq!(chosen("a.b=kill", "a.b", 7, 1), Some("kill"));
            assert_eq!(chosen("a.b=kill", "a.b", 7, 2), None);
            assert_eq!(chosen("a.b#2=error", "a.b", 7, 2), Some("error"));
            assert_eq!(chosen("count=7:pause:10", "x", 7, 2), Some("pause:10"));
            assert_eq!(chosen("count=7:kill", "x", 8, 2), None);
        }
    }
}
