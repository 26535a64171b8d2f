//! Lines of logs as they are kept: numbered by the store through all attempts
//! at one action execution.

use lockgate_model::job::LogLine;

/// A line and its place in the log of its action execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLine {
    /// Counts from 0 through all attempts.
    pub index: u64,
    /// The attempt that said it.
    pub attempt: u32,
    /// The line.
    pub line: LogLine,
}
