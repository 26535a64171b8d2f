//! Turns a stream of bytes into lines of text of bounded length, and counts what
//! was handed on. Pure: knows no process and no pipe.

use crate::command::Stream;

/// Cuts one stream into lines.
#[derive(Debug)]
pub(crate) struct LineCutter {
    pending: Vec<u8>,
    longest: usize,
}

impl LineCutter {
    /// Lines longer than `longest` bytes are cut into several.
    pub(crate) fn new(longest: usize) -> Self {
        Self {
            pending: Vec::new(),
            longest: longest.max(4),
        }
    }

    /// Takes the next bytes and hands on every line that is now whole.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut line: impl FnMut(&str)) {
        while !bytes.is_empty() {
            let room = self.longest - self.pending.len().min(self.longest);
            let window = bytes.get(..room + 1).unwrap_or(bytes);
            if let Some(end) = window.iter().position(|byte| *byte == b'\n') {
                let (rest_of_line, rest) = bytes.split_at(end);
                self.pending.extend_from_slice(rest_of_line);
                bytes = rest.get(1..).unwrap_or_default();
                self.hand_on(self.pending.len(), &mut line);
            } else if window.len() > room {
                let (rest_of_line, rest) = bytes.split_at(room);
                self.pending.extend_from_slice(rest_of_line);
                bytes = rest;
                self.hand_on(whole_characters(&self.pending), &mut line);
            } else {
                self.pending.extend_from_slice(window);
                bytes = &[];
            }
        }
    }

    /// Hands on what stands after the last line break.
    pub(crate) fn finish(&mut self, mut line: impl FnMut(&str)) {
        if !self.pending.is_empty() {
            self.hand_on(self.pending.len(), &mut line);
        }
    }

    fn hand_on(&mut self, length: usize, line: &mut impl FnMut(&str)) {
        let rest = self.pending.split_off(length);
        let bytes = self.pending.strip_suffix(b"\r").unwrap_or(&self.pending);
        line(&String::from_utf8_lossy(bytes));
        self.pending = rest;
    }
}

/// The length without a character that is cut off at the end.
fn whole_characters(bytes: &[u8]) -> usize {
    let cut = bytes
        .iter()
        .rev()
        .take(4)
        .position(|byte| *byte & 0b1100_0000 != 0b1000_0000);
    let Some(behind) = cut else {
        return bytes.len();
    };
    let start = bytes.len() - behind - 1;
    let width = match bytes.get(start) {
        Some(0b1100_0000..=0b1101_1111) => 2,
        Some(0b1110_0000..=0b1110_1111) => 3,
        Some(0b1111_0000..=0b1111_0111) => 4,
        _ => 1,
    };
    if width > behind + 1 && start > 0 {
        start
    } else {
        bytes.len()
    }
}

/// Hands lines to the sink until the budget is spent, then says so once.
#[derive(Debug)]
pub(crate) struct Budget {
    total: u64,
    left: u64,
    spent: bool,
}

impl Budget {
    pub(crate) fn new(total: u64) -> Self {
        Self {
            total,
            left: total,
            spent: false,
        }
    }

    /// Hands `line` on, or drops it.
    pub(crate) fn pass(&mut self, stream: Stream, line: &str, sink: &mut impl FnMut(Stream, &str)) {
        if self.spent {
            return;
        }
        let cost = line.len() as u64 + 1;
        if let Some(left) = self.left.checked_sub(cost) {
            self.left = left;
            sink(stream, line);
        } else {
            self.spent = true;
            sink(
                Stream::Sandbox,
                &format!(
                    "output ends here: the command printed more than its limit of {} bytes; the rest is dropped",
                    self.total
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(longest: usize, chunks: &[&[u8]]) -> Vec<String> {
        let mut cutter = LineCutter::new(longest);
        let mut lines = Vec::new();
        for chunk in chunks {
            cutter.push(chunk, |line| lines.push(line.to_owned()));
        }
        cutter.finish(|line| lines.push(line.to_owned()));
        lines
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_arrive() {
        let text = b"one\r\ntwo\n\nthree \xff\nlast";
        let wanted = ["one", "two", "", "three \u{fffd}", "last"];
        assert_eq!(cut(100, &[text]), wanted);
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(cut(100, &single), wanted);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(cut(4, &[b"abcdefghij\nk"]), ["abcd", "efgh", "ij", "k"]);
        assert_eq!(cut(4, &[b"abcd\nefgh\n"]), ["abcd", "efgh"]);
        assert_eq!(cut(4, &["äöüß".as_bytes()]), ["äö", "üß"]);
        assert_eq!(cut(4, &["a€€".as_bytes()]), ["a€", "€"]);
        assert_eq!(cut(4, &["ab€€".as_bytes()]), ["ab", "€", "€"]);
        // Bytes that are no text at all still come to an end.
        assert_eq!(cut(4, &[&[0x80; 9]]).len(), 3);
        assert_eq!(cut(4, &[&[0xf0; 9]]).concat().chars().count(), 9);
    }

    #[test]
    fn what_goes_beyond_the_budget_is_dropped_and_said_once() {
        let mut budget = Budget::new(8);
        let mut seen = Vec::new();
        for line in ["abc", "def", "g", "h"] {
            budget.pass(Stream::Out, line, &mut |stream, line: &str| {
                seen.push((stream, line.to_owned()));
            });
        }
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[2].0, Stream::Sandbox);
        assert!(seen[2].1.contains("limit of 8 bytes"), "{}", seen[2].1);
    }
}
