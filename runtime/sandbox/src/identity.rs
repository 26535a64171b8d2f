//! Which user of the machine a command runs as, and how that user gets at the
//! directories of the job.
//!
//! A server that is not root runs commands as its own user. A root server drops
//! to a user id of its own that owns nothing: the directories are then shown
//! through id-mapped mounts, in which the server's files belong to that user and
//! what the command makes belongs to the server on disk. Where the filesystem
//! has no such mounts, the files are given to the user instead. Either way the
//! mounts are made on descriptors here and attached by the new process, so the
//! paths that lead to them stay closed to the command's user.

use crate::command::Mount;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::mount::OpenTreeFlags;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// The user and group that a root server drops to: above everything that
/// distributions, containers and directory services hand out.
pub(crate) const DROPPED_ID: u32 = 2_140_817_000;

/// As whom commands run.
#[derive(Debug)]
pub(crate) enum Identity {
    /// As the server's own, unprivileged user.
    Own,
    /// As [`DROPPED_ID`]. The user namespace, where the kernel made one, says
    /// who owns what in the mounts.
    Dropped(Option<OwnedFd>),
}

/// A mount that the new process attaches.
#[derive(Debug)]
pub(crate) struct Detached {
    /// The mount, on no path yet.
    pub(crate) mount: OwnedFd,
    /// A directory, or else a file.
    pub(crate) directory: bool,
}

impl Identity {
    /// Finds out what this process is.
    pub(crate) fn detect() -> Self {
        if rustix::process::geteuid().is_root() {
            Self::Dropped(
                owners()
                    .inspect_err(|error| {
                        tracing::warn!(%error, "no id-mapped mounts; files are given to the sandbox's user instead");
                    })
                    .ok(),
            )
        } else {
            Self::Own
        }
    }

    /// Prepares one of the command's mounts; nothing where the path itself does.
    ///
    /// # Errors
    /// The path is not there, or the machine makes no such mount.
    pub(crate) fn detach(&self, mount: &Mount) -> io::Result<Option<Detached>> {
        let Self::Dropped(owners) = self else {
            std::fs::metadata(&mount.host_path)?;
            return Ok(None);
        };
        let tree = |recursive| {
            rustix::mount::open_tree(
                CWD,
                &mount.host_path,
                OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | recursive,
            )
        };
        let mut attached = tree(OpenTreeFlags::AT_RECURSIVE)?;
        let kind = FileType::from_raw_mode(rustix::fs::fstat(&attached)?.st_mode);
        let mapped = owners
            .as_ref()
            .is_some_and(|owners| restrict(&attached, mount.writable, Some(owners)).is_ok());
        if !mapped {
            attached = tree(OpenTreeFlags::AT_RECURSIVE)?;
            restrict(&attached, mount.writable, None)?;
            if mount.writable {
                give(&mount.host_path)?;
            }
        }
        Ok(Some(Detached {
            mount: attached,
            directory: kind == FileType::Directory,
        }))
    }
}

/// A user namespace in which the server's user is the dropped one and everyone
/// else is who they are. It lives as long as the descriptor.
fn owners() -> io::Result<OwnedFd> {
    let mut command = Command::new("/bin/cat");
    command
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    #[expect(unsafe_code, reason = "one system call between fork and exec")]
    // SAFETY: unshare is async-signal-safe and takes no memory.
    unsafe {
        command.pre_exec(|| {
            rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWUSER)?;
            Ok(())
        });
    }
    let mut child = command.spawn()?;
    let map = format!("0 {DROPPED_ID} 1\n1 1 {}\n", DROPPED_ID - 1);
    let process = format!("/proc/{}", child.id());
    let made = ["uid_map", "gid_map"]
        .iter()
        .try_for_each(|file| {
            std::fs::OpenOptions::new()
                .write(true)
                .open(format!("{process}/{file}"))?
                .write_all(map.as_bytes())
        })
        .and_then(|()| std::fs::File::open(format!("{process}/ns/user")));
    drop(child.stdin.take());
    if let Some(mut output) = child.stdout.take() {
        let _ = output.read(&mut [0]);
    }
    child.wait()?;
    Ok(made?.into())
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

/// Gives what the server owns below `path` to the dropped user, following no
/// link.
fn give(path: &Path) -> io::Result<()> {
    let owner = Some(rustix::process::Uid::from_raw(DROPPED_ID));
    let group = Some(rustix::process::Gid::from_raw(DROPPED_ID));
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let top = rustix::fs::open(path, flags, Mode::empty())?;
    let ours = |stat: &rustix::fs::Stat| stat.st_uid == 0;
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
        give(inside.path()).unwrap();
        let owner = |path: &Path| std::fs::symlink_metadata(path).unwrap().uid();
        for given in ["", "a", "a/b", "a/b/c", "link"] {
            assert_eq!(owner(&inside.path().join(given)), DROPPED_ID, "{given}");
        }
        assert_eq!(owner(&inside.path().join("theirs")), 33);
        assert_eq!(owner(outside.path()), 0);
        assert_eq!(owner(&outside.path().join("secret")), 0);
    }
}
