//! Takes the answer to a `fetch` apart as it arrives: the pack goes to a
//! file or into memory, the server's progress to the log, and what it refuses becomes a reason.

use crate::limits::{MEMORY_PACK_BYTES, PACK_BYTES};
use crate::object::parse_id;
use crate::pack::Data;
use crate::packet::{Decoder, Packet};
use crate::trouble::{Result, Trouble, broken, disk};
use gix_hash::ObjectId;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Lines of a server's progress that are logged.
const PROGRESS_LINES: usize = 40;
/// Bytes of an answer that is not Git's, taken so that its status is learnt.
const FOREIGN_BYTES: usize = 64 * 1024;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    /// Its heading comes next.
    Heading,
    Shallow,
    Pack,
    /// Not asked for.
    Other,
}

/// A sink for the response's body.
pub(crate) struct Spool<'a> {
    decoder: Decoder,
    state: State<'a>,
    /// Bytes of an answer that is not Git's.
    foreign: usize,
    problem: Option<Trouble>,
}

struct State<'a> {
    pack: Place,
    size: u64,
    limit: u64,
    packets: usize,
    section: Section,
    shallow: Vec<ObjectId>,
    progress: Vec<u8>,
    lines: usize,
    log: &'a dyn Fn(&str),
}

/// Where a pack is put.
enum Place {
    File(PathBuf, BufWriter<File>),
    Memory(Vec<u8>),
}

/// A pack that is whole.
pub(crate) struct Spooled {
    /// Where it is.
    pub(crate) data: Data,
    /// Bytes.
    pub(crate) size: u64,
    /// Commits whose parents were left out.
    pub(crate) shallow: Vec<ObjectId>,
}

impl<'a> Spool<'a> {
    /// Into a new file.
    pub(crate) fn create(path: &Path, log: &'a dyn Fn(&str)) -> Result<Self> {
        let file = File::create(path).map_err(disk("create", path))?;
        let file = BufWriter::with_capacity(256 * 1024, file);
        Ok(Self::into(
            Place::File(path.to_owned(), file),
            PACK_BYTES,
            log,
        ))
    }

    /// Into memory, where there is no directory for work.
    pub(crate) fn memory(log: &'a dyn Fn(&str)) -> Self {
        Self::into(Place::Memory(Vec::new()), MEMORY_PACK_BYTES, log)
    }

    fn into(pack: Place, limit: u64, log: &'a dyn Fn(&str)) -> Self {
        Self {
            decoder: Decoder::default(),
            state: State {
                pack,
                size: 0,
                limit,
                packets: 0,
                section: Section::Heading,
                shallow: Vec::new(),
                progress: Vec::new(),
                lines: 0,
                log,
            },
            foreign: 0,
            problem: None,
        }
    }

    /// The most bytes of a pack that it takes.
    pub(crate) fn limit(&self) -> u64 {
        self.state.limit
    }

    /// Why the answer is of no use, if it is.
    pub(crate) fn problem(&mut self) -> Option<Trouble> {
        self.problem.take()
    }

    /// The whole answer has been written.
    pub(crate) fn finish(mut self) -> Result<Spooled> {
        if let Some(problem) = self.problem.take() {
            return Err(problem);
        }
        if !self.decoder.is_done() || self.state.size == 0 {
            return Err(Trouble::Unavailable(
                "the server's answer ended before its pack did".into(),
            ));
        }
        let data = match self.state.pack {
            Place::File(path, mut file) => {
                file.flush().map_err(disk("write", &path))?;
                Data::file(path)
            }
            Place::Memory(bytes) => Data::memory(bytes),
        };
        Ok(Spooled {
            data,
            size: self.state.size,
            shallow: self.state.shallow,
        })
    }
}

impl Write for Spool<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.problem.is_none() {
            let state = &mut self.state;
            let fed = self.decoder.feed(bytes, &mut |packet| state.take(packet));
            self.problem = fed.err();
        } else {
            self.foreign += bytes.len();
        }
        // An answer that is not Git's from its first byte on is most likely a
        // page about an error, whose status says more than its text.
        if self.problem.is_some() && (self.state.packets > 0 || self.foreign > FOREIGN_BYTES) {
            return Err(io::Error::other("not an answer to a fetch"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl State<'_> {
    fn take(&mut self, packet: Packet<'_>) -> Result<()> {
        self.packets += 1;
        let data = match packet {
            Packet::Data(data) => data,
            Packet::Flush | Packet::Delimiter | Packet::End => {
                self.section = Section::Heading;
                return Ok(());
            }
        };
        if let Some(text) = data.strip_prefix(b"ERR ") {
            return Err(refusal(text));
        }
        match self.section {
            Section::Heading => {
                self.section = match data.trim_ascii_end() {
                    b"packfile" => Section::Pack,
                    b"shallow-info" => Section::Shallow,
                    _ => Section::Other,
                };
                Ok(())
            }
            Section::Shallow => {
                let text = String::from_utf8_lossy(data);
                if let Some(id) = text.trim_end().strip_prefix("shallow ").and_then(parse_id) {
                    self.shallow.push(id);
                }
                Ok(())
            }
            Section::Other => Ok(()),
            Section::Pack => match data.split_first() {
                Some((1, pack)) => self.write(pack),
                Some((2, text)) => {
                    self.report(text);
                    Ok(())
                }
                Some((3, text)) => Err(refusal(text)),
                _ => Err(broken(
                    "the server's pack comes in a form that is not Git's",
                )),
            },
        }
    }

    fn write(&mut self, pack: &[u8]) -> Result<()> {
        self.size += pack.len() as u64;
        if self.size > self.limit {
            return Err(pack_too_large(self.limit));
        }
        match &mut self.pack {
            Place::File(path, file) => file.write_all(pack).map_err(disk("write", path)),
            Place::Memory(bytes) => {
                bytes.extend_from_slice(pack);
                Ok(())
            }
        }
    }

    /// Logs the lines that are final; those that end with a carriage return
    /// are overwritten by the next.
    fn report(&mut self, text: &[u8]) {
        for byte in text {
            match byte {
                b'\r' => self.progress.clear(),
                b'\n' => {
                    let line = std::mem::take(&mut self.progress);
                    if self.lines < PROGRESS_LINES && !line.is_empty() {
                        self.lines += 1;
                        (self.log)(&format!("remote: {}", readable(&line)));
                    }
                }
                byte if self.progress.len() < 1024 => self.progress.push(*byte),
                _ => {}
            }
        }
    }
}

/// The one sentence about a pack that is too large.
pub(crate) fn pack_too_large(limit: u64) -> Trouble {
    Trouble::Content(format!(
        "the repository's pack is larger than the limit of {} MB; take OutputArtifactFormat = Tree if it was FullHistory, or keep large files in Git LFS",
        limit >> 20
    ))
}

fn refusal(text: &[u8]) -> Trouble {
    let text = readable(text);
    if text.contains("not our ref") || text.contains("unadvertised object") {
        Trouble::Missing(format!(
            "the server does not give out this commit ({text}); it exists nowhere in the repository, or only where the server does not let it be fetched"
        ))
    } else {
        Trouble::Unavailable(format!("the server refused the fetch: {text}"))
    }
}

/// A stranger's text on one line, without control characters.
pub(crate) fn readable(text: &[u8]) -> String {
    String::from_utf8_lossy(text)
        .trim()
        .chars()
        .take(300)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
