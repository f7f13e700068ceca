//! Work done ahead by several threads and taken in order, with a bounded backlog.

use millrace_fault::{Failure, guarded};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Where a piece of work hands over its results; false when nobody wants more.
pub struct Hand<T>(SyncSender<Result<T, Failure>>);

impl<T> Hand<T> {
    pub(crate) fn to(sender: SyncSender<Result<T, Failure>>) -> Self {
        Hand(sender)
    }

    /// Waits until the backlog has room.
    pub fn over(&self, item: T) -> bool {
        self.0.send(Ok(item)).is_ok()
    }

    /// What comes instead of further results. Nobody listens only when all is over.
    pub(crate) fn fail(&self, failure: Failure) {
        let _ = self.0.send(Err(failure));
    }
}

/// Results of a unit that usually may wait.
pub const RESULTS: usize = 8;

/// How much is begun and not taken yet.
#[derive(Clone, Copy, Debug)]
pub struct Backlog {
    /// Pieces of work that go on at once; twice as many may be begun.
    pub threads: usize,
    /// More of them while they weigh no more than this together: small ones are then made
    /// while their taker is busy with the last ones.
    pub small: u64,
    /// None beside another if they would weigh more than this together.
    pub large: u64,
    /// Results of each that may wait to be taken.
    pub results: usize,
}

type Job<U, T> = (U, SyncSender<Result<T, Failure>>);

/// Runs `work` on each of `units` with as many of them at once as the backlog permits, and
/// `take`s what they hand over: all of the first unit, then all of the second, and so on.
/// The first failure in that order ends it, and so does a `take` that returns false.
///
/// What a unit weighs stands beside it. Beside what waits there is the unit whose results
/// are being taken.
///
/// # Errors
/// The first failure, in the order of the units, of `work` or `take`.
pub fn in_order<U: Send, T: Send>(
    units: impl IntoIterator<Item = (U, u64)>,
    backlog: Backlog,
    work: impl Fn(U, &Hand<T>) -> Result<(), Failure> + Sync,
    mut take: impl FnMut(T) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut units = units.into_iter().peekable();
    if units.peek().is_none() {
        return Ok(());
    }
    let (jobs, queue) = channel::<Job<U, T>>();
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        // Moved in: the threads end when it is dropped, before the scope waits for them.
        let jobs = jobs;
        for _ in 0..backlog.threads {
            scope.spawn(|| worker(&queue, &work));
        }
        let mut waiting: VecDeque<(Receiver<Result<T, Failure>>, u64)> = VecDeque::new();
        let mut held: u64 = 0;
        loop {
            let has_room = |(_, weight): &(U, u64)| {
                let weight = held.saturating_add(*weight);
                let is_small = waiting.len() < 2 * backlog.threads || weight <= backlog.small;
                waiting.is_empty() || (is_small && weight <= backlog.large)
            };
            if let Some((unit, weight)) = units.next_if(has_room) {
                let (sender, receiver) = sync_channel(backlog.results);
                if jobs.send((unit, sender)).is_err() {
                    return Err(Failure::environment("the decoding threads are gone"));
                }
                waiting.push_back((receiver, weight));
                held = held.saturating_add(weight);
                continue;
            }
            // Dropping `waiting` and `jobs` on the way out stops the workers.
            let Some((results, weight)) = waiting.pop_front() else {
                return Ok(());
            };
            held = held.saturating_sub(weight);
            for result in results {
                if !take(result?)? {
                    return Ok(());
                }
            }
        }
    })
}

fn worker<U, T>(
    queue: &Mutex<Receiver<Job<U, T>>>,
    work: &(impl Fn(U, &Hand<T>) -> Result<(), Failure> + Sync),
) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((unit, sender)) = job else { return };
        let hand = Hand::to(sender);
        // A unit that ended in a panic must not look complete.
        if let Err(failure) = guarded("rows", || work(unit, &hand)) {
            hand.fail(failure);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn run(first: usize, threads: usize, stop_at: usize) -> (Vec<usize>, Result<(), Failure>) {
        let mut taken = Vec::new();
        let work = |unit: usize, hand: &Hand<usize>| {
            for part in 0..30 {
                if !hand.over(unit * 100 + part) {
                    return Ok(());
                }
            }
            match unit {
                7 => Err(Failure::data("seven")),
                11 => panic!("eleven"),
                _ => Ok(()),
            }
        };
        let units = (first..20).map(|unit| (unit, u64::MAX));
        let backlog = Backlog {
            threads,
            small: 0,
            large: u64::MAX,
            results: RESULTS,
        };
        let result = in_order(units, backlog, work, |item| {
            taken.push(item);
            Ok(taken.len() < stop_at)
        });
        (taken, result)
    }

    #[test]
    fn order_failures_and_stopping() {
        for threads in [1, 2, 5] {
            let (taken, result) = run(0, threads, usize::MAX);
            assert_eq!(result.unwrap_err().to_string(), "seven");
            assert_eq!(taken.len(), 8 * 30);
            assert!(taken.is_sorted());
            let (taken, result) = run(0, threads, 45);
            assert_eq!((taken.len(), result.is_ok()), (45, true));
            let (taken, result) = run(8, threads, usize::MAX);
            let told = result.unwrap_err().to_string();
            assert!(
                told.starts_with("cannot decode rows: internal error"),
                "{told}"
            );
            assert_eq!(taken.len(), 4 * 30);
        }
    }

    /// While the first unit is not taken, as many others are made as there is room for.
    #[test]
    fn what_waits_is_bounded_by_count_and_by_weight() {
        for (small, large, begun) in [
            (0, 100, 2),
            (2, 100, 2),
            (5, 100, 5),
            (100, 100, 12),
            (100, 3, 3),
            (100, 0, 1),
        ] {
            let backlog = Backlog {
                threads: 1,
                small,
                large,
                results: RESULTS,
            };
            let (made, told) = channel();
            let work = |unit: usize, hand: &Hand<usize>| {
                hand.over(unit);
                made.send(unit)
                    .map_err(|_| Failure::environment("the test is over"))
            };
            let mut taken = Vec::new();
            let units = (0..12).map(|unit| (unit, 1));
            let take = |unit| {
                if unit == 0 {
                    let count = told.iter().take(begun).count();
                    let more = told.recv_timeout(std::time::Duration::from_millis(50));
                    assert_eq!((count, more.is_err()), (begun, true), "{backlog:?}");
                }
                taken.push(unit);
                Ok(true)
            };
            in_order(units, backlog, work, take).unwrap();
            assert_eq!(taken, (0..12).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_more_results_wait_than_may() {
        for results in [1, 3] {
            let backlog = Backlog {
                threads: 1,
                small: 0,
                large: u64::MAX,
                results,
            };
            let made = AtomicUsize::new(0);
            let work = |(): (), hand: &Hand<()>| {
                for _ in 0..20 {
                    made.fetch_add(1, Ordering::Relaxed);
                    hand.over(());
                }
                Ok(())
            };
            let mut taken = 0;
            in_order([((), 1)], backlog, work, |()| {
                taken += 1;
                thread::sleep(std::time::Duration::from_millis(5));
                // Beside those that wait, one is on its way.
                assert!(made.load(Ordering::Relaxed) <= taken + results + 1);
                Ok(true)
            })
            .unwrap();
            assert_eq!(taken, 20);
        }
    }
}
