//! Several pieces of work whose results belong together, one of each at a time.

use crate::Hand;
use millrace_fault::{Failure, guarded};
use std::sync::mpsc::sync_channel;
use std::thread;

/// Runs each of `works` on a thread of its own and `take`s what they hand over, the first
/// results of all of them together, then the second, and so on; None stands for a piece of
/// work that is over before others are. Each is at most two results ahead. A failed `take`
/// ends them when they next hand something over.
///
/// # Errors
/// The first failure: of the earliest results, there of the first piece of work. A panic in
/// a piece of work is one.
pub fn abreast<T: Send, W: FnOnce(&Hand<T>) -> Result<(), Failure> + Send>(
    works: Vec<W>,
    mut take: impl FnMut(Vec<Option<T>>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    thread::scope(|scope| {
        let begin = |work: W| {
            let (sender, results) = sync_channel(1);
            scope.spawn(move || {
                let hand = Hand::to(sender);
                if let Err(failure) = guarded("rows", || work(&hand)) {
                    hand.fail(failure);
                }
            });
            results
        };
        // Dropped on the way out, so that nobody listens any more.
        let all: Vec<_> = works.into_iter().map(begin).collect();
        loop {
            let next = all.iter().map(|results| results.recv().ok().transpose());
            let next = next.collect::<Result<Vec<_>, _>>()?;
            if next.iter().all(Option::is_none) {
                return Ok(());
            }
            take(next)?;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Taken = Vec<Vec<Option<usize>>>;

    /// Each piece of work counts to a number, and fails or panics there if it is to.
    fn run(ends: &[(usize, &'static str)], stop_at: usize) -> (Taken, Result<(), Failure>) {
        let mut taken = Vec::new();
        let work = |(end, then): &(usize, &'static str)| {
            let (end, then) = (*end, *then);
            move |hand: &Hand<usize>| {
                let _ = (0..end).all(|item| hand.over(item));
                match then {
                    "fails" => Err(Failure::data(format!("at {end}"))),
                    "panics" => panic!("at {end}"),
                    _ => Ok(()),
                }
            }
        };
        let result = abreast(ends.iter().map(work).collect(), |items| {
            taken.push(items);
            match taken.len() == stop_at {
                true => Err(Failure::data("take")),
                false => Ok(()),
            }
        });
        (taken, result)
    }

    #[test]
    fn results_come_together_and_the_first_failure_is_told() {
        let (taken, result) = run(&[(100, ""), (100, ""), (98, "")], 1000);
        assert!(result.is_ok());
        let together = |item| vec![Some(item), Some(item), (item < 98).then_some(item)];
        assert_eq!(taken, (0..100).map(together).collect::<Vec<_>>());

        let (taken, result) = run(&[(9, "fails"), (5, "fails"), (5, "panics")], 1000);
        assert_eq!(result.unwrap_err().to_string(), "at 5");
        assert_eq!(taken.len(), 5);
        let (_, result) = run(&[(9, ""), (5, "panics")], 1000);
        assert!(result.unwrap_err().to_string().contains("internal error"));

        let (taken, result) = run(&[(usize::MAX, ""), (usize::MAX, "")], 7);
        assert_eq!(result.unwrap_err().to_string(), "take");
        assert_eq!(taken.len(), 7);
    }
}
