//! A file read at chosen places. What was read already is not read again: in a
//! guest every read of a file is a call to the host.

use super::data::Reader;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// Bytes of one read.
const SIZE: usize = 64 * 1024;

/// A piece of a file, and the place where reading goes on.
pub(crate) struct Window {
    file: Reader,
    /// Where the file itself stands.
    stands: u64,
    buffer: Vec<u8>,
    /// Where the buffer's first byte is in the file.
    start: u64,
    /// Bytes in the buffer.
    filled: usize,
    /// Bytes of these that were consumed.
    consumed: usize,
}

impl Window {
    pub(crate) fn new(file: Reader) -> Self {
        Self {
            file,
            stands: 0,
            buffer: vec![0; SIZE],
            start: 0,
            filled: 0,
            consumed: 0,
        }
    }

    /// Goes on at this offset.
    pub(crate) fn go_to(&mut self, offset: u64) {
        let inside = offset
            .checked_sub(self.start)
            .and_then(|distance| usize::try_from(distance).ok())
            .filter(|distance| *distance <= self.filled);
        if let Some(distance) = inside {
            self.consumed = distance;
        } else {
            self.start = offset;
            self.filled = 0;
            self.consumed = 0;
        }
    }
}

impl BufRead for Window {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.consumed == self.filled {
            self.start += self.filled as u64;
            self.filled = 0;
            self.consumed = 0;
            if self.stands != self.start {
                self.stands = self.file.seek(SeekFrom::Start(self.start))?;
            }
            self.filled = self.file.read(&mut self.buffer)?;
            self.stands += self.filled as u64;
        }
        Ok(self
            .buffer
            .get(self.consumed..self.filled)
            .unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.consumed = (self.consumed + count).min(self.filled);
    }
}

impl Read for Window {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::Data;
    use super::*;

    #[test]
    fn every_place_of_a_file_reads_as_it_is() {
        let path = tempfile::NamedTempFile::new().unwrap();
        let content: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
        std::fs::write(path.path(), &content).unwrap();
        let data = Data::file(path.path().to_owned());
        let mut window = Window::new(data.open().unwrap());
        for (offset, length) in [
            (0, 10),
            (5, 70_000),
            (0, 3),
            (299_990, 10),
            (299_000, 1000),
            (65_536, 65_536),
            (131_072, 1),
            (131_000, 72),
        ] {
            let mut read = vec![0; length];
            window.go_to(offset as u64);
            window.read_exact(&mut read).unwrap();
            assert_eq!(read, content[offset..offset + length], "{offset} {length}");
        }
        window.go_to(300_000);
        assert_eq!(window.fill_buf().unwrap(), b"");
        window.go_to(400_000);
        assert_eq!(window.fill_buf().unwrap(), b"");
    }
}
