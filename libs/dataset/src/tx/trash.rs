//! Step 7: what was replaced goes to `trash/ID`, where readers that listed it before
//! still find it and undo takes it back from, until it is old enough.

use super::Error;
use crate::root::{Root, below};
use crate::state::{State, is_ready};
use millrace_storage::attributes::age;
use millrace_storage::{Name, ReadAt, dir, failpoint, names, open_read_at};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Moves `ready` to `trash/ID`, durably. An older one of the same id (the transaction
/// was taken back and done again) makes way.
pub(super) fn put(state: &State, ready: &Path, id: &str) -> Result<(), Error> {
    let place = state.trash().join(id);
    // Somebody may have tidied up by hand.
    dir::create_dir_all_synced(state.trash())?;
    dir::remove_tree(&place)?;
    failpoint::reach("tx.trash.before")?;
    dir::rename(ready, &place)?;
    failpoint::reach("tx.trash.renamed")?;
    // First where it is now: at no time is it in neither.
    dir::sync_dir(state.trash())?;
    dir::sync_dir(state.tx())?;
    Ok(failpoint::reach("tx.trash.synced")?)
}

/// Removes what has been in the trash for `keep`.
pub(super) fn clean(state: &State, keep: Duration) -> Result<(), Error> {
    for entry in names(state.trash())? {
        let place = state.trash().join(entry.name);
        if age(&place)?.is_some_and(|age| age >= keep) {
            failpoint::reach("tx.trash.clean")?;
            dir::remove_tree(place)?;
        }
    }
    Ok(())
}

/// Where a file of `partition` that has vanished since it was listed is now: it was
/// replaced, and waits in a transaction or in the trash. Its size tells it from another
/// one of that name. Takes no lock; `None` once the trash has been emptied.
pub fn locate(
    root: &Root,
    partition: &str,
    name: &str,
    bytes: u64,
) -> Result<Option<PathBuf>, Error> {
    let state = root.state();
    // On its way from one to the other it may be missed in both: so look twice.
    for folder in [state.tx(), state.trash(), state.tx(), state.trash()] {
        let found = search(&folder, partition, name, bytes)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// [`locate`], opened: between finding and opening, it may move on to the trash.
pub fn reopen(
    root: &Root,
    partition: &str,
    name: &str,
    bytes: u64,
) -> Result<Option<Arc<dyn ReadAt>>, Error> {
    const MOVES: usize = 8;
    for _ in 0..MOVES {
        let Some(path) = locate(root, partition, name, bytes)? else {
            return Ok(None);
        };
        match open_read_at(&path.as_path().into()) {
            Ok(file) => return Ok(Some(file)),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

fn search(
    folder: &Path,
    partition: &str,
    name: &str,
    bytes: u64,
) -> Result<Option<PathBuf>, Error> {
    let entries = match names(folder) {
        Ok(entries) => entries,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let staged = |entry: &Name| folder.ends_with("tx") && !is_ready(&entry.name);
    for entry in entries.into_iter().filter(|entry| !staged(entry)) {
        let found = in_transaction(&folder.join(entry.name), partition, name);
        let same = |path: &PathBuf| {
            path.symlink_metadata()
                .is_ok_and(|metadata| metadata.len() == bytes)
        };
        if let Some(path) = found.filter(same) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// A file of `partition` among what the transaction in `folder` replaced.
pub(super) fn in_transaction(folder: &Path, partition: &str, name: &str) -> Option<PathBuf> {
    let places = ["new", "old"].map(|set| below(&folder.join(set), partition).join(name));
    places.into_iter().find(|path| path.is_file())
}
