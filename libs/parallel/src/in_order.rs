//! Work done ahead by several threads and taken in order, with a bounded backlog.

use millrace_fault::{Failure, guarded};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
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
/// At most twice as many units as threads are not taken yet, so that a long one does not
/// hold up the threads, and what waits is bounded.
///
/// # Errors
/// The first failure, in the order of the units, of `work` or `take`.
pub fn in_order<U: Send, T: Send>(
    units: impl IntoIterator<Item = U>,
    threads: usize,
    work: impl Fn(U, &Hand<T>) -> Result<(), Failure> + Sync,
    mut take: impl FnMut(T) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let (jobs, queue) = sync_channel::<Job<U, T>>(threads);
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        // Moved in: the threads end when it is dropped, before the scope waits for them.
        let jobs = jobs;
        for _ in 0..threads {
            scope.spawn(|| worker(&queue, &work));
        }
        let mut units = units.into_iter();
        let mut waiting: VecDeque<Receiver<Result<T, Failure>>> = VecDeque::new();
        loop {
            while waiting.len() < 2 * threads {
                let Some(unit) = units.next() else { break };
                let (sender, receiver) = sync_channel(BACKLOG);
                if jobs.send((unit, sender)).is_err() {
                    return Err(Failure::environment("the decoding threads are gone"));
                }
                waiting.push_back(receiver);
            }
            // Dropping `waiting` and `jobs` on the way out stops the workers.
            let Some(results) = waiting.pop_front() else {
                return Ok(());
            };
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
        let result = in_order(first..20, threads, work, |item| {
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
}
