//! One piece of work ahead of what is done with its results.

use crate::Hand;
use millrace_fault::{Failure, guarded};
use std::sync::mpsc::sync_channel;
use std::thread;

/// Runs `work` on a thread of its own and `take`s what it hands over, in that order. One
/// result is made while the one before it is taken; none waits beside these. A failed
/// `take` ends it when `work` next hands something over.
///
/// # Errors
/// That of `take`, else that of `work`; a panic in `work` is one.
pub fn ahead<T: Send, R: Send>(
    work: impl FnOnce(&Hand<T>) -> Result<R, Failure> + Send,
    mut take: impl FnMut(T) -> Result<(), Failure>,
) -> Result<R, Failure> {
    let (sender, results) = sync_channel(0);
    thread::scope(|scope| {
        let hand = Hand::to(sender);
        // Moved in: the results end when the work does.
        let working = scope.spawn(move || guarded("rows", || work(&hand)));
        // Dropped when `take` fails, so that nobody listens any more.
        let taken = results
            .into_iter()
            .try_for_each(|result| result.and_then(&mut take));
        let worked = working
            .join()
            .unwrap_or_else(|_| Err(Failure::environment("the thread that reads is gone")));
        taken.and(worked)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(count: usize, fails: bool, stop_at: usize) -> (Vec<usize>, Result<usize, Failure>) {
        let mut taken = Vec::new();
        let work = |hand: &Hand<usize>| {
            for item in 0..count {
                if !hand.over(item) {
                    return Ok(item);
                }
            }
            match fails {
                true => Err(Failure::data("work")),
                false => Ok(count),
            }
        };
        let result = ahead(work, |item| {
            taken.push(item);
            match item == stop_at {
                true => Err(Failure::data("take")),
                false => Ok(()),
            }
        });
        (taken, result)
    }

    #[test]
    fn everything_in_order_or_the_first_failure() {
        let (taken, result) = run(100, false, usize::MAX);
        assert_eq!((taken, result.unwrap()), ((0..100).collect(), 100));
        let (taken, result) = run(10, true, usize::MAX);
        assert_eq!(taken.len(), 10);
        assert_eq!(result.unwrap_err().to_string(), "work");
        let (taken, result) = run(usize::MAX, true, 5);
        assert_eq!(taken.len(), 6);
        assert_eq!(result.unwrap_err().to_string(), "take");
        let panics = ahead(
            |_: &Hand<()>| -> Result<(), _> { panic!("seven") },
            |()| Ok(()),
        );
        assert!(panics.unwrap_err().to_string().contains("internal error"));
    }
}
