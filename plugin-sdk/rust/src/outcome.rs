//! What a provider answers: done, not yet, or the reason why not. `run` returns
//! `Result<Outcome, Failure>`, so that `?` ends a job with its reason.

use crate::Change;
use serde::Serialize;

/// What came of one job that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Succeeded(Success),
    /// Not done yet.
    Pending(Pending),
}

/// A job is done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Success {
    /// Output variables.
    pub variables: Vec<(String, String)>,
    /// Sources set it: what was fetched.
    pub revision: Option<Revision>,
    /// The id of what was made elsewhere.
    pub external_id: Option<String>,
    /// Where to look at it.
    pub external_url: Option<String>,
    /// One line for people.
    pub summary: Option<String>,
}

/// A job goes on elsewhere. The instance ends, nothing is held, and a new
/// attempt is made after `poll_after` seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pending {
    /// Handed to the next attempt.
    pub continuation: String,
    /// Seconds until the next attempt.
    pub poll_after: u32,
    /// 0 to 100.
    pub percent: Option<u8>,
    /// The id of what is being made elsewhere.
    pub external_id: Option<String>,
    /// Where to look at it.
    pub external_url: Option<String>,
    /// One line for people.
    pub summary: Option<String>,
}

/// A job ended with no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureType,
    /// One sentence: what went wrong, where, and what to do.
    pub message: String,
    /// The id of what failed elsewhere.
    pub external_id: Option<String>,
    /// Where to look at it.
    pub external_url: Option<String>,
}

/// CodePipeline's `FailureType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureType {
    /// The provider says no.
    JobFailed,
    /// The definition's settings are wrong.
    ConfigurationError,
    /// Something was not granted.
    PermissionError,
    /// The revision and the content do not match.
    RevisionOutOfSync,
    /// The revision cannot be had.
    RevisionUnavailable,
    /// Our side, or something it depends on.
    SystemUnavailable,
}

/// The change that content came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision {
    /// In the source's own terms.
    pub id: String,
    /// For people: the first line of a commit message, for example.
    pub summary: Option<String>,
    /// Where to look at it.
    pub url: Option<String>,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created: Option<u64>,
}

/// A source's answer to "what is the newest revision, and what changed?".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detection {
    /// Of what is configured; absent where there is none yet.
    pub newest: Option<Revision>,
    /// What changed since the previous answer, at most 100; nothing the first
    /// time.
    pub changes: Vec<Change>,
    /// Handed back with the next question.
    pub cursor: String,
}

impl Success {
    /// Done, and nothing to say.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one output variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// What a source fetched.
    #[must_use]
    pub fn revision(mut self, revision: Revision) -> Self {
        self.revision = Some(revision);
        self
    }

    /// The trace in another system.
    #[must_use]
    pub fn external(mut self, id: impl Into<String>, url: Option<String>) -> Self {
        self.external_id = Some(id.into());
        self.external_url = url;
        self
    }

    /// One line for people.
    #[must_use]
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = Some(text.into());
        self
    }
}

impl Pending {
    /// Comes back after so many seconds, and then finds `state` (as JSON) in
    /// [`Job::continuation`](crate::Job::continuation).
    ///
    /// # Errors
    /// `state` cannot be written as JSON.
    pub fn new<T: Serialize>(state: &T, poll_after: u32) -> Result<Self, Failure> {
        let continuation = serde_json::to_string(state).map_err(|error| {
            Failure::new(
                FailureType::SystemUnavailable,
                format!("the provider's state cannot be kept as JSON: {error}"),
            )
        })?;
        Ok(Self {
            continuation,
            poll_after,
            ..Self::default()
        })
    }

    /// How far it is, 0 to 100.
    #[must_use]
    pub fn percent(mut self, percent: u8) -> Self {
        self.percent = Some(percent.min(100));
        self
    }

    /// The trace in another system.
    #[must_use]
    pub fn external(mut self, id: impl Into<String>, url: Option<String>) -> Self {
        self.external_id = Some(id.into());
        self.external_url = url;
        self
    }

    /// One line for people.
    #[must_use]
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = Some(text.into());
        self
    }
}

impl Failure {
    /// A failure of this type.
    pub fn new(kind: FailureType, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            external_id: None,
            external_url: None,
        }
    }

    /// The provider says no.
    pub fn job(message: impl Into<String>) -> Self {
        Self::new(FailureType::JobFailed, message)
    }

    /// The definition's settings are wrong; the text names the key, the value
    /// and what to write.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self::new(FailureType::ConfigurationError, message)
    }

    /// The trace in another system.
    #[must_use]
    pub fn external(mut self, id: impl Into<String>, url: Option<String>) -> Self {
        self.external_id = Some(id.into());
        self.external_url = url;
        self
    }
}

impl From<Success> for Outcome {
    fn from(success: Success) -> Self {
        Self::Succeeded(success)
    }
}

impl From<Pending> for Outcome {
    fn from(pending: Pending) -> Self {
        Self::Pending(pending)
    }
}

/// A file could not be read or written. Wrap it where the path is known: the
/// bare error does not name it.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(FailureType::SystemUnavailable, error.to_string())
    }
}
