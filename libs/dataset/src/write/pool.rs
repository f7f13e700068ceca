//! Threads that encode. Each [`Task`] is a queue of its own that one thread at a time
//! works off, so that the order within it, and with it every byte, is fixed.
//!
//! The caller helps while it waits: with one thread there is no other. A backlog of
//! rows is bounded by [`Pool::admit`]; memory that is not fresh is what makes it fast.

use super::WriteError;
use millrace_fault::last_panic;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long to wait before looking again.
const WHILE: Duration = Duration::from_millis(20);

/// Something with work waiting in it.
pub(super) trait Task: Send + Sync {
    /// Works until nothing is waiting.
    fn run(&self) -> Result<(), WriteError>;
}

/// The threads and what they wait for.
pub(super) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// Bytes of rows that may wait or be in work.
    limit: usize,
}

#[derive(Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// A task came, a task is done, or the end is near.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    tasks: VecDeque<Arc<dyn Task>>,
    backlog: usize,
    /// Threads that wait for a change: without one, telling of it is a system call for nothing.
    waiting: usize,
    closed: bool,
    failed: Option<WriteError>,
}

/// Bytes of the backlog, given back when dropped.
pub(super) struct Permit {
    shared: Arc<Shared>,
    bytes: usize,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.backlog -= self.bytes;
        self.shared.tell(state);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands `task` to whichever thread is free.
    pub(super) fn submit(&self, task: Arc<dyn Task>) {
        let mut state = self.lock();
        state.tasks.push_back(task);
        self.tell(state);
    }

    /// Wakes who waits for a change of `state`.
    fn tell(&self, state: MutexGuard<'_, State>) {
        let waiting = state.waiting;
        drop(state);
        if waiting > 0 {
            self.changed.notify_all();
        }
    }

    /// Waits for a change; at most for [`WHILE`] where what is waited for depends on more than
    /// the state.
    fn wait<'a>(&self, mut state: MutexGuard<'a, State>, on_more: bool) -> MutexGuard<'a, State> {
        state.waiting += 1;
        let mut state = match on_more {
            true => {
                let waited = self.changed.wait_timeout(state, WHILE);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            false => {
                let waited = self.changed.wait(state);
                waited.unwrap_or_else(PoisonError::into_inner)
            }
        };
        state.waiting -= 1;
        state
    }

    fn run(&self, task: &dyn Task) {
        let result = catch_unwind(AssertUnwindSafe(|| task.run())).unwrap_or_else(|_| {
            let reason = last_panic().unwrap_or_else(|| "panic".to_owned());
            Err(WriteError::Encode {
                what: "rows".to_owned(),
                reason: format!("internal error: {reason}"),
            })
        });
        // Locked even if nothing failed: who has just seen that the task is not done yet, and
        // is about to wait, must not miss that it is.
        let mut state = self.lock();
        if let Err(error) = result {
            state.failed.get_or_insert(error);
        }
        self.tell(state);
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(task) = state.tasks.pop_front() {
                drop(state);
                self.run(task.as_ref());
                drop(task);
                state = self.lock();
            } else if state.closed {
                return;
            } else {
                state = self.wait(state, false);
            }
        }
    }
}

impl Pool {
    /// `threads` in all, the caller's included; at most `limit` bytes of backlog.
    pub(super) fn new(threads: usize, limit: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let worker = |_| {
            let shared = shared.clone();
            std::thread::spawn(move || shared.work())
        };
        let workers: Vec<JoinHandle<()>> = (1..threads).map(worker).collect();
        let limit = if workers.is_empty() { 0 } else { limit };
        Pool {
            workers,
            limit,
            shared,
        }
    }

    /// Where tasks are handed in.
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Waits until the backlog has room, then takes `bytes` of it.
    pub(super) fn admit(&self, bytes: usize) -> Result<Permit, WriteError> {
        self.wait_until(|state| state.backlog <= self.limit)?;
        self.shared.lock().backlog += bytes;
        Ok(Permit {
            shared: self.shared.clone(),
            bytes,
        })
    }

    /// Works until `done`, and waits when there is no work.
    pub(super) fn help_until(&self, done: impl Fn() -> bool) -> Result<(), WriteError> {
        self.wait_until(|_| done())
    }

    fn wait_until(&self, done: impl Fn(&State) -> bool) -> Result<(), WriteError> {
        let mut state = self.shared.lock();
        loop {
            if let Some(error) = state.failed.take() {
                return Err(error);
            }
            if done(&state) {
                return Ok(());
            }
            if let Some(task) = state.tasks.pop_front() {
                drop(state);
                self.shared.run(task.as_ref());
                drop(task);
                state = self.shared.lock();
            } else {
                state = self.shared.wait(state, true);
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        let tasks = std::mem::take(&mut state.tasks);
        self.shared.tell(state);
        // Rows in them give their permits back under the same lock.
        drop(tasks);
        for worker in self.workers.drain(..) {
            let _ = worker.join();
        }
    }
}
