//! Git's index (`.git/index`, version 2) for files that were just written, so
//! that `git status` and `git describe --dirty` find nothing changed. File
//! times are left out; Git compares contents then.

use crate::checkout::Written;
use crate::object::{EntryKind, Hash, bytes};
use crate::trouble::Result;

/// The whole file.
pub(crate) fn index(entries: &[Written]) -> Result<Vec<u8>> {
    let mut entries: Vec<&Written> = entries.iter().collect();
    entries.sort_unstable_by(|a, b| a.path.as_bytes().cmp(b.path.as_bytes()));
    let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let mut file = b"DIRC\0\0\0\x02".to_vec();
    file.extend_from_slice(&count.to_be_bytes());
    for entry in entries {
        let mode: u32 = match entry.kind {
            EntryKind::BlobExecutable => 0o100_755,
            EntryKind::Link => 0o120_000,
            EntryKind::Commit => 0o160_000,
            EntryKind::Blob | EntryKind::Tree => 0o100_644,
        };
        // Creation, change, device, inode: not known.
        file.extend_from_slice(&[0; 24]);
        file.extend_from_slice(&mode.to_be_bytes());
        // Owner and group.
        file.extend_from_slice(&[0; 8]);
        let size = u32::try_from(entry.size & 0xffff_ffff).unwrap_or_default();
        file.extend_from_slice(&size.to_be_bytes());
        file.extend_from_slice(&bytes(&entry.id));
        let length = u16::try_from(entry.path.len().min(0xfff)).unwrap_or(0xfff);
        file.extend_from_slice(&length.to_be_bytes());
        file.extend_from_slice(entry.path.as_bytes());
        // One to eight NULs, to a multiple of eight.
        let padding = 8 - (62 + entry.path.len()) % 8;
        file.extend(std::iter::repeat_n(0, padding));
    }
    let mut hash = Hash::new();
    hash.update(&file);
    file.extend_from_slice(&hash.finish()?);
    Ok(file)
}
