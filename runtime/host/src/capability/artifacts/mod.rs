//! The capability `artifacts`: what WASI's file functions cannot say. Free for
//! everybody, since it reaches only the directories that the job has anyway.
//! File work happens on threads for blocking work and ends with the job.

mod copy;
mod directory;
pub(crate) mod usage;

use crate::contract::imports::{artifacts, invoke};
use crate::store::{JobState, Phase};
pub(crate) use directory::OpenDirectory;
use directory::{Place, Right};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

type Answer<T> = Result<T, artifacts::Error>;

/// What every piece of file work looks at now and then: is the job still there?
pub(crate) struct Watch {
    deadline: Instant,
    gone: Arc<AtomicBool>,
}

impl Watch {
    fn over(&self) -> bool {
        self.gone.load(Ordering::Relaxed) || Instant::now() >= self.deadline
    }
}

/// Tells the thread that works that nobody waits any more.
struct Leaving(Arc<AtomicBool>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl JobState {
    async fn file_work<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&[OpenDirectory], &Watch) -> Answer<T> + Send + 'static,
    ) -> wasmtime::Result<Answer<T>> {
        if self.shared.phase == Phase::Describe {
            let text = self.shared.denied("the directory", "");
            return Ok(Err(artifacts::Error::Denied(text)));
        }
        let directories = Arc::clone(&self.directories);
        let gone = Arc::new(AtomicBool::new(false));
        let _leaving = Leaving(Arc::clone(&gone));
        let watch = Watch {
            deadline: self.shared.deadline,
            gone,
        };
        let answer = tokio::task::spawn_blocking(move || work(&directories, &watch)).await;
        answer.map_err(|e| wasmtime::format_err!("file work failed: {e}"))
    }
}

impl artifacts::Host for JobState {
    async fn set_executable(
        &mut self,
        path: String,
        executable: bool,
    ) -> wasmtime::Result<Answer<()>> {
        self.file_work(move |directories, _| {
            let file = inode(directories, &path, Right::Write)?;
            let stat = rustix::fs::fstat(&file).map_err(|e| failed(&path, e))?;
            if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
                return Err(artifacts::Error::Failed(format!(
                    "'{path}' is not a regular file: only those can be made executable"
                )));
            }
            let readable = stat.st_mode & 0o444;
            let mode = if executable {
                stat.st_mode | (readable >> 2)
            } else {
                stat.st_mode & !0o111
            };
            set_mode(&file, mode, &path)
        })
        .await
    }

    async fn set_mode(&mut self, path: String, mode: u32) -> wasmtime::Result<Answer<()>> {
        self.file_work(move |directories, _| {
            let file = inode(directories, &path, Right::Write)?;
            set_mode(&file, mode, &path)
        })
        .await
    }

    async fn get_mode(&mut self, path: String) -> wasmtime::Result<Answer<u32>> {
        self.file_work(move |directories, _| {
            let file = inode(directories, &path, Right::Read)?;
            let stat = rustix::fs::fstat(&file).map_err(|e| failed(&path, e))?;
            Ok(stat.st_mode & 0o7777)
        })
        .await
    }

    async fn make_symlink(&mut self, target: String, path: String) -> wasmtime::Result<Answer<()>> {
        self.file_work(move |directories, _| {
            let place = Place::find(directories, &path, Right::Write)?;
            let (parent, name) = place.parent()?;
            rustix::fs::symlinkat(target.as_str(), &parent, name).map_err(|e| failed(&path, e))
        })
        .await
    }

    async fn copy_tree(
        &mut self,
        source: String,
        destination: String,
    ) -> wasmtime::Result<Answer<()>> {
        let limits = self.shared.limits;
        self.file_work(move |directories, watch| {
            if Path::new(&destination).starts_with(&source) {
                return Err(artifacts::Error::Failed(format!(
                    "'{destination}' lies inside '{source}': copy to a place beside it"
                )));
            }
            let from = Place::find(directories, &source, Right::Read)?;
            let to = Place::find(directories, &destination, Right::Write)?;
            copy::copy_tree(&from, &to, &limits, watch)
        })
        .await
    }

    async fn replace(
        &mut self,
        source: String,
        destination: String,
    ) -> wasmtime::Result<Answer<()>> {
        self.file_work(move |directories, _| {
            let from = Place::find(directories, &source, Right::Write)?;
            let to = Place::find(directories, &destination, Right::Write)?;
            if !from.same_directory(&to) {
                return Err(artifacts::Error::Denied(format!(
                    "'{source}' and '{destination}' are in different directories of the job: copy it into the same one first"
                )));
            }
            let (from_parent, from_name) = from.parent()?;
            let (to_parent, to_name) = to.parent()?;
            match rustix::fs::statat(&to_parent, to_name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                    return Err(artifacts::Error::Failed(format!(
                        "'{destination}' is a directory, which cannot be replaced in one step: replace a link that leads to it"
                    )));
                }
                Ok(_) | Err(Errno::NOENT) => {}
                Err(error) => return Err(failed(&destination, error)),
            }
            rustix::fs::renameat(&from_parent, from_name, &to_parent, to_name)
                .map_err(|e| failed(&source, e))
        })
        .await
    }
}

/// The file or directory itself, never what a link leads to.
fn inode(directories: &[OpenDirectory], path: &str, right: Right) -> Answer<OwnedFd> {
    let place = Place::find(directories, path, right)?;
    let file = match place.parent() {
        Ok((parent, name)) => rustix::fs::openat(
            &parent,
            name,
            OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|e| failed(path, e))?,
        Err(_) => place.root()?,
    };
    let stat = rustix::fs::fstat(&file).map_err(|e| failed(path, e))?;
    if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink {
        return Err(artifacts::Error::Failed(format!(
            "'{path}' is a symbolic link, which has no mode of its own: name the file itself"
        )));
    }
    Ok(file)
}

/// A regular file as a whole, for a function call.
pub(crate) fn read_file(
    directories: &[OpenDirectory],
    path: &str,
    most: u64,
) -> Result<Vec<u8>, invoke::Error> {
    let refused = |error: artifacts::Error| match error {
        artifacts::Error::Denied(text) => invoke::Error::Denied(text),
        artifacts::Error::NotFound(text) => invoke::Error::NotFound(text),
        artifacts::Error::Limit(text) | artifacts::Error::Failed(text) => {
            invoke::Error::Invalid(text)
        }
    };
    let open = || {
        let place = Place::find(directories, path, Right::Read)?;
        let (parent, name) = place.parent()?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        rustix::fs::openat(&parent, name, flags, Mode::empty()).map_err(|e| failed(path, e))
    };
    let file: File = open().map_err(refused)?.into();
    let io = |e: std::io::Error| invoke::Error::Invalid(format!("'{path}': {e}"));
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() || metadata.len() > most {
        return Err(invoke::Error::Invalid(format!(
            "'{path}' is no regular file of at most {most} bytes: name a component file"
        )));
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

/// By way of /proc, because the file may be unreadable for the server itself.
fn set_mode(file: &OwnedFd, mode: u32, path: &str) -> Answer<()> {
    let handle = format!("/proc/self/fd/{}", file.as_raw_fd());
    rustix::fs::chmod(handle, Mode::from_raw_mode(mode & 0o1777)).map_err(|e| failed(path, e))
}

fn failed(path: &str, error: Errno) -> artifacts::Error {
    let text = |why: &str| format!("'{path}': {why}");
    match error {
        Errno::NOENT => artifacts::Error::NotFound(text("there is no such file or directory")),
        Errno::LOOP | Errno::NOTDIR => artifacts::Error::Denied(text(
            "a part of this path is a link or no directory, and links are not followed here",
        )),
        Errno::NOSPC | Errno::DQUOT => artifacts::Error::Limit(text("the disk is full")),
        other => artifacts::Error::Failed(text(&std::io::Error::from(other).to_string())),
    }
}
