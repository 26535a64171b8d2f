//! Removes a directory that strangers wrote, whatever its modes and depth.

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Removes `path` and everything below it; nothing to remove is fine. Unlike
/// `std::fs::remove_dir_all` it gets through directories that their owner may
/// not write to, and through any depth. Follows no link. Blocks.
///
/// # Errors
/// The system's words, where something stays.
pub fn remove_tree(path: &Path) -> io::Result<()> {
    let metadata = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        metadata => metadata?,
    };
    if !metadata.is_dir() {
        return std::fs::remove_file(path);
    }
    let root = open(CWD, path)?;
    while let Some(deep) = empty(&root, 0)? {
        // Deeper than descriptors reach: bring the rest up, then go on.
        open(&deep.0, deep.1.as_c_str())?;
        rustix::fs::renameat(&deep.0, &deep.1, &root, fresh_name(&root)?)?;
    }
    std::fs::remove_dir(path)
}

/// Levels that are descended at a time.
const REACH: usize = 100;

/// Empties a directory; gives the place of one that lies too deep.
fn empty(directory: &OwnedFd, depth: usize) -> io::Result<Option<(OwnedFd, CString)>> {
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if name == c"." || name == c".." {
            continue;
        }
        let stat = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
            rustix::fs::unlinkat(directory, name, AtFlags::empty())?;
            continue;
        }
        if depth == REACH {
            return Ok(Some((directory.try_clone()?, name.to_owned())));
        }
        let inner = open(directory, name)?;
        if let Some(deep) = empty(&inner, depth + 1)? {
            return Ok(Some(deep));
        }
        rustix::fs::unlinkat(directory, name, AtFlags::REMOVEDIR)?;
    }
    Ok(None)
}

/// Opens a directory and makes it the owner's to change.
fn open(
    parent: impl std::os::fd::AsFd,
    name: impl rustix::path::Arg + Copy,
) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = match rustix::fs::openat(&parent, name, flags, Mode::empty()) {
        Err(rustix::io::Errno::ACCESS) => {
            // Not to be read: change that first. Should the name turn into a
            // link meanwhile, the mode that it gets is one its owner may set.
            rustix::fs::chmodat(&parent, name, Mode::RWXU, AtFlags::empty())?;
            rustix::fs::openat(&parent, name, flags, Mode::empty())?
        }
        opened => opened?,
    };
    let stat = rustix::fs::fstat(&opened)?;
    if stat.st_mode & 0o700 != 0o700 {
        rustix::fs::fchmod(&opened, Mode::RWXU)?;
    }
    Ok(opened)
}

/// A name that is free in the directory.
fn fresh_name(directory: &OwnedFd) -> io::Result<CString> {
    for number in 0u32.. {
        let name = CString::new(format!(".deep-{number}"))?;
        let taken = rustix::fs::statat(directory, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW);
        if matches!(taken, Err(rustix::io::Errno::NOENT)) {
            return Ok(name);
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
