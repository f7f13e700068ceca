//! Transactions: how a dataset changes so that on disk every partition holds either its
//! old or its new set of files, whatever happens.
//!
//! 1. [`stage`](Stage): write complete partition folders under `tx/ID/new`, no lock.
//! 2. [`stage`](Stage::commit): check and sync what was staged.
//! 3. [`commit`]: the dataset's lock; [`recover`]; [`plan`], [`guard`], [`unite`],
//!    [`prepare`], [`probe`]; write [`intent`].
//! 4. [`commit`]: the commit point, `tx/ID` → `tx/ID.ready`.
//! 5. [`rollforward`]: exchange each partition's folder.
//! 6. [`log`]: one line.
//! 7. [`trash`]: what was replaced stays a while for readers and for [`undo`].
//!
//! Before the commit point everything is discarded on failure; after it nothing is, and
//! the next writer completes it.

use millrace_parallel::side_by_side;

mod change;
mod commit;
mod error;
mod footer;
mod guard;
mod intent;
mod key;
mod live;
mod log;
mod plan;
mod prepare;
mod probe;
mod recover;
mod rollforward;
mod stage;
mod trash;
mod undo;
mod unite;

pub use change::{Change, CommitOptions, Guards, Keep, Outcome, PartitionChange, StagedFile};
pub use error::Error;
pub use footer::UNITS_KEY;
pub use guard::{PartitionPreview, preview};
pub use key::{Fingerprint, RunKey};
pub use log::{LogEntry, LogPartition};
pub use recover::{check_root, recover};
pub use stage::Stage;
pub use trash::{locate, reopen};
pub use undo::undo;

/// So many folders or files pay for a further thread.
const ITEMS_PER_THREAD: usize = 64;

/// `work` on every item, on as many threads as pay.
fn each<'a, T: Sync, R: Send>(
    items: &'a [T],
    options: &CommitOptions,
    work: impl Fn(&'a T) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let threads = options.threads.min(items.len() / ITEMS_PER_THREAD);
    side_by_side(items, threads, work)
}
pub use unite::Unite;
