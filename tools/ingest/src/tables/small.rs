//! Small files, several at a time: each is decoded by one thread, all rows of the first
//! before those of the second. What it takes to divide a file among threads is more than
//! it takes to decode a small one.

use super::{Piece, Target, open, pieces};
use crate::inputs::Input;
use crate::plan::Plan;
use millrace_cli::Job;
use millrace_fault::Failure;
use millrace_parallel::{Backlog, Hand, in_order};
use std::collections::VecDeque;

/// Bytes of a small file, as stored.
const SMALL: u64 = 1 << 20;
/// Small files that wait to be emitted are no larger together.
const TOGETHER: u64 = 2 << 20;
/// Batches that wait, of all of them: two MiB each at most.
const WAITING: usize = 8;
/// So many of them may be open whatever the number of threads.
const TINY: u64 = 256 << 10;

/// Reads the small files that come next, up to the first that is not small.
pub(super) fn read_all(
    plan: &Plan,
    job: &Job,
    inputs: &mut VecDeque<Input>,
    target: &Target,
    mut take: impl FnMut(Piece) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if plan.threads == 1 {
        return Ok(());
    }
    let small = || {
        let weight = size(inputs.front()?);
        let input = inputs.pop_front_if(|_| weight <= SMALL)?;
        Some((input, weight))
    };
    let backlog = Backlog {
        threads: plan.threads,
        small: TINY,
        large: TOGETHER,
        results: (WAITING / (2 * plan.threads)).max(1),
    };
    let work = |input: Input, hand: &Hand<Piece>| {
        let reader = open(plan, job, &input)?;
        pieces(plan, reader, 1, target, |piece| match hand.over(piece) {
            true => Ok(()),
            false => Err(Failure::environment("nobody wants more rows")),
        })
    };
    in_order(std::iter::from_fn(small), backlog, work, |piece| {
        take(piece).map(|()| true)
    })
}

/// Bytes of an input as stored; of what is no plain file too many to be small.
fn size(input: &Input) -> u64 {
    input
        .size()
        .filter(|_| input.is_regular())
        .unwrap_or(u64::MAX)
}
