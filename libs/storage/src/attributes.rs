//! What a directory is besides its entries: who it is, whose, and on what filesystem.

use crate::{Error, dir};
use rustix::fs::{
    Access, AtFlags, CWD, Gid, Uid, XattrFlags, accessat, chown, lgetxattr, lsetxattr, renameat,
    statfs,
};
use rustix::io::Errno;
use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells a directory from another one made later under the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The device it is on. May change when a system starts anew.
    pub device: u64,
    /// Its inode number.
    pub inode: u64,
    /// When it was made, in nanoseconds since 1970; `None` where the filesystem does
    /// not tell.
    pub born: Option<u64>,
}

impl Identity {
    /// Whether both are the same directory. Inode and birth tell by themselves; the
    /// device number counts only without a birth time, since it may change with a reboot.
    pub fn same(&self, other: &Identity) -> bool {
        let born = match (self.born, other.born) {
            (Some(a), Some(b)) => a == b,
            _ => self.device == other.device,
        };
        self.inode == other.inode && born
    }
}

/// The identity of what `path` names, links not followed; `None` if it is missing.
pub fn identity(path: impl AsRef<Path>) -> Result<Option<Identity>, Error> {
    let Some(metadata) = metadata(path.as_ref())? else {
        return Ok(None);
    };
    let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
    let born = metadata
        .created()
        .ok()
        .and_then(since)
        .map(|d| d.as_nanos() as u64);
    Ok(Some(Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
        born,
    }))
}

/// How long ago `path` got its name or attributes (its inode changed last).
pub fn age(path: impl AsRef<Path>) -> Result<Option<Duration>, Error> {
    let Some(metadata) = metadata(path.as_ref())? else {
        return Ok(None);
    };
    let changed = Duration::new(metadata.ctime().max(0) as u64, metadata.ctime_nsec() as u32);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Ok(Some(now.saturating_sub(changed)))
}

fn metadata(path: &Path) -> Result<Option<Metadata>, Error> {
    match path.symlink_metadata() {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", path, error)),
    }
}

/// Gives the directory `to` the owner, mode and access lists of `from`. What an
/// unprivileged user may not give away stays his; everything else is an error. Answers
/// whether `to` had to be changed.
pub fn carry_over(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<bool, Error> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let old = attributes(from)?;
    let mut changed = give(&old, to, true)?;
    // After the owner: a change of owner clears the set-group-id bit.
    changed |= set_mode(to, old.mode())?;
    for name in ["system.posix_acl_access", DEFAULT_LIST] {
        if let Some(value) = attribute(from, name)? {
            changed |= set_attribute(to, name, &value)?;
        }
    }
    Ok(changed)
}

/// What a directory leaves to those that are made in it.
#[derive(Debug)]
pub struct Heritage {
    /// A set-group-id directory, whose group they get.
    above: Option<Metadata>,
    /// Its default access list.
    list: Option<Vec<u8>>,
}

const SET_GROUP_ID: u32 = 0o2000;
const DEFAULT_LIST: &str = "system.posix_acl_default";

impl Heritage {
    /// What the directory `parent` leaves.
    pub fn of(parent: impl AsRef<Path>) -> Result<Heritage, Error> {
        let parent = parent.as_ref();
        let above = Some(attributes(parent)?);
        Ok(Heritage {
            above: above.filter(|above| above.mode() & SET_GROUP_ID != 0),
            list: attribute(parent, DEFAULT_LIST)?,
        })
    }

    /// Gives the new directory `to` what it would have inherited, had it been made there.
    /// Answers whether `to` had to be changed.
    pub fn give(&self, to: impl AsRef<Path>) -> Result<bool, Error> {
        let to = to.as_ref();
        let mut changed = false;
        if let Some(above) = &self.above {
            changed |= give(above, to, false)?;
            changed |= set_mode(to, attributes(to)?.mode() | SET_GROUP_ID)?;
        }
        if let Some(list) = &self.list {
            changed |= set_attribute(to, DEFAULT_LIST, list)?;
        }
        Ok(changed)
    }
}

/// Those of what `path` leads to.
fn attributes(path: &Path) -> Result<Metadata, Error> {
    fs::metadata(path).map_err(|error| Error::io("read", path, error))
}

fn set_mode(path: &Path, mode: u32) -> Result<bool, Error> {
    const BITS: u32 = 0o7777;
    let changes = (attributes(path)?.mode() ^ mode) & BITS != 0;
    if changes {
        fs::set_permissions(path, Permissions::from_mode(mode & BITS))
            .map_err(|error| Error::io("set the mode of", path, error))?;
    }
    Ok(changes)
}

fn give(like: &Metadata, to: &Path, owner: bool) -> Result<bool, Error> {
    let new = attributes(to)?;
    let uid = (owner && like.uid() != new.uid()).then(|| Uid::from_raw(like.uid()));
    let gid = (like.gid() != new.gid()).then(|| Gid::from_raw(like.gid()));
    // One by one: a member of the group may pass the group on, but not the owner.
    for (uid, gid) in [(uid, None), (None, gid)] {
        if uid.is_some() || gid.is_some() {
            match chown(to, uid, gid) {
                Ok(()) | Err(Errno::PERM) => {}
                Err(error) => return Err(Error::io("set the owner of", to, error)),
            }
        }
    }
    Ok(uid.is_some() || gid.is_some())
}

fn set_attribute(path: &Path, name: &str, value: &[u8]) -> Result<bool, Error> {
    if attribute(path, name)?.as_deref() == Some(value) {
        return Ok(false);
    }
    match lsetxattr(path, name, value, XattrFlags::empty()) {
        Ok(()) => Ok(true),
        Err(Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(Error::io("set the access list of", path, error)),
    }
}

fn attribute(path: &Path, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let mut value = Vec::new();
    loop {
        // An empty buffer asks for the length: most directories have no list at all.
        match lgetxattr(path, name, value.as_mut_slice()) {
            Ok(length) if length <= value.len() => {
                value.truncate(length);
                return Ok(Some(value));
            }
            Ok(length) => value.resize(length, 0),
            Err(Errno::NODATA | Errno::OPNOTSUPP) => return Ok(None),
            Err(error) => return Err(Error::io("read the access list of", path, error)),
        }
    }
}

/// What a filesystem can do for a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filesystem {
    /// ext4, xfs, btrfs, tmpfs: known to exchange names.
    Exchanges,
    /// An overlay: exchanges, except for directories of a lower layer.
    Overlay,
    /// Served by another process (FUSE): nothing is known.
    Foreign,
    /// Anything else.
    Unknown,
}

/// The kind of filesystem that holds `path`.
pub fn filesystem(path: impl AsRef<Path>) -> Result<Filesystem, Error> {
    let path = path.as_ref();
    let stat = statfs(path).map_err(|error| Error::io("read", path, error))?;
    // Magic numbers of linux/magic.h.
    Ok(match stat.f_type as u32 {
        0xEF53 | 0x5846_5342 | 0x9123_683E | 0x0102_1994 => Filesystem::Exchanges,
        0x794C_7630 => Filesystem::Overlay,
        0x6573_5546 => Filesystem::Foreign,
        _ => Filesystem::Unknown,
    })
}

/// Checks that names in the directory `path` may be changed: rights, an immutable flag
/// and a read-only filesystem all tell.
pub fn check_writable(path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    accessat(
        CWD,
        path,
        Access::WRITE_OK | Access::EXEC_OK,
        AtFlags::EACCESS,
    )
    .map_err(|error| Error::io("write to", path, error))
}

/// Finds out whether directories could be moved to where the decoy is, without moving
/// them: asks for a rename onto a directory that is not empty, which must fail.
#[derive(Debug)]
pub struct Decoy {
    path: PathBuf,
}

impl Decoy {
    /// Makes the decoy in `directory`.
    pub fn make(directory: impl AsRef<Path>) -> Result<Self, Error> {
        let path = directory.as_ref().join("decoy");
        dir::create_dir(&path)?;
        dir::create_dir(path.join("full"))?;
        Ok(Decoy { path })
    }

    /// Fails if the directory `path` cannot be moved: EBUSY tells a mount point, EXDEV
    /// another mount or a lower layer of an overlay, EACCES and EPERM missing rights.
    pub fn check(&self, path: &Path) -> Result<(), Error> {
        match renameat(CWD, path, CWD, &self.path) {
            Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
            Err(error) => Err(Error::io("move", path, error)),
            Ok(()) => {
                // A filesystem that breaks POSIX here: put it back, and trust nothing.
                dir::rename(&self.path, path)?;
                let text = "the filesystem replaced a directory that was not empty";
                Err(Error::io("move", path, io::Error::other(text)))
            }
        }
    }

    /// Removes the decoy.
    pub fn remove(self) -> Result<(), Error> {
        dir::remove_tree(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_made_anew_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        assert!(identity(&path).unwrap().is_none());
        fs::create_dir(&path).unwrap();
        let first = identity(&path).unwrap().unwrap();
        let moved = folder.path().join("y");
        dir::rename(&path, &moved).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(first.same(&identity(&moved).unwrap().unwrap()));
        assert!(!first.same(&identity(&path).unwrap().unwrap()));
    }

    #[test]
    fn modes_are_carried_over_and_inherited() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        fs::create_dir(&old).unwrap();
        fs::create_dir(&new).unwrap();
        fs::set_permissions(&old, Permissions::from_mode(0o2750)).unwrap();
        for (changes, mode) in [(true, 0o2755), (false, 0o2755)] {
            assert_eq!(Heritage::of(&old).unwrap().give(&new).unwrap(), changes);
            assert_eq!(fs::metadata(&new).unwrap().mode() & 0o7777, mode);
        }
        for (changes, mode) in [(true, 0o2750), (false, 0o2750)] {
            assert_eq!(carry_over(&old, &new).unwrap(), changes);
            assert_eq!(fs::metadata(&new).unwrap().mode() & 0o7777, mode);
        }
    }

    #[test]
    fn movable_directories_are_not_moved() {
        let folder = tempfile::tempdir().unwrap();
        let (x, side) = (folder.path().join("x"), folder.path().join("side"));
        fs::create_dir_all(x.join("in")).unwrap();
        fs::create_dir(&side).unwrap();
        let decoy = Decoy::make(&side).unwrap();
        decoy.check(&x).unwrap();
        assert!(x.join("in").is_dir());
        assert_eq!(
            decoy.check(Path::new("/proc/self")).unwrap_err().errno(),
            Some(18)
        );
        decoy.remove().unwrap();
        assert_eq!(crate::list(&side).unwrap().len(), 0);
    }
}
