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
/// unprivileged user may not give away stays his; everything else is an error.
pub fn carry_over(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), Error> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let old = fs::metadata(from).map_err(|error| Error::io("read", from, error))?;
    give(&old, to, true)?;
    // After the owner: a change of owner clears the set-group-id bit.
    let mode = Permissions::from_mode(old.mode() & 0o7777);
    fs::set_permissions(to, mode).map_err(|error| Error::io("set the mode of", to, error))?;
    ["system.posix_acl_access", "system.posix_acl_default"]
        .iter()
        .try_for_each(|name| copy_attribute(from, to, name))
}

/// Gives the new directory `to` what it would have inherited, had it been made inside
/// `parent`: a set-group-id parent's group, and its default access list.
pub fn inherit(parent: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), Error> {
    const SET_GROUP_ID: u32 = 0o2000;
    let (parent, to) = (parent.as_ref(), to.as_ref());
    let above = fs::metadata(parent).map_err(|error| Error::io("read", parent, error))?;
    if above.mode() & SET_GROUP_ID != 0 {
        give(&above, to, false)?;
        let own = fs::metadata(to).map_err(|error| Error::io("read", to, error))?;
        let mode = Permissions::from_mode((own.mode() | SET_GROUP_ID) & 0o7777);
        fs::set_permissions(to, mode).map_err(|error| Error::io("set the mode of", to, error))?;
    }
    copy_attribute(parent, to, "system.posix_acl_default")
}

fn give(like: &Metadata, to: &Path, owner: bool) -> Result<(), Error> {
    let new = fs::metadata(to).map_err(|error| Error::io("read", to, error))?;
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
    Ok(())
}

fn copy_attribute(from: &Path, to: &Path, name: &str) -> Result<(), Error> {
    let mut value = vec![0; 1 << 16];
    let length = match lgetxattr(from, name, value.as_mut_slice()) {
        Ok(length) => length,
        Err(Errno::NODATA | Errno::OPNOTSUPP) => return Ok(()),
        Err(error) => return Err(Error::io("read the access list of", from, error)),
    };
    match lsetxattr(to, name, &value[..length], XattrFlags::empty()) {
        Ok(()) | Err(Errno::OPNOTSUPP) => Ok(()),
        Err(error) => Err(Error::io("set the access list of", to, error)),
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
        inherit(&old, &new).unwrap();
        assert_eq!(fs::metadata(&new).unwrap().mode() & 0o7777, 0o2755);
        carry_over(&old, &new).unwrap();
        assert_eq!(fs::metadata(&new).unwrap().mode() & 0o7777, 0o2750);
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
