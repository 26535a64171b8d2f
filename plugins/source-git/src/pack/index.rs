//! The index of a pack (`.idx`, version 2): where in the pack the object of an
//! id is. Small indexes are held in memory, large ones are searched on disk.

use crate::trouble::{Result, Trouble, broken, disk};
use gix_hash::{Kind, ObjectId};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

const MAGIC: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
const FANOUT: u64 = 8;
const IDS: u64 = FANOUT + 256 * 4;
/// Larger indexes stay on disk.
const IN_MEMORY: u64 = 16 << 20;

enum Bytes {
    Memory(Vec<u8>),
    Disk(File),
}

impl Bytes {
    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let piece = start
                    .checked_add(buffer.len())
                    .and_then(|end| bytes.get(start..end))
                    .ok_or(io::ErrorKind::UnexpectedEof)?;
                buffer.copy_from_slice(piece);
                Ok(())
            }
            Self::Disk(file) => {
                file.seek(SeekFrom::Start(offset))?;
                file.read_exact(buffer)
            }
        }
    }

    fn number(&mut self, offset: u64) -> Result<u32> {
        let mut bytes = [0; 4];
        self.read(offset, &mut bytes).map_err(short)?;
        Ok(u32::from_be_bytes(bytes))
    }
}

fn short(error: io::Error) -> Trouble {
    broken(format!("a pack index is damaged: {error}"))
}

/// Ids and offsets of one pack.
pub struct Index {
    bytes: Bytes,
    count: u32,
}

/// One object of a pack, as the index holds it.
pub(crate) struct IndexEntry {
    pub(crate) id: [u8; 20],
    pub(crate) crc: u32,
    pub(crate) offset: u32,
}

impl Index {
    /// Opens an `.idx` file.
    ///
    /// # Errors
    /// It cannot be read, or is not of version 2.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(disk("read", path))?;
        let size = file.metadata().map_err(disk("read", path))?.len();
        let bytes = if size <= IN_MEMORY {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(disk("read", path))?;
            Bytes::Memory(bytes)
        } else {
            Bytes::Disk(file)
        };
        Self::check(bytes).map_err(|error| {
            broken(format!(
                "{}: {error}; write it anew with 'git index-pack'",
                path.display()
            ))
        })
    }

    fn check(mut bytes: Bytes) -> Result<Self> {
        let mut magic = [0; 8];
        bytes.read(0, &mut magic).map_err(short)?;
        if magic != MAGIC {
            return Err(broken("this pack index is not of version 2"));
        }
        let count = bytes.number(IDS - 4)?;
        Ok(Self { bytes, count })
    }

    /// Where the entry of `id` starts in the pack.
    pub(crate) fn find(&mut self, id: &[u8; 20]) -> Result<Option<u64>> {
        let [first, ..] = *id;
        let bucket = FANOUT + u64::from(first) * 4;
        let mut low = match first {
            0 => 0,
            _ => self.bytes.number(bucket - 4)?,
        };
        let mut high = self.bytes.number(bucket)?.min(self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            let mut found = [0; 20];
            self.bytes
                .read(IDS + u64::from(middle) * 20, &mut found)
                .map_err(short)?;
            match found.cmp(id) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.offset(middle).map(Some),
            }
        }
        Ok(None)
    }

    fn offset(&mut self, position: u32) -> Result<u64> {
        let count = u64::from(self.count);
        let offsets = IDS + count * 24;
        let offset = self.bytes.number(offsets + u64::from(position) * 4)?;
        if offset & 0x8000_0000 == 0 {
            return Ok(u64::from(offset));
        }
        let mut bytes = [0; 8];
        self.bytes
            .read(
                offsets + count * 4 + u64::from(offset & 0x7fff_ffff) * 8,
                &mut bytes,
            )
            .map_err(short)?;
        Ok(u64::from_be_bytes(bytes))
    }

    /// The index of a pack that was just received, held in memory. Offsets lie
    /// below 2 GiB because the pack limit does.
    pub(crate) fn build(mut entries: Vec<IndexEntry>, pack: &ObjectId) -> Result<Self> {
        entries.sort_unstable_by_key(|entry| entry.id);
        if let Some(pair) = entries
            .windows(2)
            .find(|pair| matches!(pair, [a, b] if a.id == b.id))
        {
            let id = pair.first().map(|e| ObjectId::Sha1(e.id).to_string());
            return Err(broken(format!(
                "the server's pack holds the object {} twice",
                id.unwrap_or_default()
            )));
        }
        let mut bytes = Vec::with_capacity(1072 + entries.len() * 28);
        bytes.extend_from_slice(&MAGIC);
        let mut position = 0;
        for first in 0..=255u8 {
            position += entries
                .get(position..)
                .unwrap_or_default()
                .partition_point(|entry| entry.id < next_bucket(first) || first == 255);
            bytes.extend_from_slice(&u32::try_from(position).unwrap_or(u32::MAX).to_be_bytes());
        }
        for entry in &entries {
            bytes.extend_from_slice(&entry.id);
        }
        for entry in &entries {
            bytes.extend_from_slice(&entry.crc.to_be_bytes());
        }
        for entry in &entries {
            bytes.extend_from_slice(&entry.offset.to_be_bytes());
        }
        bytes.extend_from_slice(pack.as_slice());
        let mut hasher = gix_hash::hasher(Kind::Sha1);
        hasher.update(&bytes);
        let own = hasher
            .try_finalize()
            .map_err(|e| broken(format!("cannot hash the pack index: {e}")))?;
        bytes.extend_from_slice(own.as_slice());
        Self::check(Bytes::Memory(bytes))
    }

    /// The file's bytes, of an index that was built here.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Memory(bytes) => bytes,
            Bytes::Disk(_) => &[],
        }
    }
}

/// The smallest id that does not start with `first`.
fn next_bucket(first: u8) -> [u8; 20] {
    let mut id = [0; 20];
    if let Some(byte) = id.first_mut() {
        *byte = first.saturating_add(1);
    }
    id
}
