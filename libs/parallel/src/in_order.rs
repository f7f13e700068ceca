//! Work done ahead by several threads and taken in order, with a bounded backlog.

use millrace_fault::{Failure, guarded};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Results of one piece of work that may wait to be taken.
const BACKLOG: usize = 8;

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
}

type Job<U, T> = (U, SyncSender<Result<T, Failure>>);

/// Runs `work` on each of `units` with up to `threads` of them at once, and `take`s
/// what they hand over: all of the first unit, then all of the second, and so on. The
/// first failure in that order ends it, and so does a `take` that returns false.
///
/// At most twice as many units as threads are begun and not taken yet, so that a long one
/// does not hold up the threads, and what waits is bounded; more of them while they weigh,
/// by what stands beside each, no more than `most` together: small ones are then made
/// while their taker is busy with the last ones.
///
/// # Errors
/// The first failure, in the order of the units, of `work` or `take`.
pub fn in_order<U: Send, T: Send>(
    units: impl IntoIterator<Item = (U, u64)>,
    threads: usize,
    most: u64,
    work: impl Fn(U, &Hand<T>) -> Result<(), Failure> + Sync,
    mut take: impl FnMut(T) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let (jobs, queue) = channel::<Job<U, T>>();
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        // Moved in: the threads end when it is dropped, before the scope waits for them.
        let jobs = jobs;
        for _ in 0..threads {
            scope.spawn(|| worker(&queue, &work));
        }
        let mut units = units.into_iter().peekable();
        let mut waiting: VecDeque<(Receiver<Result<T, Failure>>, u64)> = VecDeque::new();
        let mut held: u64 = 0;
        loop {
            let has_room = |(_, weight): &(U, u64)| {
                waiting.len() < 2 * threads || held.saturating_add(*weight) <= most
            };
            if let Some((unit, weight)) = units.next_if(has_room) {
                let (sender, receiver) = sync_channel(BACKLOG);
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
            // Nobody listens only when all is over.
            let _ = hand.0.send(Err(failure));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let result = in_order(units, threads, 0, work, |item| {
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
        for (most, begun) in [(0, 2), (2, 2), (5, 5), (1000, 12)] {
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
                    assert_eq!((count, more.is_err()), (begun, true), "{most}");
                }
                taken.push(unit);
                Ok(true)
            };
            in_order(units, 1, most, work, take).unwrap();
            assert_eq!(taken, (0..12).collect::<Vec<_>>());
        }
    }
}
