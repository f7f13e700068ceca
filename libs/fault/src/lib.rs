//! What went wrong and which exit code it earns.
//!
//! The one vocabulary that every library and tool shares: an [`Exit`] code from
//! the table of millrace(7), and a [`Failure`] that carries one together with a
//! message, its cause chain, a hint, and (behind a pipe) the [`FirstCause`] that an
//! upstream tool reported. A library keeps its own typed error enum and says the
//! code by implementing [`Coded`]; `?` then turns it into a `Failure`.
//! Nothing here prints; `millrace-cli` does, in one place.

mod exit;
mod failure;
mod guard;
mod text;

pub use exit::Exit;
pub use failure::{Coded, Context, Failure, FirstCause};
pub use guard::{guarded, last_panic, record_panics};
pub use text::{clip, io_reason, lower_first, quoted};
