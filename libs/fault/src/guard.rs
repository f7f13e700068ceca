//! Panics inside decoders: caught, located, turned into a refusal of the data.

use crate::Failure;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Replaces the default panic report (several lines and a backtrace) by a record
/// that [`guarded`] and the tool's `main` turn into one line.
pub fn record_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
        let text = info.payload_as_str().unwrap_or("panic");
        LAST.with(|last| *last.borrow_mut() = Some(format!("{text}{place}")));
    }));
}

/// The message of the panic that this thread caught last, taken.
pub fn last_panic() -> Option<String> {
    LAST.with(|last| last.borrow_mut().take())
}

/// Runs `decode`; a panic in it becomes exit 3, as millrace(7) promises for
/// whatever outside bytes may do to a decoder. `decode`'s state must not be used
/// after a failure.
pub fn guarded<T>(what: &str, decode: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    panic::catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        let reason = last_panic().unwrap_or_else(|| "panic".to_owned());
        Err(Failure::data(format!("cannot decode {what}"))
            .because(format!("internal error: {reason}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Exit;

    #[test]
    fn a_panic_is_refused_data() {
        let failure = guarded::<()>("'x'", || panic!("boom")).unwrap_err();
        assert_eq!(failure.exit(), Exit::DATA);
        assert!(
            failure
                .to_string()
                .starts_with("cannot decode 'x': internal error")
        );
    }
}
