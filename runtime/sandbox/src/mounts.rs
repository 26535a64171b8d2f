//! Shows a command the directories of its job.
//!
//! A dropped user gets them through id-mapped mounts, in which the server's
//! files belong to that user and what the command makes belongs to the server on
//! disk. Where the filesystem has no such mounts, the files are given to the
//! user instead. Either way the mounts are made on descriptors here and attached
//! by the new process, so the paths that lead to them stay closed to the user.

use crate::command::Mount;
use crate::identity::{DROPPED_IDS, User};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::mount::OpenTreeFlags;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

/// A mount that the new process attaches.
#[derive(Debug)]
pub(crate) struct Detached {
    /// The mount, on no path yet.
    pub(crate) mount: OwnedFd,
    /// A directory, or else a file.
    pub(crate) directory: bool,
}

/// Prepares one of the command's mounts; nothing where the path itself does.
///
/// # Errors
/// The path is not there, or the machine makes no such mount.
pub(crate) fn detach(mount: &Mount, user: &User) -> io::Result<Option<Detached>> {
    let User::Dropped { id, owners, .. } = user else {
        std::fs::metadata(&mount.host_path)?;
        return Ok(None);
    };
    let tree = || {
        rustix::mount::open_tree(
            CWD,
            &mount.host_path,
            OpenTreeFlags::OPEN_TREE_CLONE
                | OpenTreeFlags::OPEN_TREE_CLOEXEC
                | OpenTreeFlags::AT_RECURSIVE,
        )
    };
    let mut attached = tree()?;
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&attached)?.st_mode);
    let mapped = owners
        .as_ref()
        .is_some_and(|owners| restrict(&attached, mount.writable, Some(owners)).is_ok());
    if !mapped {
        attached = tree()?;
        restrict(&attached, mount.writable, None)?;
        if mount.writable {
            give(&mount.host_path, *id)?;
        }
    }
    Ok(Some(Detached {
        mount: attached,
        directory: kind == FileType::Directory,
    }))
}

/// Takes from a detached mount what no command may have, and maps its owners.
fn restrict(mount: &OwnedFd, writable: bool, owners: Option<&OwnedFd>) -> io::Result<()> {
    let mut attributes = libc::mount_attr {
        attr_set: libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV,
        attr_clr: 0,
        propagation: libc::MS_PRIVATE,
        userns_fd: 0,
    };
    if !writable {
        attributes.attr_set |= libc::MOUNT_ATTR_RDONLY;
    }
    if let Some(owners) = owners {
        attributes.attr_set |= libc::MOUNT_ATTR_IDMAP;
        attributes.userns_fd = u64::try_from(owners.as_raw_fd()).unwrap_or(u64::MAX);
    }
    #[expect(unsafe_code, reason = "no safe wrapper of mount_setattr exists")]
    // SAFETY: the path is a constant string, `attributes` outlives the call and
    // its size is the one passed.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    if answer == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Deeper trees than this are not given away; each level holds a descriptor.
const DEEPEST: usize = 512;

/// Gives what the server or an earlier command owns below `path` to user `id`,
/// following no link.
fn give(path: &Path, id: u32) -> io::Result<()> {
    let owner = Some(rustix::process::Uid::from_raw(id));
    let group = Some(rustix::process::Gid::from_raw(id));
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let top = rustix::fs::open(path, flags, Mode::empty())?;
    let ours = |stat: &rustix::fs::Stat| stat.st_uid == 0 || DROPPED_IDS.contains(&stat.st_uid);
    let stat = rustix::fs::fstat(&top)?;
    if ours(&stat) {
        rustix::fs::fchown(&top, owner, group)?;
    }
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return Ok(());
    }
    let mut open = vec![rustix::fs::Dir::new(top)?];
    while let Some(directory) = open.last_mut() {
        let Some(entry) = directory.next() else {
            open.pop();
            continue;
        };
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let parent = directory.fd()?;
        let stat = rustix::fs::statat(parent.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW)?;
        if ours(&stat) {
            rustix::fs::chownat(
                parent.as_fd(),
                name,
                owner,
                group,
                AtFlags::SYMLINK_NOFOLLOW,
            )?;
        }
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            let inner = rustix::fs::openat(parent, name, flags | OFlags::DIRECTORY, Mode::empty())?;
            if open.len() == DEEPEST {
                return Err(io::Error::other(format!(
                    "directories are nested deeper than {DEEPEST} levels"
                )));
            }
            open.push(rustix::fs::Dir::new(inner)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn only_files_of_the_server_below_the_directory_are_given_away() {
        if !rustix::process::geteuid().is_root() {
            return; // Only root gives files away, and only root calls this.
        }
        let outside = tempfile::tempdir().unwrap();
        let inside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "x").unwrap();
        std::fs::create_dir_all(inside.path().join("a/b")).unwrap();
        std::fs::write(inside.path().join("a/b/c"), "x").unwrap();
        std::fs::write(inside.path().join("theirs"), "x").unwrap();
        std::os::unix::fs::chown(inside.path().join("theirs"), Some(33), Some(33)).unwrap();
        std::os::unix::fs::symlink(outside.path(), inside.path().join("link")).unwrap();
        give(inside.path(), DROPPED_IDS.start).unwrap();
        give(inside.path(), DROPPED_IDS.start + 1).unwrap();
        let owner = |path: &Path| std::fs::symlink_metadata(path).unwrap().uid();
        for given in ["", "a", "a/b", "a/b/c", "link"] {
            assert_eq!(
                owner(&inside.path().join(given)),
                DROPPED_IDS.start + 1,
                "{given}"
            );
        }
        assert_eq!(owner(&inside.path().join("theirs")), 33);
        assert_eq!(owner(outside.path()), 0);
        assert_eq!(owner(&outside.path().join("secret")), 0);
    }
}
