//! A tree of values as both codecs read it, before anybody asks what it means.
//! Knows neither JSON nor CBOR, nor any shape of the model. The readers build
//! it under a [`Budget`], `check` compares it with a shape, `read` takes it
//! apart.

use crate::{MAX_DEPTH, MAX_VALUES, Timestamp};

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Boolean(bool),
    Integer(i64),
    /// A number that is no whole one of 64 bits.
    Float(f64),
    Text(String),
    /// CBOR only, and nothing in the model takes them.
    Bytes,
    /// CBOR only: a number under tag 1. JSON's times are plain numbers.
    Time(Timestamp),
    List(Vec<Node>),
    /// In the order of the wire; no name twice.
    Map(Vec<(String, Node)>),
}

/// How much of a body may still be read. A stranger writes the body.
#[derive(Debug)]
pub(crate) struct Budget {
    values: usize,
}

impl Budget {
    pub fn new() -> Self {
        Self { values: MAX_VALUES }
    }

    /// Counts one value at this depth.
    pub fn value(&mut self, depth: usize) -> Result<(), Unreadable> {
        if depth > MAX_DEPTH {
            return Err(Unreadable(format!(
                "The body is nested more than {MAX_DEPTH} levels deep; write a flatter one."
            )));
        }
        match self.values.checked_sub(1) {
            Some(left) => self.values = left,
            None => {
                return Err(Unreadable(format!(
                    "The body holds more than {MAX_VALUES} values; split the request."
                )));
            }
        }
        Ok(())
    }
}

/// A body that cannot be read, and why, in one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(pub String);

/// The first name that comes twice. Two readers that disagree about which of
/// two equal names counts are how one of them is fooled.
pub(crate) fn repeated(members: &[(String, Node)]) -> Option<&str> {
    if members.len() < 2 {
        return None;
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.windows(2).find_map(|pair| match pair {
        [a, b] if a == b => Some(*a),
        _ => None,
    })
}

/// Text of a stranger, short enough for a message.
pub(crate) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(64).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
