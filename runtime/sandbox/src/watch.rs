//! Watches what a running tree uses where no limit of the kernel's does it:
//! resident memory over all its processes, and the space left on disk. Reads
//! the sandbox's own `/proc`, which lists its processes and no others; ends
//! nothing itself.

use rustix::fs::{CWD, Dir, Mode, OFlags};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Between two looks. What a tree can take in that time is beyond its limit.
const EVERY: Duration = Duration::from_millis(100);

/// What to watch.
#[derive(Debug)]
pub(crate) struct Watch {
    /// The sandbox's first process, as the machine numbers it.
    pub(crate) first_process: i32,
    pub(crate) memory_bytes: u64,
    pub(crate) free_disk_bytes: u64,
    /// Host path and sandbox path of each writable mount.
    pub(crate) writable: Vec<(PathBuf, PathBuf)>,
}

/// Ends when the tree has used more than it may; the text says of what.
pub(crate) async fn exceeded(watch: Watch) -> String {
    let watch = Arc::new(watch);
    let mut processes: Option<Arc<OwnedFd>> = None;
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let (watch, known) = (watch.clone(), processes.take());
        let look = tokio::task::spawn_blocking(move || {
            let known = known.or_else(|| watch.open().map(Arc::new));
            let excess = watch.memory(known.as_deref()).or_else(|| watch.disk());
            (known, excess)
        });
        if let Ok((known, excess)) = look.await {
            if let Some(excess) = excess {
                return excess;
            }
            processes = known;
        }
    }
}

impl Watch {
    fn open(&self) -> Option<OwnedFd> {
        let path = format!("/proc/{}/root/proc", self.first_process);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(CWD, path, flags, Mode::empty()).ok()
    }

    fn memory(&self, processes: Option<&OwnedFd>) -> Option<String> {
        let directory = Dir::read_from(processes?).ok()?;
        let mut sizes = Vec::new();
        for entry in directory.flatten() {
            let name = entry.file_name().to_bytes();
            if name.first().is_some_and(u8::is_ascii_digit) {
                let name = String::from_utf8_lossy(name).into_owned();
                let resident = kibibytes(
                    processes?.as_fd(),
                    &format!("{name}/status"),
                    &["RssAnon:", "RssShmem:"],
                );
                sizes.push((name, resident.unwrap_or(0)));
            }
        }
        let limit = self.memory_bytes / 1024;
        if sizes.iter().map(|(_, size)| size).sum::<u64>() <= limit {
            return None;
        }
        // Pages that forked processes share were counted once for each. Now
        // that it matters, ask the kernel to divide them, which is dear.
        let exact: u64 = sizes
            .iter()
            .map(|(name, resident)| {
                let file = format!("{name}/smaps_rollup");
                kibibytes(processes?.as_fd(), &file, &["Pss_Anon:", "Pss_Shmem:"])
                    .or(Some(*resident))
            })
            .map(Option::unwrap_or_default)
            .sum();
        (exact > limit).then(|| {
            format!(
                "memory: the command used {} MiB, its limit is {} MiB",
                exact / 1024,
                limit / 1024
            )
        })
    }

    fn disk(&self) -> Option<String> {
        self.writable.iter().find_map(|(host, shown)| {
            let filesystem = rustix::fs::statvfs(host).ok()?;
            let free = filesystem.f_bavail.saturating_mul(filesystem.f_frsize);
            (free < self.free_disk_bytes).then(|| {
                format!(
                    "disk: the filesystem of {} has only {} MiB free, and commands stop at {} MiB",
                    shown.display(),
                    free >> 20,
                    self.free_disk_bytes >> 20
                )
            })
        })
    }
}

/// The sum of these fields of a process's file, where it has all of them.
fn kibibytes(processes: BorrowedFd<'_>, file: &str, fields: &[&str]) -> Option<u64> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let mut text = String::new();
    File::from(rustix::fs::openat(processes, file, flags, Mode::empty()).ok()?)
        .take(64 << 10)
        .read_to_string(&mut text)
        .ok()?;
    fields
        .iter()
        .map(|field| {
            let line = text.lines().find_map(|line| line.strip_prefix(field))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        })
        .sum()
}
