//! The objects of one repository: loose ones, packs, and what its alternates
//! hold, read straight from files. Everything is checked against its id as it
//! is read, so a damaged disk is noticed and an id means what it says.

use crate::limits::OBJECT_BYTES;
use crate::object::{Commit, bytes, hash_object, tag_target};
use crate::pack::{Data, Found, Index, Pack};
use crate::trouble::{Result, Trouble, broken, disk};
use flate2::bufread::ZlibDecoder;
use gix_hash::ObjectId;
use gix_object::Kind;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Alternates of alternates, and tags of tags.
const INDIRECTIONS: usize = 5;

/// Where objects are looked up.
pub struct Objects {
    /// `objects` directories with loose objects.
    directories: Vec<PathBuf>,
    /// The one that answered last comes first.
    packs: Vec<Pack>,
}

struct Loose {
    kind: Kind,
    size: u64,
    data: ZlibDecoder<BufReader<File>>,
}

impl Objects {
    /// What a server sent.
    #[must_use]
    pub fn received(pack: Pack) -> Self {
        Self {
            directories: Vec::new(),
            packs: vec![pack],
        }
    }

    /// The objects below an `objects` directory, and below its alternates.
    ///
    /// # Errors
    /// A directory or an index cannot be read.
    pub fn open(directory: &Path) -> Result<Self> {
        let mut directories = vec![directory.to_owned()];
        let mut packs = Vec::new();
        let mut next = 0;
        while let Some(directory) = directories.get(next).cloned() {
            next += 1;
            for index in pack_files(&directory, "idx")? {
                let data = Data::file(index.with_extension("pack"));
                packs.push(Pack::new(data, Index::open(&index)?));
            }
            for alternate in alternates(&directory)? {
                if directories.len() > INDIRECTIONS {
                    return Err(broken(format!(
                        "{} borrows objects from more than {INDIRECTIONS} other repositories; 'git repack -a' makes it whole",
                        directory.display()
                    )));
                }
                if !directories.contains(&alternate) {
                    fs::read_dir(&alternate).map_err(|error| {
                        Trouble::Denied(format!(
                            "{} borrows objects from {}, which cannot be read ({error}); grant 'source-git read={}' too, or make the repository whole with 'git repack -a'",
                            directory.display(), alternate.display(), alternate.display()
                        ))
                    })?;
                    directories.push(alternate);
                }
            }
        }
        Ok(Self { directories, packs })
    }

    /// The `objects` directories, the repository's own first.
    pub(crate) fn directories(&self) -> &[PathBuf] {
        &self.directories
    }

    /// The packs.
    pub(crate) fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// Whether the object is here.
    pub(crate) fn contains(&mut self, id: &ObjectId) -> Result<bool> {
        Ok(self.find(id)?.is_some() || self.loose_path(id).is_some())
    }

    /// A key that puts objects in the order in which they are stored; loose ones
    /// come first.
    pub(crate) fn order(&mut self, id: &ObjectId) -> Result<Option<(Rc<Path>, u64)>> {
        let offset = self.find(id)?;
        Ok(offset
            .zip(self.packs.first())
            .map(|(offset, pack)| (pack.shared_path(), offset)))
    }

    fn find(&mut self, id: &ObjectId) -> Result<Option<u64>> {
        let key = bytes(id);
        for position in 0..self.packs.len() {
            let found = match self.packs.get_mut(position) {
                Some(pack) => pack.find(&key)?,
                None => None,
            };
            if let Some(offset) = found {
                self.packs.swap(0, position);
                return Ok(Some(offset));
            }
        }
        Ok(None)
    }

    fn loose_path(&self, id: &ObjectId) -> Option<PathBuf> {
        let hex = id.to_string();
        let (first, rest) = hex.split_at_checked(2)?;
        self.directories
            .iter()
            .map(|directory| directory.join(first).join(rest))
            .find(|path| path.is_file())
    }

    fn loose(&self, id: &ObjectId) -> Result<Loose> {
        let Some(path) = self.loose_path(id) else {
            return Err(Trouble::Missing(format!(
                "the repository does not hold the object {id}; a partial or damaged clone cannot be a source"
            )));
        };
        let damaged = || {
            broken(format!(
                "the object {id} is damaged: its header cannot be read"
            ))
        };
        let file = File::open(&path).map_err(disk("read", &path))?;
        let mut data = ZlibDecoder::new(BufReader::new(file));
        let mut header = Vec::with_capacity(32);
        loop {
            let mut byte = [0];
            data.read_exact(&mut byte).map_err(|_| damaged())?;
            match byte {
                [0] => break,
                _ if header.len() >= 32 => return Err(damaged()),
                [byte] => header.push(byte),
            }
        }
        let header = String::from_utf8(header).map_err(|_| damaged())?;
        let (kind, size) = header.split_once(' ').ok_or_else(damaged)?;
        Ok(Loose {
            kind: Kind::from_bytes(kind.as_bytes()).map_err(|_| damaged())?,
            size: size.parse().map_err(|_| damaged())?,
            data,
        })
    }

    /// An object's kind and data, in memory.
    ///
    /// # Errors
    /// It is not here, damaged, or too large to be held.
    pub(crate) fn read(&mut self, id: &ObjectId) -> Result<(Kind, Rc<Vec<u8>>)> {
        let mut data = Vec::new();
        let mut collect = |chunk: &[u8]| {
            data.extend_from_slice(chunk);
            Ok(())
        };
        let (kind, whole) = self.visit(id, OBJECT_BYTES, &mut collect)?;
        Ok((kind, whole.unwrap_or_else(|| Rc::new(data))))
    }

    /// Hands a blob's data to `sink`, piece by piece; returns its size.
    ///
    /// # Errors
    /// It is not here, damaged, larger than `limit`, or `sink` fails.
    pub(crate) fn blob(
        &mut self,
        id: &ObjectId,
        limit: u64,
        sink: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<u64> {
        let mut size = 0;
        let mut count = |chunk: &[u8]| {
            size += chunk.len() as u64;
            sink(chunk)
        };
        let (kind, whole) = self.visit(id, limit, &mut count)?;
        if kind != Kind::Blob {
            return Err(broken(format!(
                "the object {id} is a {kind} where a file is expected"
            )));
        }
        if let Some(data) = whole {
            if data.len() as u64 > limit {
                return Err(past(limit));
            }
            count(&data)?;
        }
        Ok(size)
    }

    /// Streams the object to `sink`, or returns it where it is in memory
    /// anyway.
    fn visit(
        &mut self,
        id: &ObjectId,
        limit: u64,
        sink: &mut dyn FnMut(&[u8]) -> Result<()>,
    ) -> Result<(Kind, Option<Rc<Vec<u8>>>)> {
        let position = self.find(id)?;
        let (hash, kind, whole) = match (position, self.packs.first_mut()) {
            (Some(offset), Some(pack)) => match pack.at(offset)? {
                Found::Memory(kind, data) => {
                    let mut hash = hash_object(kind, data.len() as u64);
                    hash.update(&data);
                    (hash, kind, Some(data))
                }
                Found::Stream(kind, size) => {
                    if size > limit {
                        return Err(past(limit));
                    }
                    let mut hash = hash_object(kind, size);
                    pack.stream(size, |chunk| {
                        hash.update(chunk);
                        sink(chunk)
                    })?;
                    (hash, kind, None)
                }
            },
            _ => {
                let mut loose = self.loose(id)?;
                if loose.size > limit {
                    return Err(past(limit));
                }
                let mut hash = hash_object(loose.kind, loose.size);
                copy(&mut loose, id, &mut |chunk| {
                    hash.update(chunk);
                    sink(chunk)
                })?;
                (hash, loose.kind, None)
            }
        };
        if hash.finish()? == bytes(id) {
            Ok((kind, whole))
        } else {
            Err(broken(format!(
                "the object {id} is damaged: its content does not fit its id; 'git fsck' tells more"
            )))
        }
    }

    /// The commit of this id, or the one that the tag of this id points at.
    ///
    /// # Errors
    /// It is not here, or is neither.
    pub fn commit(&mut self, id: &ObjectId) -> Result<Commit> {
        let mut at = *id;
        for _ in 0..INDIRECTIONS {
            match self.read(&at)? {
                (Kind::Commit, data) => return Commit::parse(at, &data),
                (Kind::Tag, data) => at = tag_target(&at, &data)?,
                (kind, _) => {
                    return Err(Trouble::Missing(format!(
                        "{id} is a {kind} and not a commit, so no files can be taken from it"
                    )));
                }
            }
        }
        Err(broken(format!(
            "{id} is a tag of more than {INDIRECTIONS} tags on top of each other"
        )))
    }
}

fn copy(loose: &mut Loose, id: &ObjectId, sink: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut buffer = vec![0; 32 * 1024];
    let mut left = loose.size;
    loop {
        let count = loose
            .data
            .read(&mut buffer)
            .map_err(|error| broken(format!("the object {id} is damaged: {error}")))?;
        left = match (count, left.checked_sub(count as u64)) {
            (0, Some(0)) => return Ok(()),
            (1.., Some(left)) => left,
            _ => {
                return Err(broken(format!(
                    "the object {id} is damaged: it has not the size that it declares"
                )));
            }
        };
        sink(buffer.get(..count).unwrap_or_default())?;
    }
}

fn past(limit: u64) -> Trouble {
    Trouble::Content(format!(
        "the tree's files are larger than the limit of {limit} bytes that is left for them; keep large files out of the repository or in Git LFS"
    ))
}

/// Files with this extension in `pack/`, in a fixed order.
pub(crate) fn pack_files(directory: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let packs = directory.join("pack");
    let entries = match fs::read_dir(&packs) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(disk("read", &packs)(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(disk("read", &packs))?.path();
        if path.extension().is_some_and(|e| e == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn alternates(directory: &Path) -> Result<Vec<PathBuf>> {
    let file = directory.join("info/alternates");
    let text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(disk("read", &file)(error)),
    };
    Ok(text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| directory.join(line))
        .collect())
}
