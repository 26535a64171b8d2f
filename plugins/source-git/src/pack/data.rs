//! Where the bytes of a pack are: in a file, or in memory where there is no
//! directory to put a file in.

use crate::trouble::{Result, disk};
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Bytes that several readers share.
#[derive(Clone)]
pub struct Shared(Rc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// The bytes of a pack.
#[derive(Clone)]
pub enum Data {
    /// In this file.
    File(Rc<Path>),
    /// Here.
    Memory(Shared),
}

/// Reads them from wherever they are.
pub(crate) enum Reader {
    File(File),
    Memory(Cursor<Shared>),
}

impl Data {
    /// The bytes of this file.
    #[must_use]
    pub fn file(path: PathBuf) -> Self {
        Self::File(path.into())
    }

    /// These bytes.
    #[must_use]
    pub fn memory(bytes: Vec<u8>) -> Self {
        Self::Memory(Shared(Rc::new(bytes)))
    }

    /// Names the place in messages; the file's path.
    pub(crate) fn path(&self) -> Rc<Path> {
        match self {
            Self::File(path) => Rc::clone(path),
            Self::Memory(_) => Path::new("the fetched pack").into(),
        }
    }

    pub(crate) fn open(&self) -> Result<Reader> {
        Ok(match self {
            Self::File(path) => Reader::File(File::open(path).map_err(disk("read", path))?),
            Self::Memory(bytes) => Reader::Memory(Cursor::new(bytes.clone())),
        })
    }

    pub(crate) fn length(&self) -> Result<u64> {
        match self {
            Self::File(path) => {
                let metadata = std::fs::metadata(path).map_err(disk("read", path))?;
                Ok(metadata.len())
            }
            Self::Memory(bytes) => Ok(bytes.as_ref().len() as u64),
        }
    }
}

impl Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(into),
            Self::Memory(bytes) => bytes.read(into),
        }
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Memory(bytes) => bytes.seek(to),
        }
    }
}
