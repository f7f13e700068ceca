//! The same work for many items, a few at a time.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does `work` on every item, on at most `threads` threads with the caller's; results in
/// the order of the items.
///
/// # Errors
/// The failure of the first item that has one, for any number of threads: an item is begun
/// only after all before it were, and none after a failure.
pub fn side_by_side<'a, T: Sync, R: Send, E: Send>(
    items: &'a [T],
    threads: usize,
    work: impl Fn(&'a T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    if threads <= 1 || items.len() <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done: Vec<(usize, Result<R, E>)> = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else {
                return done;
            };
            let result = work(item);
            if result.is_err() {
                next.store(items.len(), Ordering::Relaxed);
            }
            done.push((index, result));
        }
    };
    let mut all = thread::scope(|scope| {
        let others: Vec<_> = (1..threads.min(items.len()))
            .map(|_| scope.spawn(run))
            .collect();
        let mut all = run();
        for other in others {
            all.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        all
    });
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_whatever_the_threads() {
        let items: Vec<usize> = (0..100).collect();
        for threads in [0, 1, 2, 7, 200] {
            let squares = side_by_side(&items, threads, |item| Ok::<_, ()>(item * item));
            assert_eq!(squares, Ok(items.iter().map(|item| item * item).collect()));
        }
        assert_eq!(side_by_side(&[0; 0], 2, |_| Err::<(), _>(1)), Ok(vec![]));
    }

    #[test]
    fn the_first_of_several_failures_counts_and_nothing_is_begun_after_it() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [1, 2, 8] {
            let begun = AtomicUsize::new(0);
            let result = side_by_side(&items, threads, |item| {
                begun.fetch_add(1, Ordering::Relaxed);
                if *item >= 10 {
                    // Later ones fail sooner.
                    thread::sleep(std::time::Duration::from_millis(20 - *item as u64 % 20));
                    return Err(*item);
                }
                Ok(())
            });
            assert_eq!(result, Err(10), "{threads} threads");
            assert!(begun.into_inner() <= 10 + threads);
        }
    }
}
