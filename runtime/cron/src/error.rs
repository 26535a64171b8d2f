//! What is wrong with a text, as one sentence: the field, the value, and what
//! to write instead.

use std::fmt::Write as _;

/// An expression that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} '{value}' will not do; write {remedy}")]
pub struct CronError {
    /// Where: the name of a field, or `cron expression` for the whole.
    pub field: &'static str,
    /// What stands there; control characters are escaped.
    pub value: String,
    /// What to write, to be read after the word "write".
    pub remedy: String,
}

impl CronError {
    /// The place of what concerns no field alone.
    pub(crate) const WHOLE: &'static str = "cron expression";

    pub(crate) fn new(field: &'static str, value: &str, remedy: impl Into<String>) -> Self {
        Self {
            field,
            value: printable(value),
            remedy: remedy.into(),
        }
    }

    /// What to write and where, for a message that has shown the whole
    /// expression already; to be read after the word "write".
    #[must_use]
    pub fn what_to_write(&self) -> String {
        if self.field == Self::WHOLE {
            self.remedy.clone()
        } else {
            format!("{} in {}, not '{}'", self.remedy, self.field, self.value)
        }
    }
}

/// A text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("time zone '{value}' is not known; write {}", Self::WHAT_TO_WRITE)]
pub struct ZoneError {
    /// What stands there; control characters are escaped.
    pub value: String,
}

impl ZoneError {
    /// What to write, to be read after the word "write".
    pub const WHAT_TO_WRITE: &'static str =
        "a region and city such as Europe/Berlin, or UTC, or an offset such as UTC+05:30";

    pub(crate) fn new(value: &str) -> Self {
        Self {
            value: printable(value),
        }
    }
}

/// The beginning of a text, fit for a message.
pub(crate) fn printable(text: &str) -> String {
    const LETTERS: usize = 100;
    let mut shown = String::new();
    for letter in text.chars().take(LETTERS) {
        if letter.is_control() {
            // Writing to a String cannot fail.
            let _ = write!(shown, "{}", letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    if text.chars().nth(LETTERS).is_some() {
        shown.push('…');
    }
    shown
}
