//! Reads a directory that strangers wrote: every file in it is opened by a
//! descriptor of its directory, and nothing follows a link.

use crate::content::{Added, Packer};
use crate::error::ArtifactError;
use crate::manifest::{Entry, Escaped, Manifest, Node, directory_mode, file_mode};
use crate::store::TreeLimits;
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;

const OPEN: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK);

/// The manifest under construction, with what may still be added.
pub(crate) struct Intake<'a> {
    pub(crate) name: &'a str,
    pub(crate) limits: TreeLimits,
    pub(crate) manifest: Manifest,
    pub(crate) packer: Packer,
    pub(crate) bytes: u64,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(name: &'a str, limits: TreeLimits, packer: Packer) -> Self {
        Self {
            name,
            limits,
            manifest: Manifest::default(),
            packer,
            bytes: 0,
        }
    }

    pub(crate) fn unsuitable(&self, path: &[u8], reason: impl Into<String>) -> ArtifactError {
        ArtifactError::Unsuitable {
            name: self.name.to_owned(),
            path: if path.is_empty() {
                "the directory".to_owned()
            } else {
                format!("'{}'", Escaped(path))
            },
            reason: reason.into(),
        }
    }

    /// Adds an entry, within the limits.
    pub(crate) fn push(&mut self, path: Vec<u8>, node: Node) -> Result<(), ArtifactError> {
        if self.manifest.entries.len() as u64 >= self.limits.entries {
            return Err(self.too_many());
        }
        let entry = Entry { path, node };
        let path = entry.path.clone();
        self.manifest
            .push(entry)
            .map_err(|reason| self.unsuitable(&path, reason))
    }

    pub(crate) fn too_many(&self) -> ArtifactError {
        ArtifactError::Limit {
            name: self.name.to_owned(),
            what: format!(
                "it has more than {} files and directories",
                self.limits.entries
            ),
            setting: "artifact-files",
        }
    }

    /// Adds a file with its content.
    pub(crate) fn file(
        &mut self,
        path: Vec<u8>,
        mode: u32,
        size: u64,
        content: &mut impl std::io::Read,
    ) -> Result<(), ArtifactError> {
        let left = self.limits.bytes - self.bytes;
        let added = if size > left {
            Added::TooLong
        } else {
            self.packer
                .add(content, size, left)
                .map_err(|error| ArtifactError::file(Escaped(&path), error))?
        };
        let (size, digest) = match added {
            Added::Whole { size, digest } => (size, digest),
            Added::Abandoned => return Err(ArtifactError::Stopping),
            Added::TooLong => {
                return Err(ArtifactError::Limit {
                    name: self.name.to_owned(),
                    what: format!("its files have more than {} bytes", self.limits.bytes),
                    setting: "artifact-bytes",
                });
            }
        };
        self.bytes += size;
        self.push(
            path,
            Node::File {
                mode: file_mode(mode),
                size,
                digest,
            },
        )
    }
}

/// A directory that is being read: its descriptor, its path in the tree, and
/// the names in it that are still to come, last first.
struct Level {
    directory: OwnedFd,
    path: Vec<u8>,
    names: Vec<CString>,
}

/// Takes everything below `root` in. Blocks.
pub(crate) fn scan(root: &Path, intake: &mut Intake<'_>) -> Result<(), ArtifactError> {
    let opened = rustix::fs::openat(CWD, root, OPEN | OFlags::DIRECTORY, Mode::empty())
        .map_err(|error| ArtifactError::file(root.display(), error))?;
    let mut open = vec![level(opened, Vec::new(), intake)?];
    while let Some(here) = open.last_mut() {
        let Some(name) = here.names.pop() else {
            open.pop();
            continue;
        };
        let path = join(&here.path, &name);
        let failed = |error: rustix::io::Errno| {
            ArtifactError::file(format!("{}/{}", root.display(), Escaped(&path)), error)
        };
        let stat = rustix::fs::statat(&here.directory, &name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(failed)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        match kind {
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(&here.directory, &name, Vec::new())
                    .map_err(failed)?
                    .into_bytes();
                intake.push(path, Node::Link { target })?;
            }
            FileType::Directory | FileType::RegularFile => {
                let fd = rustix::fs::openat(&here.directory, &name, OPEN, Mode::empty())
                    .map_err(failed)?;
                // The name may have changed hands since; what was opened counts.
                let stat = rustix::fs::fstat(&fd).map_err(failed)?;
                if FileType::from_raw_mode(stat.st_mode) != kind {
                    return Err(intake.unsuitable(&path, CHANGED));
                }
                if kind == FileType::Directory {
                    let mode = directory_mode(stat.st_mode);
                    intake.push(path.clone(), Node::Directory { mode })?;
                    let next = level(fd, path, intake)?;
                    open.push(next);
                } else {
                    let size = u64::try_from(stat.st_size).unwrap_or(0);
                    intake.file(path, stat.st_mode, size, &mut File::from(fd))?;
                }
            }
            other => {
                return Err(intake.unsuitable(
                    &path,
                    format!(
                        "it is {}, and artifacts hold files, directories and links only; remove it",
                        called(other)
                    ),
                ));
            }
        }
    }
    Ok(())
}

const CHANGED: &str = "it changed while it was read; store the artifact when nothing writes to it";

fn called(kind: FileType) -> &'static str {
    match kind {
        FileType::Fifo => "a named pipe",
        FileType::Socket => "a socket",
        FileType::CharacterDevice | FileType::BlockDevice => "a device",
        _ => "a special file",
    }
}

fn join(directory: &[u8], name: &CStr) -> Vec<u8> {
    let mut path = directory.to_vec();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name.to_bytes());
    path
}

fn level(directory: OwnedFd, path: Vec<u8>, intake: &Intake<'_>) -> Result<Level, ArtifactError> {
    let failed = |error| ArtifactError::file(Escaped(&path), error);
    let most = intake
        .limits
        .entries
        .saturating_sub(intake.manifest.entries.len() as u64);
    let mut names = Vec::new();
    for entry in Dir::read_from(&directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_owned();
        if name.as_c_str() == c"." || name.as_c_str() == c".." {
            continue;
        }
        if names.len() as u64 >= most {
            return Err(intake.too_many());
        }
        names.push(name);
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(Level {
        directory,
        path,
        names,
    })
}
