//! Several threads, one order.
//!
//! Every worker takes the next parcel from the feed, decodes it (its bytes still warm
//! in this core's cache), and hands the result in by number. Whoever hands in the one
//! that is due emits it and all that wait behind it; the others go on. A worker too far
//! ahead waits, so that what is in memory is bounded by the number of threads; and so
//! does one whose parcel turns out to be far larger decoded than it was: it goes on, part
//! by part, when its turn has come.

use crate::emit::Emitter;
use crate::feed::{Feed, Trouble};
use crate::parcel::Parcel;
use crate::work::{Decoded, Worker};
use millrace_fault::{Failure, guarded};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Decodes everything that `feed` has with `threads` workers, and emits it in order.
pub(crate) fn run<'a>(
    feed: Feed<'_>,
    emitter: &mut Emitter<'_>,
    threads: usize,
    worker: impl Fn() -> Worker<'a> + Sync,
) -> Result<(), Failure> {
    let line = Line {
        feed: Mutex::new(feed),
        exit: Mutex::new(Door {
            next: 0,
            waiting: BTreeMap::new(),
            emitter: Some(emitter),
            failure: None,
        }),
        moved: Condvar::new(),
        ahead: threads as u64 + 1,
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| line.work(worker()));
        }
        line.work(worker());
    });
    let door = line
        .exit
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    door.failure.map_or(Ok(()), Err)
}

/// What the workers share.
struct Line<'l, 'f, 'e> {
    feed: Mutex<Feed<'f>>,
    exit: Mutex<Door<'l, 'e>>,
    moved: Condvar,
    /// How far a worker may be ahead of what is due.
    ahead: u64,
}

/// Where results leave in order.
struct Door<'l, 'e> {
    next: u64,
    waiting: BTreeMap<u64, Ready>,
    /// None while somebody emits.
    emitter: Option<&'l mut Emitter<'e>>,
    failure: Option<Failure>,
}

enum Ready {
    Parcel(Parcel, Decoded),
    Trouble(Trouble),
}

impl<'l, 'e> Line<'l, '_, 'e> {
    fn work(&self, mut worker: Worker<'_>) {
        while !self.has_failed() {
            let (number, ready) = match self.take() {
                (_, Ok(None)) => return,
                (_, Ok(Some(parcel))) => {
                    let mut hand_over = |part| self.hand_over(&parcel, part);
                    let decoded = worker.decode(&parcel, &mut hand_over);
                    (parcel.number, Ready::Parcel(parcel, decoded))
                }
                (number, Err(trouble)) => (number, Ready::Trouble(trouble)),
            };
            self.hand_in(number, ready);
        }
    }

    /// The next parcel, or trouble in its place.
    fn take(&self) -> (u64, Result<Option<Parcel>, Trouble>) {
        let mut feed = lock(&self.feed);
        let number = feed.number();
        // A worker that vanished with its number would keep the others waiting.
        let next = guarded("the input", || Ok(feed.next()));
        (number, next.unwrap_or_else(|failure| Err(failure.into())))
    }

    fn hand_in(&self, number: u64, ready: Ready) {
        let mut door = lock(&self.exit);
        while door.failure.is_none() && number >= door.next + self.ahead {
            door = self
                .moved
                .wait(door)
                .unwrap_or_else(PoisonError::into_inner);
        }
        door.waiting.insert(number, ready);
        self.let_out(door);
    }

    /// Emits a first part of what becomes of a parcel, once it is due: nobody else has
    /// the way out then.
    fn hand_over(&self, parcel: &Parcel, part: Decoded) -> ControlFlow<()> {
        let mut door = lock(&self.exit);
        while door.failure.is_none() && (parcel.number > door.next || door.emitter.is_none()) {
            door = self
                .moved
                .wait(door)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if door.failure.is_some() {
            return ControlFlow::Break(());
        }
        let Some(emitter) = door.emitter.take() else {
            return ControlFlow::Break(());
        };
        drop(door);
        let emitted = guarded("a batch", || emitter.emit_part(parcel, part));
        let mut door = lock(&self.exit);
        door.emitter = Some(emitter);
        door.failure = emitted.err();
        if door.failure.is_none() {
            return ControlFlow::Continue(());
        }
        self.moved.notify_all();
        ControlFlow::Break(())
    }

    /// Emits what is due, unless somebody else is at it.
    fn let_out<'d>(&'d self, mut door: MutexGuard<'d, Door<'l, 'e>>) {
        while door.failure.is_none() {
            let due = door.next;
            if door.emitter.is_none() || !door.waiting.contains_key(&due) {
                return;
            }
            let (Some(emitter), Some(ready)) = (door.emitter.take(), door.waiting.remove(&due))
            else {
                return;
            };
            drop(door);
            let emitted = guarded("a batch", || self.emit(emitter, ready));
            door = lock(&self.exit);
            door.emitter = Some(emitter);
            door.next += 1;
            door.failure = emitted.err();
            self.moved.notify_all();
        }
    }

    fn emit(&self, emitter: &mut Emitter<'_>, ready: Ready) -> Result<(), Failure> {
        match ready {
            Ready::Parcel(parcel, decoded) => {
                emitter.emit(&parcel, decoded)?;
                lock(&self.feed).recycle(parcel.chunk);
                Ok(())
            }
            Ready::Trouble(Trouble::Failure(failure)) => Err(failure),
            Ready::Trouble(Trouble::TooLong {
                file,
                offset,
                lines_before,
            }) => Err(emitter.too_long(&file, offset, lines_before)),
        }
    }

    fn has_failed(&self) -> bool {
        lock(&self.exit).failure.is_some()
    }
}

/// A worker that panicked has failed the run; what it held is not looked at again.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
