//! One thing wrong with a definition: where, what, and what to write instead.
//! Made by `read` and `check`; printed by whoever holds the file's name.

use std::fmt;

/// Where in a text: lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

/// A mistake in a definition. Printed without the file's name:
/// `12:8: stages[1].actions[0].runOrder: 0 is not between 1 and 999; …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// In the text, where the text is known.
    pub place: Option<Place>,
    /// In the structure, such as `stages[1].actions[0].name`; empty: the whole.
    pub path: String,
    /// One sentence with the value and the remedy, without a full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { line, column }) = self.place {
            write!(f, "{line}:{column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}
