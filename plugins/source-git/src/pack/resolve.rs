//! Gives every difference of a received pack its id: depth first from the
//! objects that are stored whole, so that each base is unpacked once and few
//! are held at a time.

use super::data::Data;
use super::delta::{apply, too_large};
use super::entry::read_header;
use super::inflate::Inflater;
use super::receive::{Content, Entry, Scan};
use super::window::Window;
use crate::limits::{DELTA_DEPTH, DELTA_MEMORY, OBJECT_BYTES};
use crate::object::hash_object;
use crate::trouble::{Result, broken};
use gix_object::Kind;

/// An object with differences to it that are not resolved yet.
struct Base {
    /// Entry number.
    number: u32,
    /// Forgotten when memory is short, and unpacked again.
    data: Option<Vec<u8>>,
    /// Entry numbers, the next one last.
    children: Vec<u32>,
}

struct Resolver<'a> {
    file: Window,
    inflater: Inflater,
    scan: &'a mut Scan,
    /// Base and difference, sorted.
    by_offset: Vec<(u32, u32)>,
    stack: Vec<Base>,
    held: usize,
}

/// Fills in the ids of all differences.
pub(super) fn resolve(data: &Data, scan: &mut Scan) -> Result<()> {
    let mut by_offset = Vec::new();
    for (number, entry) in (0u32..).zip(&scan.entries) {
        if let Content::Delta(base) = entry.content {
            by_offset.push((base, number));
        }
    }
    by_offset.sort_unstable();
    let deltas = by_offset.len() + scan.by_id.len();
    if deltas == 0 {
        return Ok(());
    }
    let mut resolver = Resolver {
        file: Window::new(data.open()?),
        inflater: Inflater::new(),
        scan,
        by_offset,
        stack: Vec::new(),
        held: 0,
    };
    let mut resolved = 0;
    for number in 0..u32::try_from(resolver.scan.entries.len()).unwrap_or(u32::MAX) {
        if let Content::Whole(kind) = resolver.entry(number)?.content {
            resolved += resolver.descend(number, kind)?;
        }
    }
    if resolved == deltas {
        Ok(())
    } else {
        Err(broken(format!(
            "the server's pack holds {} differences to objects that it does not hold",
            deltas - resolved
        )))
    }
}

impl Resolver<'_> {
    fn entry(&self, number: u32) -> Result<&Entry> {
        self.scan
            .entries
            .get(number as usize)
            .ok_or_else(|| broken("the pack's entries do not add up"))
    }

    /// The differences to this entry, by offset and by id.
    fn children(&self, number: u32) -> Result<Vec<u32>> {
        let range = |from: usize, fits: &dyn Fn(usize) -> bool| {
            let mut to = from;
            while fits(to) {
                to += 1;
            }
            from..to
        };
        let at = &self.by_offset;
        let start = at.partition_point(|(base, _)| *base < number);
        let offsets = range(start, &|i| {
            at.get(i).is_some_and(|(base, _)| *base == number)
        });
        let to = &self.scan.by_id;
        let id = self.entry(number)?.id;
        let start = to.partition_point(|(base, _)| *base < id);
        let ids = range(start, &|i| to.get(i).is_some_and(|(base, _)| *base == id));
        let mut children: Vec<u32> = at
            .get(offsets)
            .unwrap_or_default()
            .iter()
            .map(|(_, child)| *child)
            .collect();
        for (_, child) in to.get(ids).unwrap_or_default() {
            children.push(*child);
        }
        children.reverse();
        Ok(children)
    }

    /// Resolves everything that rests on one whole object; returns how many.
    fn descend(&mut self, root: u32, kind: Kind) -> Result<usize> {
        let children = self.children(root)?;
        if children.is_empty() {
            return Ok(0);
        }
        self.stack.push(Base {
            number: root,
            data: None,
            children,
        });
        let mut resolved = 0;
        while let Some(mut base) = self.stack.pop() {
            let Some(child) = base.children.pop() else {
                continue;
            };
            let data = match base.data.take() {
                Some(data) => {
                    self.held -= data.len();
                    data
                }
                None => self.unpack(base.number)?,
            };
            let delta = self.inflate(child)?;
            let result = apply(&data, &delta)?;
            drop(delta);
            let mut hash = hash_object(kind, result.len() as u64);
            hash.update(&result);
            let id = hash.finish()?;
            let parent = base.number;
            let Some(entry) = self.scan.entries.get_mut(child as usize) else {
                return Err(broken("the pack's entries do not add up"));
            };
            if entry.id != [0; 20] {
                return Err(broken("the server's pack resolves an entry twice"));
            }
            entry.id = id;
            entry.content = Content::Delta(parent);
            resolved += 1;
            if !base.children.is_empty() {
                base.data = Some(data);
                self.push(base)?;
            }
            let children = self.children(child)?;
            if !children.is_empty() {
                self.push(Base {
                    number: child,
                    data: Some(result),
                    children,
                })?;
            }
        }
        Ok(resolved)
    }

    fn push(&mut self, base: Base) -> Result<()> {
        if self.stack.len() >= DELTA_DEPTH {
            return Err(broken(format!(
                "the server's pack holds more than {DELTA_DEPTH} differences on top of each other"
            )));
        }
        self.held += base.data.as_ref().map_or(0, Vec::len);
        self.stack.push(base);
        for base in &mut self.stack {
            if self.held <= DELTA_MEMORY {
                break;
            }
            self.held -= base.data.take().map_or(0, |data| data.len());
        }
        Ok(())
    }

    /// Unpacks an entry whose bases are all resolved.
    fn unpack(&mut self, number: u32) -> Result<Vec<u8>> {
        let mut chain = Vec::new();
        let mut at = number;
        while let Content::Delta(base) = self.entry(at)?.content {
            if chain.len() >= DELTA_DEPTH {
                return Err(broken("the server's pack holds a circle of differences"));
            }
            chain.push(at);
            at = base;
        }
        let mut data = self.inflate(at)?;
        for delta in chain.into_iter().rev() {
            let delta = self.inflate(delta)?;
            data = apply(&data, &delta)?;
        }
        Ok(data)
    }

    /// The data of one entry: the object, or the difference.
    fn inflate(&mut self, number: u32) -> Result<Vec<u8>> {
        let offset = u64::from(self.entry(number)?.offset);
        self.file.go_to(offset);
        let header = read_header(&mut self.file, offset)?;
        if header.size > OBJECT_BYTES {
            return Err(too_large(header.size));
        }
        self.inflater.bytes(&mut self.file, header.size)
    }
}
