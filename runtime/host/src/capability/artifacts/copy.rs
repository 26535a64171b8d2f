//! Copies trees of files with modes and links, counting as it goes. Follows no
//! link on either side and stops when the job does.

use super::directory::Place;
use super::{Answer, Watch, failed};
use crate::contract::imports::artifacts;
use lockgate_model::limits::Limits;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

/// Directories in directories; more is taken for malice.
const MAX_DEPTH: usize = 128;
/// Between two looks at the clock.
const PIECE: u64 = 32 << 20;

const READ_DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

struct Copy<'a> {
    path: &'a str,
    watch: &'a Watch,
    limits: &'a Limits,
    files: u64,
    bytes: u64,
}

/// Copies a file, a link, or a directory with everything in it.
pub(super) fn copy_tree(
    from: &Place<'_>,
    to: &Place<'_>,
    limits: &Limits,
    watch: &Watch,
) -> Answer<()> {
    let mut copy = Copy {
        path: from.path(),
        watch,
        limits,
        files: 0,
        bytes: 0,
    };
    let Ok((to_parent, to_name)) = to.parent() else {
        // Into a whole directory of the job, such as /out/<artifact>.
        let target = to.root()?;
        let source = source_directory(from)?;
        return copy.directory(&source, &empty(&target, to.path())?, 0);
    };
    let to_name = c_name(to_name.as_bytes(), to.path())?;
    let Ok((from_parent, from_name)) = from.parent() else {
        let source = source_directory(from)?;
        let target = copy.make_directory(&to_parent, &to_name)?;
        return copy.directory(&source, &target, 0);
    };
    let from_name = c_name(from_name.as_bytes(), from.path())?;
    copy.entry(
        from_parent.as_fd(),
        &from_name,
        to_parent.as_fd(),
        &to_name,
        0,
    )
}

fn source_directory(from: &Place<'_>) -> Answer<OwnedFd> {
    let open = |dir: BorrowedFd<'_>, name: &std::ffi::OsStr| {
        rustix::fs::openat(dir, name, READ_DIRECTORY, Mode::empty())
            .map_err(|e| failed(from.path(), e))
    };
    match from.parent() {
        Ok((parent, name)) => open(parent.as_fd(), name),
        Err(_) => open(from.root()?.as_fd(), ".".as_ref()),
    }
}

fn c_name(name: &[u8], path: &str) -> Answer<CString> {
    CString::new(name).map_err(|_| failed(path, Errno::INVAL))
}

/// The directory, if nothing is in it.
fn empty(dir: &OwnedFd, path: &str) -> Answer<OwnedFd> {
    let dir =
        rustix::fs::openat(dir, ".", READ_DIRECTORY, Mode::empty()).map_err(|e| failed(path, e))?;
    for entry in Dir::read_from(&dir).map_err(|e| failed(path, e))? {
        let entry = entry.map_err(|e| failed(path, e))?;
        if !is_dots(entry.file_name()) {
            return Err(artifacts::Error::Failed(format!(
                "'{path}' is not empty: copy to a path that does not exist yet"
            )));
        }
    }
    Ok(dir)
}

fn is_dots(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}

impl Copy<'_> {
    fn failed(&self, error: Errno) -> artifacts::Error {
        failed(self.path, error)
    }

    fn entry(
        &mut self,
        from: BorrowedFd<'_>,
        from_name: &CStr,
        to: BorrowedFd<'_>,
        to_name: &CStr,
        depth: usize,
    ) -> Answer<()> {
        if self.watch.over() {
            return Err(artifacts::Error::Limit(format!(
                "'{}': the job's time is over",
                self.path
            )));
        }
        let stat = rustix::fs::statat(from, from_name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(|e| self.failed(e))?;
        self.count(0, 1)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let source = rustix::fs::openat(from, from_name, READ_DIRECTORY, Mode::empty())
                    .map_err(|e| self.failed(e))?;
                let target = self.make_directory(to, to_name)?;
                self.directory(&source, &target, depth)?;
                rustix::fs::fchmod(&target, Mode::from_raw_mode(stat.st_mode & 0o1777))
                    .map_err(|e| self.failed(e))
            }
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(from, from_name, Vec::new())
                    .map_err(|e| self.failed(e))?;
                rustix::fs::symlinkat(target, to, to_name).map_err(|e| self.failed(e))
            }
            FileType::RegularFile => self.file(from, from_name, to, to_name),
            _ => Err(artifacts::Error::Failed(format!(
                "'{}' holds '{}', which is no file, directory or link: remove it",
                self.path,
                from_name.to_string_lossy()
            ))),
        }
    }

    /// A new directory, or an empty one that is there already.
    fn make_directory(&self, to: impl AsFd, name: &CStr) -> Answer<OwnedFd> {
        let made = rustix::fs::mkdirat(to.as_fd(), name, Mode::from_raw_mode(0o755));
        let dir = || {
            rustix::fs::openat(to.as_fd(), name, READ_DIRECTORY, Mode::empty())
                .map_err(|e| self.failed(e))
        };
        match made {
            Ok(()) => dir(),
            Err(Errno::EXIST) => empty(&dir()?, self.path),
            Err(error) => Err(self.failed(error)),
        }
    }

    fn directory(&mut self, from: &OwnedFd, to: &OwnedFd, depth: usize) -> Answer<()> {
        if depth == MAX_DEPTH {
            return Err(artifacts::Error::Limit(format!(
                "'{}' is nested deeper than {MAX_DEPTH} directories: flatten it",
                self.path
            )));
        }
        for entry in Dir::read_from(from).map_err(|e| self.failed(e))? {
            let entry = entry.map_err(|e| self.failed(e))?;
            let name = entry.file_name();
            if !is_dots(name) {
                self.entry(from.as_fd(), name, to.as_fd(), name, depth + 1)?;
            }
        }
        Ok(())
    }

    fn file(
        &mut self,
        from: BorrowedFd<'_>,
        from_name: &CStr,
        to: BorrowedFd<'_>,
        to_name: &CStr,
    ) -> Answer<()> {
        let source: File = rustix::fs::openat(
            from,
            from_name,
            // A file that became a pipe since must not hold this thread.
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|e| self.failed(e))?
        .into();
        let stat = rustix::fs::fstat(&source).map_err(|e| self.failed(e))?;
        let mut target: File = rustix::fs::openat(
            to,
            to_name,
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::from_raw_mode(0o600),
        )
        .map_err(|e| self.failed(e))?
        .into();
        loop {
            let copied = std::io::copy(&mut (&source).take(PIECE), &mut target)
                .map_err(|e| self.failed(Errno::from_io_error(&e).unwrap_or(Errno::IO)))?;
            self.count(copied, 0)?;
            if copied == 0 {
                break;
            }
            if self.watch.over() {
                return Err(artifacts::Error::Limit(format!(
                    "'{}': the job's time is over",
                    self.path
                )));
            }
        }
        rustix::fs::fchmod(&target, Mode::from_raw_mode(stat.st_mode & 0o1777))
            .map_err(|e| self.failed(e))
    }

    fn count(&mut self, bytes: u64, files: u64) -> Answer<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        self.files = self.files.saturating_add(files);
        if self.files > self.limits.artifact_files {
            return Err(artifacts::Error::Limit(format!(
                "'{}' holds more than {} files (artifact-files)",
                self.path, self.limits.artifact_files
            )));
        }
        if self.bytes > self.limits.artifact_bytes {
            return Err(artifacts::Error::Limit(format!(
                "'{}' holds more than {} bytes (artifact-bytes)",
                self.path, self.limits.artifact_bytes
            )));
        }
        Ok(())
    }
}
