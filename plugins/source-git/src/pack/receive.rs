//! Indexes a pack that a server sent: every object is
//! unpacked once and hashed, so that what the index names is what was asked
//! for. First one pass in file order, then `resolve` for the differences.

use super::data::{Data, Reader};
use super::entry::{Storage, read_header};
use super::index::{Index, IndexEntry};
use super::inflate::Inflater;
use super::read::Pack;
use super::resolve::resolve;
use crate::limits::PACK_OBJECTS;
use crate::object::{Hash, hash_object};
use crate::trouble::{Result, Trouble, broken};
use flate2::Crc;
use gix_hash::ObjectId;
use gix_object::Kind;
use std::io::{self, BufRead, BufReader, Read};

/// A pack that is whole, and what it holds.
pub struct Received {
    /// Ready to be read.
    pub pack: Pack,
    /// The checksum that names it.
    pub checksum: ObjectId,
    /// Number of objects.
    pub objects: u32,
}

/// What the first pass learns of one entry, and the second completes.
pub(crate) struct Entry {
    pub(crate) offset: u32,
    pub(crate) crc: u32,
    /// Of the object; zero until it is known.
    pub(crate) id: [u8; 20],
    pub(crate) content: Content,
}

#[derive(Clone, Copy)]
pub(crate) enum Content {
    Whole(Kind),
    /// A difference to the entry of this number.
    Delta(u32),
    /// A difference to an object that is not known yet.
    Orphan,
}

/// Everything the first pass found.
#[derive(Default)]
pub(crate) struct Scan {
    pub(crate) entries: Vec<Entry>,
    /// Differences to ids: base and entry number.
    pub(crate) by_id: Vec<([u8; 20], u32)>,
}

/// Counts and hashes what is consumed.
struct Tracked {
    file: BufReader<Reader>,
    offset: u64,
    crc: Crc,
    hash: Hash,
}

impl Read for Tracked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(available) {
            *to = *from;
        }
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Tracked {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.file.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        let consumed = self.file.buffer().get(..count).unwrap_or_default();
        self.crc.update(consumed);
        self.hash.update(consumed);
        self.offset += count as u64;
        self.file.consume(count);
    }
}

/// Checks and indexes a pack.
///
/// # Errors
/// It is cut off, corrupt, refers to objects it does not hold, or is past a
/// limit.
pub fn receive(data: Data) -> Result<Received> {
    let length = data.length()?;
    let mut input = Tracked {
        file: BufReader::with_capacity(64 * 1024, data.open()?),
        offset: 0,
        crc: Crc::new(),
        hash: Hash::new(),
    };
    let mut header = [0; 12];
    input.read_exact(&mut header).map_err(cut_off)?;
    let [b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, a, b, c, d] = header else {
        return Err(broken("the server sent something that is not a pack"));
    };
    let count = u32::from_be_bytes([a, b, c, d]);
    if count > PACK_OBJECTS {
        return Err(Trouble::Content(format!(
            "the repository's pack holds {count} objects and the limit is {PACK_OBJECTS}; take OutputArtifactFormat = Tree, or a smaller repository"
        )));
    }
    if u64::from(count) > length {
        return Err(broken(
            "the server's pack declares more objects than it has bytes",
        ));
    }
    let mut scan = scan(&mut input, count)?;
    let expected = input.hash.finish()?;
    let mut trailer = Vec::new();
    input.file.read_to_end(&mut trailer).map_err(cut_off)?;
    if trailer != expected {
        return Err(Trouble::Unavailable(
            "the server's pack was damaged or cut off on the way: its checksum does not fit".into(),
        ));
    }
    resolve(&data, &mut scan)?;
    let checksum = ObjectId::Sha1(expected);
    let entries = scan
        .entries
        .into_iter()
        .map(|entry| IndexEntry {
            id: entry.id,
            crc: entry.crc,
            offset: entry.offset,
        })
        .collect();
    let index = Index::build(entries, &checksum)?;
    Ok(Received {
        pack: Pack::new(data, index),
        checksum,
        objects: count,
    })
}

fn cut_off(error: io::Error) -> Trouble {
    Trouble::Unavailable(format!("the server's pack was cut off on the way: {error}"))
}

fn scan(input: &mut Tracked, count: u32) -> Result<Scan> {
    let mut inflater = Inflater::new();
    let mut scan = Scan::default();
    for number in 0..count {
        let start = input.offset;
        input.crc = Crc::new();
        let header = read_header(input, start)?;
        let mut id = [0; 20];
        let content = match header.storage {
            Storage::Whole(kind) => {
                let mut hash = hash_object(kind, header.size);
                inflater.stream(input, header.size, |chunk| {
                    hash.update(chunk);
                    Ok(())
                })?;
                id = hash.finish()?;
                Content::Whole(kind)
            }
            Storage::DeltaAt(base) => {
                inflater.stream(input, header.size, |_| Ok(()))?;
                let base = scan
                    .entries
                    .binary_search_by_key(&base, |entry| u64::from(entry.offset))
                    .map_err(|_| {
                        broken(format!(
                            "the entry at {start} is a difference to something that is not an entry"
                        ))
                    })?;
                Content::Delta(u32::try_from(base).unwrap_or(u32::MAX))
            }
            Storage::DeltaTo(base) => {
                inflater.stream(input, header.size, |_| Ok(()))?;
                scan.by_id.push((base, number));
                Content::Orphan
            }
        };
        scan.entries.push(Entry {
            offset: u32::try_from(start).map_err(|_| broken("the pack is too large"))?,
            crc: input.crc.sum(),
            id,
            content,
        });
    }
    scan.by_id.sort_unstable();
    Ok(scan)
}
