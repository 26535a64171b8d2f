//! Writes a tree into a directory: each name below a descriptor of its
//! directory, each made new, so no link is ever written through.

use crate::content::{Contents, Tree};
use crate::error::ArtifactError;
use crate::manifest::{Escaped, Node, name, parent};
use crate::remove::remove_tree;
use lockgate_model::artifact::Digest;
use rustix::fs::{CWD, Mode, OFlags};
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Modes are set only after everything is written, so a directory is the
/// owner's alone until then.
const MAKING: Mode = Mode::RWXU;

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Writes `tree` below `into`, which is made, or is an empty directory. Blocks.
pub(crate) fn materialise(
    tree: &Tree,
    digest: Digest,
    contents: &mut Contents,
    into: &Path,
) -> Result<(), ArtifactError> {
    let failed = |error: rustix::io::Errno| ArtifactError::file(into.display(), error);
    match std::fs::create_dir(into) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(ArtifactError::file(into.display(), error));
        }
        _ => {}
    }
    let root = rustix::fs::openat(CWD, into, DIRECTORY, Mode::empty()).map_err(failed)?;
    for entry in rustix::fs::Dir::read_from(&root).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name() != c"." && entry.file_name() != c".." {
            return Err(ArtifactError::NotEmpty(into.display().to_string()));
        }
    }

    let written = write(tree, digest, contents, into, &root);
    if written.is_err() {
        let _ = remove_tree(into);
    }
    written
}

fn write(
    tree: &Tree,
    digest: Digest,
    contents: &mut Contents,
    into: &Path,
    root: &OwnedFd,
) -> Result<(), ArtifactError> {
    // The directories that lead to the entry at hand, with their modes.
    let mut open_directories: Vec<(&[u8], OwnedFd, u32)> = Vec::new();
    for entry in &tree.manifest.entries {
        let path = entry.path.as_slice();
        let (parent, name) = (parent(path), name(path));
        let failed = |error: rustix::io::Errno| {
            ArtifactError::file(format!("{}/{}", into.display(), Escaped(path)), error)
        };
        while open_directories
            .last()
            .is_some_and(|(at, ..)| *at != parent)
        {
            close(open_directories.pop()).map_err(failed)?;
        }
        let here = open_directories.last().map_or(root, |(_, fd, _)| fd);
        match &entry.node {
            Node::Directory { mode } => {
                rustix::fs::mkdirat(here, name, MAKING).map_err(failed)?;
                let made =
                    rustix::fs::openat(here, name, DIRECTORY, Mode::empty()).map_err(failed)?;
                open_directories.push((path, made, *mode));
            }
            Node::Link { target } => {
                rustix::fs::symlinkat(target.as_slice(), here, name).map_err(failed)?;
            }
            Node::File {
                mode,
                size,
                digest: wanted,
            } => {
                let new = OFlags::WRONLY
                    | OFlags::CREATE
                    | OFlags::EXCL
                    | OFlags::NOFOLLOW
                    | OFlags::CLOEXEC;
                let fd =
                    rustix::fs::openat(here, name, new, Mode::RUSR | Mode::WUSR).map_err(failed)?;
                let mut file = File::from(fd);
                contents
                    .next(*size, *wanted, |piece| file.write_all(piece))
                    .map_err(|error| match error {
                        Some(error) => ArtifactError::file(
                            format!("{}/{}", into.display(), Escaped(path)),
                            error,
                        ),
                        None => ArtifactError::Damaged {
                            digest,
                            reason: format!("the content of '{}' is not its own", Escaped(path)),
                        },
                    })?;
                rustix::fs::fchmod(&file, Mode::from_raw_mode(*mode)).map_err(failed)?;
            }
        }
    }
    while let Some(directory) = open_directories.pop() {
        close(Some(directory)).map_err(|error| ArtifactError::file(into.display(), error))?;
    }
    Ok(())
}

fn close(directory: Option<(&[u8], OwnedFd, u32)>) -> rustix::io::Result<()> {
    match directory {
        Some((_, fd, mode)) => rustix::fs::fchmod(fd, Mode::from_raw_mode(mode)),
        None => Ok(()),
    }
}
