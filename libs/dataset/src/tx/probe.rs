//! Step 3: can the folders be exchanged here? Found out before the commit point, since
//! after it there is no way back.

use super::Error;
use super::intent::PartitionIntent;
use super::plan::Planned;
use crate::root::Root;
use millrace_fault::quoted;
use millrace_storage::attributes::{Decoy, Filesystem, check_writable, filesystem};
use millrace_storage::{self as storage, dir, failpoint};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const EBUSY: i32 = 16;
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
    let above = folders_above(root, planned);
    above.iter().try_for_each(check_writable)?;
    // A foreign server need not refuse the probe's rename as POSIX demands.
    if kind != Filesystem::Foreign {
        check_movable(root, planned, &above, tx)?;
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
    existing(dir::parent(path))
}

/// `path`, or the nearest directory above it that exists.
fn existing(path: &Path) -> &Path {
    let mut all = path.ancestors();
    all.find(|folder| folder.is_dir()).unwrap_or(path)
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

/// The folders that hold, or are going to hold, one of `partitions`: few, whatever their
/// number.
pub(super) fn parents<'a>(
    root: &Root,
    partitions: impl Iterator<Item = &'a PartitionIntent>,
) -> BTreeSet<PathBuf> {
    let folders = partitions.map(|intent| root.partition(&intent.path));
    folders
        .map(|folder| dir::parent(&folder).to_owned())
        .collect()
}

/// The folders that hold, or are going to hold, a partition, and those above them, as
/// far as they exist.
fn folders_above(root: &Root, planned: &[Planned]) -> BTreeSet<PathBuf> {
    let mut above = BTreeSet::new();
    let parents = parents(root, planned.iter().map(|partition| &partition.intent));
    for parent in parents.iter().map(|parent| existing(parent)) {
        let within = |path: &&Path| path.starts_with(root.path());
        above.extend(parent.ancestors().take_while(within).map(Path::to_owned));
        above.insert(parent.to_owned());
    }
    above
}

fn check_movable(
    root: &Root,
    planned: &[Planned],
    above: &BTreeSet<PathBuf>,
    tx: &Path,
) -> Result<(), Error> {
    let decoy = Decoy::make(tx)?;
    let mut replaced = planned.iter().filter(|partition| partition.exists);
    let checked =
        replaced.try_for_each(|partition| decoy.check(&root.partition(&partition.intent.path)));
    // Folders above stay where they are: a lower layer will do, another mount will not.
    let within = above.iter().filter(|path| path.starts_with(root.path()));
    let checked = checked.and_then(|()| {
        within
            .map(|path| decoy.check(path))
            .try_for_each(except_lower_layer)
    });
    decoy.remove()?;
    checked.map_err(|error| immovable(error, root))
}

fn except_lower_layer(checked: Result<(), storage::Error>) -> Result<(), storage::Error> {
    checked.or_else(|error| {
        if error.errno() == Some(EXDEV) {
            Ok(())
        } else {
            Err(error)
        }
    })
}

fn immovable(error: storage::Error, root: &Root) -> Error {
    let what = match error.errno() {
        Some(EBUSY) => "is a mount point: what is staged beside it cannot be moved into it",
        Some(EXDEV) => {
            "lies in a lower layer of an overlay, or on another mount: it cannot be exchanged"
        }
        _ => return error.into(),
    };
    let path = match &error {
        storage::Error::Io { path, .. } => path.as_path(),
        _ => root.path(),
    };
    Error::environment(format!("{} {what}", quoted(path.to_string_lossy())))
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
