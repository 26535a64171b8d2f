//! The action's log. What a provider prints to stdout and stderr goes there
//! too, without a level.

/// How much an entry matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Ordinary.
    Info,
    /// Worth a look.
    Warning,
    /// Wrong.
    Error,
}

/// Writes to the action's log: the one thing that a function may do besides
/// computing.
pub trait Log {
    /// Writes one entry; a line break starts another line.
    fn log(&self, level: Level, text: &str);

    /// Writes an ordinary entry.
    fn info(&self, text: &str) {
        self.log(Level::Info, text);
    }

    /// Writes an entry that is worth a look.
    fn warning(&self, text: &str) {
        self.log(Level::Warning, text);
    }

    /// Writes an entry that says what is wrong.
    fn error(&self, text: &str) {
        self.log(Level::Error, text);
    }
}
