//! Native commands in the operating system's sandbox, in words.

use crate::{Failure, FailureType};
use std::fmt;
use std::path::PathBuf;

/// One command. It sees the job's directories at the paths that the provider
/// sees, the system's programs read-only, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments; no shell is put between.
    pub arguments: Vec<String>,
    /// Added to a small fixed environment (PATH, HOME, TMPDIR, LANG, CI).
    pub environment: Vec<(String, String)>,
    /// Absolute; the job's working directory where absent.
    pub working_directory: Option<PathBuf>,
    /// Written to standard input, which is then closed.
    pub input: Vec<u8>,
    /// Ended as a tree after so many seconds; absent: the job's deadline.
    pub timeout_seconds: Option<u32>,
    /// Where standard output goes.
    pub output: Output,
}

/// Where a command's standard output goes. Standard error goes to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// To the log, line by line, as it comes.
    Stream,
    /// To the provider, up to 1 MiB.
    Capture,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// In which way.
    pub ending: Ending,
    /// What it wrote, where it was captured.
    pub output: Vec<u8>,
}

/// The way a command ended. Displays as the end of a sentence: "ended with
/// code 2".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this code.
    Code(u32),
    /// By a signal.
    Signal(u32),
    /// By its time limit.
    Timeout,
    /// By the sandbox, for its use of memory, processes or files.
    Limit(String),
}

/// A command could not be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// Not granted.
    #[error("{0}")]
    Denied(String),
    /// No such program or directory.
    #[error("{0}")]
    NotFound(String),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl Command {
    /// A command whose output goes to the log.
    pub fn new<A: Into<String>>(arguments: impl IntoIterator<Item = A>) -> Self {
        Self {
            arguments: arguments.into_iter().map(Into::into).collect(),
            environment: Vec::new(),
            working_directory: None,
            input: Vec::new(),
            timeout_seconds: None,
            output: Output::Stream,
        }
    }

    /// Adds one environment variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Starts it in this directory.
    #[must_use]
    pub fn working_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.working_directory = Some(directory.into());
        self
    }

    /// Gives it this to read.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Ends it after so many seconds.
    #[must_use]
    pub fn timeout_seconds(mut self, seconds: u32) -> Self {
        self.timeout_seconds = Some(seconds);
        self
    }

    /// Returns its output instead of logging it.
    #[must_use]
    pub fn capture(mut self) -> Self {
        self.output = Output::Capture;
        self
    }
}

impl Exit {
    /// Whether it ended by itself with code 0.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.ending == Ending::Code(0)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "ended with code {code}"),
            Self::Signal(signal) => write!(f, "was ended by signal {signal}"),
            Self::Timeout => f.write_str("was ended because its time was up"),
            Self::Limit(limit) => write!(f, "was ended by the sandbox: {limit}"),
        }
    }
}

impl From<ExecError> for Failure {
    fn from(error: ExecError) -> Self {
        let kind = match error {
            ExecError::Denied(_) => FailureType::PermissionError,
            ExecError::NotFound(_) => FailureType::JobFailed,
            ExecError::Failed(_) => FailureType::SystemUnavailable,
        };
        Self::new(kind, error.to_string())
    }
}
