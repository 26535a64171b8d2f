//! The directories of one job, open, and how a guest's absolute path is found
//! in them without ever following a link. Knows no capability; file work,
//! commands and function calls use it.

use super::failed;
use crate::contract::imports::artifacts;
use crate::request::Directory;
use crate::store::Preopen;
use lockgate_model::grant::Grant;
use lockgate_model::job::{Failure, FailureType};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// What is wanted of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    Read,
    Write,
}

/// A directory of a job.
#[derive(Debug)]
pub(crate) struct OpenDirectory {
    pub(crate) guest_path: String,
    pub(crate) host_path: PathBuf,
    pub(crate) writable: bool,
    dir: OwnedFd,
}

impl OpenDirectory {
    /// The directory itself, for reading its entries.
    pub(super) fn open(&self) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.dir, ".", flags, Mode::empty())
    }

    /// Opens the job's own directories and those of the grant, each at its own
    /// absolute path, and says where WASI finds them.
    pub(crate) fn all(
        own: Vec<Directory>,
        grant: &Grant,
    ) -> Result<(Arc<[Self]>, Vec<Preopen>), Failure> {
        if own.is_empty() && grant.read.is_empty() && grant.write.is_empty() {
            return Ok(Default::default());
        }
        let mut wanted = own;
        let granted = grant
            .write
            .iter()
            .map(|path| (path, true))
            .chain(grant.read.iter().map(|path| (path, false)));
        for (path, writable) in granted {
            let guest_path = path.to_string_lossy().into_owned();
            if !wanted.iter().any(|other| other.guest_path == guest_path) {
                wanted.push(Directory {
                    guest_path,
                    host_path: path.clone(),
                    writable,
                });
            }
        }
        // Outer directories first: inner ones may have to be reached by them.
        wanted.sort_by(|a, b| a.host_path.cmp(&b.host_path));
        let mut open: Vec<Self> = Vec::with_capacity(wanted.len());
        for directory in wanted {
            let dir = open_root(&open, &directory).map_err(|error| {
                Failure::new(
                    FailureType::ConfigurationError,
                    format!(
                        "The directory '{}' cannot be opened: {}: make it a directory that this server can use, or withdraw its grant.",
                        directory.host_path.display(),
                        std::io::Error::from(error)
                    ),
                )
            })?;
            open.push(Self {
                guest_path: directory.guest_path,
                host_path: directory.host_path,
                writable: directory.writable,
                dir,
            });
        }
        let preopens = open
            .iter()
            .map(|directory| Preopen {
                guest_path: directory.guest_path.clone(),
                // The very directory that was opened, whatever its path leads
                // to by now.
                host_path: format!("/proc/self/fd/{}", directory.dir.as_raw_fd()).into(),
                writable: directory.writable,
            })
            .collect();
        Ok((open.into(), preopens))
    }
}

/// A directory inside one that guests can write to could have been replaced by
/// a link: from the outer one inwards no link is followed.
fn open_root(open: &[OpenDirectory], directory: &Directory) -> Result<OwnedFd, Errno> {
    let outer = open
        .iter()
        .filter(|outer| outer.writable)
        .find_map(|outer| {
            let inside = directory.host_path.strip_prefix(&outer.host_path).ok()?;
            Some((outer, inside))
        });
    match outer {
        Some((outer, inside)) => walk(&outer.dir, inside),
        None => rustix::fs::open(&directory.host_path, DIRECTORY, Mode::empty()),
    }
}

/// Goes down component by component, never along a link.
fn walk(from: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    let mut dir = rustix::fs::openat(from, ".", DIRECTORY, Mode::empty())?;
    for component in path.components() {
        let Component::Normal(name) = component else {
            return Err(Errno::NOTDIR);
        };
        dir = rustix::fs::openat(&dir, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?;
    }
    Ok(dir)
}

/// A guest's path: the directory that it lies in, and the rest.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    directory: &'a OpenDirectory,
    inside: PathBuf,
    path: &'a str,
}

impl<'a> Place<'a> {
    /// Finds the innermost directory that holds the path and allows `right`.
    pub(crate) fn find(
        directories: &'a [OpenDirectory],
        path: &'a str,
        right: Right,
    ) -> Result<Self, artifacts::Error> {
        let denied = |why: &str| Err(artifacts::Error::Denied(format!("'{path}' {why}")));
        let plain = path.starts_with('/')
            && !path.contains('\0')
            && Path::new(path)
                .components()
                .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        if !plain {
            return denied("is not an absolute path without '..': write it in full");
        }
        let found = directories
            .iter()
            .filter_map(|directory| {
                let inside = Path::new(path).strip_prefix(&directory.guest_path).ok()?;
                Some((directory, inside))
            })
            .max_by_key(|(directory, _)| directory.guest_path.len());
        match found {
            None => denied(
                "is in no directory of this job: it has those of its artifacts, /work, and what is granted with read=<path> or write=<path>",
            ),
            Some((directory, _)) if right == Right::Write && !directory.writable => denied(
                "is in a directory that this job may only read: grant write=<path> for directories of the machine",
            ),
            Some((directory, inside)) => Ok(Self {
                directory,
                inside: inside.to_owned(),
                path,
            }),
        }
    }

    /// The directory that holds the last component, and that component.
    pub(crate) fn parent(&self) -> Result<(OwnedFd, &std::ffi::OsStr), artifacts::Error> {
        let Some(name) = self.inside.file_name() else {
            return Err(artifacts::Error::Denied(format!(
                "'{}' is a whole directory of the job: name something inside it",
                self.path
            )));
        };
        let inside = self.inside.parent().unwrap_or(Path::new(""));
        let dir = walk(&self.directory.dir, inside).map_err(|e| failed(self.path, e))?;
        Ok((dir, name))
    }

    /// The directory that the path names, which is one of the job's own.
    pub(crate) fn root(&self) -> Result<OwnedFd, artifacts::Error> {
        walk(&self.directory.dir, &self.inside).map_err(|e| failed(self.path, e))
    }

    pub(crate) fn path(&self) -> &str {
        self.path
    }

    pub(crate) fn same_directory(&self, other: &Place<'_>) -> bool {
        self.directory.guest_path == other.directory.guest_path
    }
}
