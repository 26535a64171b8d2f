//! What a job's directories hold: measured now and then while it runs, and once
//! more at its end, so that whatever writes (WASI, copies, commands) meets the
//! same limits. Between two looks a job can write past them; the free space
//! that is left to the machine bounds that too.

use super::directory::OpenDirectory;
use lockgate_model::job::{Failure, FailureType};
use lockgate_model::limits::Limits;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The least time between two looks. A look may take a twentieth of the time.
const PAUSE: Duration = Duration::from_millis(500);
/// Left to the machine on every filesystem that a job writes to.
const FREE_BYTES: u64 = 256 << 20;
const MAX_DEPTH: usize = 256;

const READ_DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Whether anything here can grow.
pub(crate) fn is_watched(directories: &[OpenDirectory]) -> bool {
    directories.iter().any(|directory| directory.writable)
}

/// Returns when the job has used too much, and not before.
pub(crate) async fn exceeded(directories: Arc<[OpenDirectory]>, limits: Limits) -> Failure {
    let mut pause = PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        let started = Instant::now();
        if let Err(failure) = within(&directories, &limits).await {
            return failure;
        }
        pause = PAUSE.max(started.elapsed() * 20);
    }
}

/// One look at everything.
pub(crate) async fn within(
    directories: &Arc<[OpenDirectory]>,
    limits: &Limits,
) -> Result<(), Failure> {
    let directories = Arc::clone(directories);
    let limits = *limits;
    let gone = Arc::new(AtomicBool::new(false));
    let _leaving = super::Leaving(Arc::clone(&gone));
    let look = move || {
        let mut usage = Usage {
            files: 0,
            bytes: 0,
            limits: &limits,
            gone: &gone,
        };
        for directory in directories.iter().filter(|directory| directory.writable) {
            free_space(directory)?;
            if directory.guest_path.starts_with("/out/") {
                usage.add(&directory.open().map_err(unreadable)?, 0)?;
            }
        }
        Ok::<(), String>(())
    };
    match tokio::task::spawn_blocking(look).await {
        Ok(Err(reason)) => Err(Failure::new(FailureType::SystemUnavailable, reason)),
        Ok(Ok(())) | Err(_) => Ok(()),
    }
}

fn free_space(directory: &OpenDirectory) -> Result<(), String> {
    let open = directory.open().map_err(unreadable)?;
    let filesystem = rustix::fs::fstatvfs(&open).map_err(unreadable)?;
    // Some filesystems cannot say; they are not full either.
    if filesystem.f_blocks > 0
        && filesystem.f_bavail.saturating_mul(filesystem.f_frsize) < FREE_BYTES
    {
        return Err(format!(
            "The job was ended because the disk under '{}' has less than {} MiB left: free some space, or lower the job's limits.",
            directory.guest_path,
            FREE_BYTES >> 20
        ));
    }
    Ok(())
}

fn unreadable(error: Errno) -> String {
    format!(
        "The job's directories cannot be measured: {}.",
        std::io::Error::from(error)
    )
}

struct Usage<'a> {
    files: u64,
    bytes: u64,
    limits: &'a Limits,
    gone: &'a AtomicBool,
}

impl Usage<'_> {
    fn add(&mut self, dir: &OwnedFd, depth: usize) -> Result<(), String> {
        if depth == MAX_DEPTH {
            return Err(format!(
                "The output artifacts are nested deeper than {MAX_DEPTH} directories."
            ));
        }
        for entry in Dir::read_from(dir).map_err(unreadable)? {
            if self.gone.load(Ordering::Relaxed) {
                return Ok(());
            }
            let entry = entry.map_err(unreadable)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            // What vanishes between two calls needs no counting.
            let Ok(stat) = rustix::fs::statat(dir.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            self.files += 1;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Directory => {
                    let inner = rustix::fs::openat(dir, name, READ_DIRECTORY, Mode::empty());
                    if let Ok(inner) = inner {
                        self.add(&inner, depth + 1)?;
                    }
                }
                // Holes count: whoever keeps the artifact reads them as zeros.
                _ => {
                    let size = u64::try_from(stat.st_size).unwrap_or(0);
                    self.bytes = self.bytes.saturating_add(size);
                }
            }
            self.check()?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        if self.files > self.limits.artifact_files {
            return Err(format!(
                "The output artifacts hold more than {} files (artifact-files).",
                self.limits.artifact_files
            ));
        }
        if self.bytes > self.limits.artifact_bytes {
            return Err(format!(
                "The output artifacts hold more than {} bytes (artifact-bytes).",
                self.limits.artifact_bytes
            ));
        }
        Ok(())
    }
}
