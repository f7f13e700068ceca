//! Which store a command works on.

use millrace_fault::Failure;
use millrace_state::Place;
use std::path::Path;

/// The store that was named, or the one found from the working directory upward.
pub(crate) fn place(named: Option<&Path>) -> Result<Place, Failure> {
    let here = std::env::current_dir()
        .map_err(|error| Failure::io("find", "the working directory", error))?;
    Ok(Place::locate(named, &here)?)
}

/// What a reader says where nothing has been written yet.
pub(crate) const NOTHING_YET: &str = "no '.millrace/state.db' here or above: nothing is done yet";
