//! What this machine can do at best: a durable append on its disk. And what
//! this process has used of its processors.

use anyhow::{Context, Result};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// What a small commit writes at least: one page.
const PAGE: [u8; 4096] = [0xa5; 4096];

/// A file that grows page by page, each one made durable.
pub(crate) struct Disk(File);

impl Disk {
    pub(crate) fn open(directory: &Path) -> Result<Self> {
        let path = directory.join("floor");
        let file = OpenOptions::new().create(true).append(true).open(&path);
        Ok(Self(file.with_context(|| {
            format!("cannot write {}", path.display())
        })?))
    }

    /// The time of each of so many appends.
    pub(crate) fn appends(&mut self, count: usize) -> Result<Vec<Duration>> {
        (0..count)
            .map(|_| {
                self.0.write_all(&PAGE)?;
                let started = Instant::now();
                rustix::fs::fdatasync(&self.0)?;
                Ok(started.elapsed())
            })
            .collect()
    }
}

/// Processor time of this process so far, its own and the kernel's for it.
pub(crate) fn cpu() -> Duration {
    let mut total = Duration::ZERO;
    // Fields 14 and 15 of /proc/self/stat, in ticks of 10 ms (proc_pid_stat(5)).
    if let Ok(stat) = std::fs::read_to_string("/proc/self/stat")
        && let Some((_, rest)) = stat.rsplit_once(')')
    {
        let ticks: u64 = rest
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|f| f.parse::<u64>().ok())
            .sum();
        total = Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second());
    }
    total
}
