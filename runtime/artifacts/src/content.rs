//! The content of a tree's files, one after another, as blobs: cutting it up on
//! the way in, joining and checking it on the way out. Knows no object store.

use crate::manifest::Manifest;
use bytes::Bytes;
use lockgate_model::artifact::Digest;
use sha2::{Digest as _, Sha256};
use std::io::{self, Read};
use tokio::sync::mpsc;

/// The most that one blob holds, and that is held in memory at a time.
const BLOB: usize = 16 << 20;
/// A file from this size on starts a blob of its own, so that the same file in
/// another tree is the same blob.
const LARGE: u64 = 4 << 20;
/// A tree with less content than this keeps it beside its manifest.
const INLINE: usize = 128 << 10;

pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Takes content in, hands blobs on.
#[derive(Debug)]
pub(crate) struct Packer {
    buffer: Vec<u8>,
    blobs: mpsc::Sender<(Digest, Bytes)>,
    packed: Vec<(Digest, u64)>,
}

/// Nobody takes the blobs any more.
#[derive(Debug)]
pub(crate) struct Abandoned;

/// What became of a file that was to be packed.
#[derive(Debug)]
pub(crate) enum Added {
    /// All of it is packed.
    Whole { size: u64, digest: [u8; 32] },
    /// It is longer than it may be.
    TooLong,
    /// Nobody takes the blobs any more.
    Abandoned,
}

/// Where packed content is.
#[derive(Debug)]
pub(crate) struct Packed {
    /// Digests and sizes, in order.
    pub(crate) blobs: Vec<(Digest, u64)>,
    /// What follows the blobs, kept beside the manifest.
    pub(crate) inline: Vec<u8>,
}

impl Packer {
    pub(crate) fn new(blobs: mpsc::Sender<(Digest, Bytes)>) -> Self {
        Self {
            buffer: Vec::new(),
            blobs,
            packed: Vec::new(),
        }
    }

    /// Takes a file of about `size` bytes, at most `most`. Blocks while blobs are
    /// not taken.
    pub(crate) fn add(&mut self, file: &mut impl Read, size: u64, most: u64) -> io::Result<Added> {
        if size >= LARGE && !self.buffer.is_empty() && self.flush().is_err() {
            return Ok(Added::Abandoned);
        }
        let mut hash = Sha256::new();
        let mut total = 0u64;
        loop {
            let start = self.buffer.len();
            let room = (BLOB - start) as u64;
            let length = file.take(room).read_to_end(&mut self.buffer)?;
            hash.update(self.buffer.get(start..).unwrap_or_default());
            total += length as u64;
            if total > most {
                return Ok(Added::TooLong);
            }
            if self.buffer.len() < BLOB {
                return Ok(Added::Whole {
                    size: total,
                    digest: hash.finalize().into(),
                });
            }
            if self.flush().is_err() {
                return Ok(Added::Abandoned);
            }
        }
    }

    fn flush(&mut self) -> Result<(), Abandoned> {
        let blob = Bytes::from(std::mem::take(&mut self.buffer));
        let name = Digest(digest(&blob));
        self.packed.push((name, blob.len() as u64));
        self.blobs
            .blocking_send((name, blob))
            .map_err(|_| Abandoned)
    }

    /// The blobs, and the content that stays beside the manifest.
    pub(crate) fn finish(mut self) -> Result<Packed, Abandoned> {
        if !self.buffer.is_empty() && (!self.packed.is_empty() || self.buffer.len() > INLINE) {
            self.flush()?;
        }
        Ok(Packed {
            blobs: self.packed,
            inline: self.buffer,
        })
    }
}

/// A tree as the store keeps it.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) manifest: Manifest,
    pub(crate) blobs: Vec<(Digest, u64)>,
    pub(crate) inline: Bytes,
}

impl Tree {
    /// The object, and the digest of its manifest.
    pub(crate) fn write(manifest: &Manifest, packed: &Packed) -> (Digest, Vec<u8>) {
        let mut text = manifest.text();
        let name = Digest(digest(text.as_bytes()));
        text.push('\n');
        for (blob, size) in &packed.blobs {
            text.push_str(&format!("{} {size}\n", blob.hex()));
        }
        text.push('\n');
        let mut object = text.into_bytes();
        object.extend_from_slice(&packed.inline);
        (name, object)
    }

    /// Reads an object that should have this digest.
    pub(crate) fn read(object: &Bytes, name: Digest) -> Result<Self, String> {
        let (manifest, rest) = cut(object, 0).ok_or("its manifest has no end")?;
        let text = object.get(..manifest).unwrap_or_default();
        if digest(text) != name.0 {
            return Err("its manifest has another digest".into());
        }
        let manifest = Manifest::parse(std::str::from_utf8(text).map_err(|e| e.to_string())?)?;
        let (end, inline) = if object.get(rest) == Some(&b'\n') {
            (rest, rest + 1)
        } else {
            cut(object, rest).ok_or("its list of blobs has no end")?
        };
        let list = std::str::from_utf8(object.get(rest..end).unwrap_or_default())
            .map_err(|e| e.to_string())?;
        let mut blobs = Vec::new();
        for line in list.lines() {
            let blob = line.split_once(' ').and_then(|(hex, size)| {
                Some((format!("sha256:{hex}").parse().ok()?, size.parse().ok()?))
            });
            blobs.push(blob.ok_or("its list of blobs is unreadable")?);
        }
        let tree = Self {
            manifest,
            blobs,
            inline: object.slice(inline..),
        };
        let held = tree
            .blobs
            .iter()
            .fold(tree.inline.len() as u64, |sum, blob| {
                sum.saturating_add(blob.1)
            });
        if held == tree.manifest.bytes() {
            Ok(tree)
        } else {
            Err("its blobs and its files differ in size".into())
        }
    }
}

/// Where the lines from `from` on end, and what follows the empty line there.
fn cut(object: &[u8], from: usize) -> Option<(usize, usize)> {
    let rest = object.get(from..)?;
    let end = rest.windows(2).position(|pair| pair == b"\n\n")?;
    Some((from + end + 1, from + end + 2))
}

/// The joined content, file by file.
#[derive(Debug)]
pub(crate) struct Contents {
    current: Bytes,
    blobs: mpsc::Receiver<Bytes>,
}

impl Contents {
    pub(crate) fn new(blobs: mpsc::Receiver<Bytes>) -> Self {
        Self {
            current: Bytes::new(),
            blobs,
        }
    }

    /// Hands the next `size` bytes to `write`, and checks them. Blocks until
    /// they are there.
    ///
    /// # Errors
    /// `Err(None)` where the content ends early or is not what it should be;
    /// else what `write` failed with.
    pub(crate) fn next(
        &mut self,
        size: u64,
        wanted: [u8; 32],
        mut write: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), Option<io::Error>> {
        let mut hash = Sha256::new();
        let mut left = size;
        while left > 0 {
            if self.current.is_empty() {
                self.current = self.blobs.blocking_recv().ok_or(None)?;
                continue;
            }
            let length = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(self.current.len());
            let piece = self.current.split_to(length);
            hash.update(&piece);
            write(&piece).map_err(Some)?;
            left -= length as u64;
        }
        if <[u8; 32]>::from(hash.finalize()) == wanted {
            Ok(())
        } else {
            Err(None)
        }
    }
}
