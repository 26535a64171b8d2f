//! Typed values onto the wire, in either codec. Members come in an order that
//! suits deterministic CBOR (shorter names first), lengths are definite, heads
//! are the shortest. Knows no shape; the generated types drive it.

use std::collections::BTreeMap;

use crate::Timestamp;

/// One document that grows.
#[derive(Debug)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    codec: Codec,
    /// JSON: nothing stands yet between the last bracket and here.
    fresh: bool,
    /// Secrets are left out.
    hides: bool,
}

/// What CloudTrail writes in the place of a secret.
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Json,
    Cbor,
}

mod major {
    pub const UNSIGNED: u8 = 0 << 5;
    pub const NEGATIVE: u8 = 1 << 5;
    pub const TEXT: u8 = 3 << 5;
    pub const ARRAY: u8 = 4 << 5;
    pub const MAP: u8 = 5 << 5;
    pub const TAG: u8 = 6 << 5;
    pub const FALSE: u8 = 0xf4;
    pub const TRUE: u8 = 0xf5;
    pub const DOUBLE: u8 = 0xfb;
}

impl Writer {
    pub fn new(codec: Codec) -> Self {
        Self {
            bytes: Vec::with_capacity(256),
            codec,
            fresh: true,
            hides: false,
        }
    }

    /// JSON for a record that others read: without secrets.
    pub fn hiding() -> Self {
        Self {
            hides: true,
            ..Self::new(Codec::Json)
        }
    }

    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Begins a structure of so many members.
    pub fn open(&mut self, members: usize) {
        self.begin(b'{', major::MAP, members);
    }

    /// Ends a structure.
    pub fn close(&mut self) {
        self.end(b'}');
    }

    /// The name of the member that comes next.
    pub fn name(&mut self, name: &str) {
        self.separate();
        self.text(name);
        if self.codec == Codec::Json {
            self.bytes.push(b':');
        }
    }

    pub fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.begin(b'[', major::ARRAY, items.len());
        for one in items {
            self.separate();
            item(self, one);
        }
        self.end(b']');
    }

    pub fn map<T>(&mut self, entries: &BTreeMap<String, T>, mut value: impl FnMut(&mut Self, &T)) {
        self.begin(b'{', major::MAP, entries.len());
        let mut sorted: Vec<_> = entries.iter().collect();
        sorted.sort_by_key(|(key, _)| (key.len(), *key));
        for (key, entry) in sorted {
            self.name(key);
            value(self, entry);
        }
        self.end(b'}');
    }

    pub fn text(&mut self, text: &str) {
        match self.codec {
            Codec::Json => self.quoted(text),
            Codec::Cbor => {
                self.head(major::TEXT, text.len() as u64);
                self.bytes.extend_from_slice(text.as_bytes());
            }
        }
    }

    pub fn secret(&mut self, text: &str) {
        self.text(if self.hides { HIDDEN } else { text });
    }

    pub fn integer(&mut self, number: i32) {
        match self.codec {
            Codec::Json => self.plain(&number.to_string()),
            Codec::Cbor => self.number(i64::from(number)),
        }
    }

    pub fn boolean(&mut self, value: bool) {
        match self.codec {
            Codec::Json => self.plain(if value { "true" } else { "false" }),
            Codec::Cbor => self
                .bytes
                .push(if value { major::TRUE } else { major::FALSE }),
        }
    }

    pub fn time(&mut self, time: Timestamp) {
        match self.codec {
            Codec::Json => self.plain(&time.to_string()),
            Codec::Cbor => {
                self.head(major::TAG, 1);
                match time.whole_seconds() {
                    Some(seconds) => self.number(seconds),
                    None => {
                        self.bytes.push(major::DOUBLE);
                        self.bytes.extend_from_slice(&time.seconds().to_be_bytes());
                    }
                }
            }
        }
    }

    fn begin(&mut self, bracket: u8, major: u8, len: usize) {
        match self.codec {
            Codec::Json => self.bytes.push(bracket),
            Codec::Cbor => self.head(major, len as u64),
        }
        self.fresh = true;
    }

    fn end(&mut self, bracket: u8) {
        if self.codec == Codec::Json {
            self.bytes.push(bracket);
        }
        self.fresh = false;
    }

    fn separate(&mut self) {
        if self.codec == Codec::Json && !self.fresh {
            self.bytes.push(b',');
        }
        self.fresh = false;
    }

    fn plain(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn quoted(&mut self, text: &str) {
        self.bytes.push(b'"');
        let mut rest = text;
        // What must be escaped is one byte, and never part of another letter.
        let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        while let Some(at) = rest.bytes().position(special) {
            let (plain, special) = rest.split_at(at);
            self.plain(plain);
            let mut letters = special.chars();
            match letters.next() {
                Some('"') => self.plain("\\\""),
                Some('\\') => self.plain("\\\\"),
                Some('\n') => self.plain("\\n"),
                Some('\r') => self.plain("\\r"),
                Some('\t') => self.plain("\\t"),
                Some(control) => self.plain(&format!("\\u{:04x}", u32::from(control))),
                None => {}
            }
            rest = letters.as_str();
        }
        self.plain(rest);
        self.bytes.push(b'"');
    }

    fn number(&mut self, number: i64) {
        match u64::try_from(number) {
            Ok(number) => self.head(major::UNSIGNED, number),
            // -1 - n is what the wire holds of a negative number.
            Err(_) => self.head(major::NEGATIVE, number.unsigned_abs() - 1),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "each arm knows that its number fits"
    )]
    fn head(&mut self, major: u8, argument: u64) {
        match argument {
            0..=23 => self.bytes.push(major | argument as u8),
            24..=0xff => self.bytes.extend_from_slice(&[major | 24, argument as u8]),
            0x100..=0xffff => {
                self.bytes.push(major | 25);
                self.bytes
                    .extend_from_slice(&(argument as u16).to_be_bytes());
            }
            0x1_0000..=0xffff_ffff => {
                self.bytes.push(major | 26);
                self.bytes
                    .extend_from_slice(&(argument as u32).to_be_bytes());
            }
            _ => {
                self.bytes.push(major | 27);
                self.bytes.extend_from_slice(&argument.to_be_bytes());
            }
        }
    }
}
