//! One object of a pack on disk: by its offset, with differences applied.

use super::data::Data;
use super::delta::{apply, too_large};
use super::entry::{Header, Storage, read_header};
use super::index::Index;
use super::inflate::Inflater;
use super::window::Window;
use crate::limits::{DELTA_DEPTH, DELTA_MEMORY, OBJECT_BYTES};
use crate::trouble::{Result, Trouble, broken};
use gix_object::Kind;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

/// A pack and its index.
pub struct Pack {
    data: Data,
    /// Where they are, for messages and whoever copies the file.
    path: Rc<Path>,
    file: Option<Window>,
    index: Index,
    inflater: Inflater,
    /// Objects that others are differences to, by offset.
    bases: HashMap<u64, (Kind, Rc<Vec<u8>>)>,
    held: usize,
}

/// An object's kind, and its data or where they can be streamed from.
pub(crate) enum Found {
    Memory(Kind, Rc<Vec<u8>>),
    /// Stored whole; its data start where the file stands.
    Stream(Kind, u64),
}

impl Pack {
    /// A pack of these bytes, opened when first needed.
    #[must_use]
    pub fn new(data: Data, index: Index) -> Self {
        Self {
            path: data.path(),
            data,
            file: None,
            index,
            inflater: Inflater::new(),
            bases: HashMap::new(),
            held: 0,
        }
    }

    /// Where the object is, if it is here.
    pub(crate) fn find(&mut self, id: &[u8; 20]) -> Result<Option<u64>> {
        self.index.find(id)
    }

    /// The index, for whoever writes it to disk.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The same, to be kept.
    pub(crate) fn shared_path(&self) -> Rc<Path> {
        Rc::clone(&self.path)
    }

    fn go_to(&mut self, offset: u64) -> Result<&mut Window> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(Window::new(self.data.open()?)),
        };
        file.go_to(offset);
        Ok(file)
    }

    fn header(&mut self, offset: u64) -> Result<Header> {
        read_header(self.go_to(offset)?, offset)
    }

    /// The object at `offset`. Whole blobs are only found, not read.
    pub(crate) fn at(&mut self, offset: u64) -> Result<Found> {
        let mut chain = Vec::new();
        let mut at = offset;
        let (kind, mut data) = loop {
            if let Some((kind, data)) = self.bases.get(&at) {
                break (*kind, Rc::clone(data));
            }
            let header = self.header(at)?;
            let base = match header.storage {
                Storage::Whole(kind) if chain.is_empty() && kind == Kind::Blob => {
                    return Ok(Found::Stream(kind, header.size));
                }
                Storage::Whole(kind) => {
                    break (kind, Rc::new(self.inflate(header.size)?));
                }
                Storage::DeltaAt(base) => base,
                Storage::DeltaTo(id) => self.index.find(&id)?.ok_or_else(|| {
                    broken(format!(
                        "{} holds a difference to an object that it does not hold",
                        self.path.display()
                    ))
                })?,
            };
            if chain.len() >= DELTA_DEPTH {
                return Err(broken(format!(
                    "{} holds more than {DELTA_DEPTH} differences on top of each other; 'git repack -adf' mends it",
                    self.path.display()
                )));
            }
            chain.push(at);
            at = base;
        };
        for delta_at in chain.into_iter().rev() {
            self.remember(at, kind, &data);
            let header = self.header(delta_at)?;
            let delta = self.inflate(header.size)?;
            data = Rc::new(apply(&data, &delta)?);
            at = delta_at;
        }
        Ok(Found::Memory(kind, data))
    }

    fn inflate(&mut self, size: u64) -> Result<Vec<u8>> {
        if size > OBJECT_BYTES {
            return Err(too_large(size));
        }
        match &mut self.file {
            Some(file) => self.inflater.bytes(file, size),
            None => Err(Trouble::Unavailable(format!(
                "{} is not open",
                self.path.display()
            ))),
        }
    }

    /// After [`Found::Stream`]: the data.
    pub(crate) fn stream(
        &mut self,
        size: u64,
        sink: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        match &mut self.file {
            Some(file) => self.inflater.stream(file, size, sink),
            None => Ok(()),
        }
    }

    fn remember(&mut self, offset: u64, kind: Kind, data: &Rc<Vec<u8>>) {
        if data.len() > DELTA_MEMORY / 4 {
            return;
        }
        if self.held + data.len() > DELTA_MEMORY / 2 {
            self.bases.clear();
            self.held = 0;
        }
        if self.bases.insert(offset, (kind, Rc::clone(data))).is_none() {
            self.held += data.len();
        }
    }
}
