//! What the model says of a shape, as a table to be walked. The tables are
//! written by `build.rs`. Knows no tree; `check` compares the two, and whoever
//! wants to describe an operation (tests, documentation) reads them.

use crate::pattern::Pattern;

/// One shape of the service model.
#[derive(Debug)]
pub struct Shape {
    /// As the model calls it.
    pub name: &'static str,
    /// A secret, never to be printed.
    pub sensitive: bool,
    /// What it is, and its constraints.
    pub kind: Kind,
}

/// What a shape is.
#[derive(Debug)]
pub enum Kind {
    /// Named members; others are ignored.
    Structure(&'static [Member]),
    /// Items of one shape, so many at least and at most.
    List {
        /// The shape of each.
        member: &'static Shape,
        /// The smallest number of them.
        min: Option<usize>,
        /// The largest number of them.
        max: Option<usize>,
    },
    /// Text to values of one shape, so many at least and at most.
    Map {
        /// The shape of each key, always a text.
        key: &'static Shape,
        /// The shape of each value.
        value: &'static Shape,
        /// The smallest number of entries.
        min: Option<usize>,
        /// The largest number of entries.
        max: Option<usize>,
    },
    /// A string.
    Text(Text),
    /// A whole number of 32 bits.
    Integer {
        /// The smallest.
        min: Option<i64>,
        /// The largest.
        max: Option<i64>,
    },
    /// True or false.
    Boolean,
    /// Seconds since 1970.
    Timestamp,
}

/// What a string must be.
#[derive(Debug)]
pub struct Text {
    /// The smallest number of characters.
    pub min: Option<usize>,
    /// The largest number of characters, as the model has it.
    pub max: Option<usize>,
    /// The largest number where AWS's limit is not asked for.
    pub relaxed: Option<usize>,
    /// What the whole of it must match.
    pub pattern: Option<&'static Pattern>,
    /// The values of an enum; empty for any other string.
    pub values: &'static [&'static str],
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// On the wire.
    pub name: &'static str,
    /// In the path of a violation, where first letters are small.
    pub path: &'static str,
    /// Must be there and not be null.
    pub required: bool,
    /// What it is.
    pub shape: &'static Shape,
}

pub(crate) mod tables {
    //! Every shape of the model; written by `build.rs`.

    use super::{Kind, Member, Pattern, Shape, Text};

    include!(concat!(env!("OUT_DIR"), "/schema.rs"));
}
