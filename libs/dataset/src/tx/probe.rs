//! Step 3: can the folders be exchanged here? Found out before the commit point, since
//! after it there is no way back.

use super::Error;
use super::plan::Planned;
use crate::root::Root;
use millrace_fault::quoted;
use millrace_storage::attributes::{Filesystem, check_movable, check_writable, filesystem};
use millrace_storage::{self as storage, dir, failpoint};
use std::path::{Path, PathBuf};

const EXDEV: i32 = 18;
const EINVAL: i32 = 22;
const ENOSYS: i32 = 38;

/// Whether the two-rename window is needed (`true`), given that it is allowed.
/// `tx` is a folder of this transaction, for the probes.
pub(super) fn needs_window(
    root: &Root,
    planned: &[Planned],
    tx: &Path,
    allowed: bool,
) -> Result<bool, Error> {
    let kind = kind(tx)?;
    for partition in planned {
        check_writable(existing_parent(&root.partition(&partition.intent.path)))?;
    }
    let replaced = planned.iter().filter(|partition| partition.exists);
    let live: Vec<PathBuf> = replaced
        .map(|partition| root.partition(&partition.intent.path))
        .collect();
    // A foreign server need not refuse the probe's rename as POSIX demands.
    if kind != Filesystem::Foreign {
        check_movable(&live, tx).map_err(|error| immovable(error, root))?;
    }
    if kind == Filesystem::Exchanges || exchanges(tx)? {
        return Ok(false);
    }
    match allowed {
        true => Ok(true),
        false => Err(Error::environment(format!("the filesystem of {} cannot exchange folders in one step", quoted(root.shown())))
            .hint("--allow-window accepts a moment in which readers miss a partition that is being replaced")),
    }
}

/// The nearest directory above `path` that exists.
pub(super) fn existing_parent(path: &Path) -> &Path {
    let mut above = path.ancestors().skip(1);
    above.find(|above| above.is_dir()).unwrap_or(path)
}

/// The filesystem's kind; unknown where tests take the exchange away.
fn kind(tx: &Path) -> Result<Filesystem, Error> {
    match exchange_is_taken_away() {
        true => Ok(Filesystem::Unknown),
        false => Ok(filesystem(tx)?),
    }
}

/// Tests try the two-rename way on any filesystem.
fn exchange_is_taken_away() -> bool {
    cfg!(debug_assertions) && std::env::var_os("MILLRACE_NO_EXCHANGE").is_some()
}

fn immovable(error: storage::Error, root: &Root) -> Error {
    if error.errno() != Some(EXDEV) {
        return error.into();
    }
    let path = match &error {
        storage::Error::Io { path, .. } => path.as_path(),
        _ => root.path(),
    };
    Error::environment(format!(
        "{} is a mount point, or lies in a lower layer of an overlay: it cannot be exchanged",
        quoted(path.to_string_lossy())
    ))
    .hint("put the dataset into a folder of a volume")
}

fn exchanges(tx: &Path) -> Result<bool, Error> {
    failpoint::reach("tx.probe")?;
    let (a, b) = (tx.join("probe-a"), tx.join("probe-b"));
    dir::create_dir(&a)?;
    dir::create_dir(&b)?;
    let outcome = exchange(&a, &b);
    dir::remove_tree(&a)?;
    dir::remove_tree(&b)?;
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.errno(), Some(EINVAL | ENOSYS)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The exchange of a live folder with its new one.
pub(super) fn exchange(a: &Path, b: &Path) -> Result<(), storage::Error> {
    match exchange_is_taken_away() {
        true => Err(storage::Error::pair(
            "exchange",
            a,
            b,
            std::io::Error::from_raw_os_error(EINVAL),
        )),
        false => dir::exchange(a, b),
    }
}
