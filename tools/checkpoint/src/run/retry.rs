//! Whether and when a failed command is tried again.

use super::attempt::Ended;
use crate::args::{Conduct, RetryOn};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Failures that stay what they are: wrong usage, refused data, nothing to run.
const HOPELESS: [u8; 4] = [2, 3, 126, 127];

/// What is left of the retries.
#[derive(Debug)]
pub(crate) struct Retries {
    left: u32,
    delay: Duration,
    backoff: f64,
    most: Duration,
    on: Option<RetryOn>,
}

impl Retries {
    pub(crate) fn new(conduct: &Conduct) -> Self {
        Retries {
            left: conduct.retries,
            delay: conduct.retry_delay.0,
            backoff: conduct.backoff,
            most: conduct.max_delay.0,
            on: conduct.retry_on.clone(),
        }
    }

    /// How long to wait before the next attempt; None: there is none.
    pub(crate) fn pause_after(&mut self, ended: &Ended) -> Option<Duration> {
        if self.left == 0 || ended.stopped || !self.is_worth_it(ended.exit) {
            return None;
        }
        self.left -= 1;
        let base = self.delay.min(self.most);
        self.delay =
            Duration::try_from_secs_f64(base.as_secs_f64() * self.backoff).unwrap_or(self.most);
        Some(base.mul_f64(jitter()))
    }

    fn is_worth_it(&self, exit: u8) -> bool {
        match &self.on {
            None => !HOPELESS.contains(&exit),
            Some(RetryOn::Any) => true,
            Some(RetryOn::Codes(codes)) => codes.contains(&exit),
        }
    }
}

/// 0.75 to 1.25: those that failed together do not come back together.
fn jitter() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    0.75 + (random >> 11) as f64 / (1u64 << 53) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::super::attempt::Cause;
    use super::*;

    fn ended(exit: u8) -> Ended {
        Ended {
            exit,
            cause: Cause::Exited,
            stopped: false,
        }
    }

    fn retries(on: Option<RetryOn>) -> Retries {
        Retries {
            left: 5,
            delay: Duration::from_secs(10),
            backoff: 2.0,
            most: Duration::from_secs(35),
            on,
        }
    }

    #[test]
    fn waits_grow_up_to_a_limit() {
        let mut retries = retries(None);
        for expected in [10.0, 20.0, 35.0, 35.0, 35.0] {
            let pause = retries.pause_after(&ended(4)).unwrap().as_secs_f64();
            assert!(
                (0.75 * expected..=1.25 * expected).contains(&pause),
                "{pause} for {expected}"
            );
        }
        assert_eq!(retries.pause_after(&ended(4)), None);
    }

    #[test]
    fn the_hopeless_and_the_stopped_are_not_repeated() {
        for exit in [2, 3, 126, 127] {
            assert_eq!(retries(None).pause_after(&ended(exit)), None, "{exit}");
        }
        for exit in [1, 4, 5, 124, 137] {
            assert!(retries(None).pause_after(&ended(exit)).is_some(), "{exit}");
        }
        assert_eq!(
            retries(None).pause_after(&Ended {
                stopped: true,
                ..ended(4)
            }),
            None
        );
        assert!(retries(Some(RetryOn::Any)).pause_after(&ended(3)).is_some());
        assert!(
            retries(Some(RetryOn::Codes(vec![3])))
                .pause_after(&ended(3))
                .is_some()
        );
        assert_eq!(
            retries(Some(RetryOn::Codes(vec![3]))).pause_after(&ended(4)),
            None
        );
    }

    #[test]
    fn jitter_stays_within_a_quarter() {
        assert!((0..1000).all(|_| (0.75..=1.25).contains(&jitter())));
    }
}
