//! Jobs and outcomes: what a provider is handed and what it answers. The host
//! translates both to and from the WIT contract; the execution core decides on
//! outcomes. Field meanings follow `wit/types.wit`.

use crate::action_type::ActionTypeId;
use crate::artifact::Artifact;
use crate::change::SourceChange;
use crate::definition::{ConditionType, EnvironmentVariable};
use crate::id::{ActionExecutionId, ExecutionId, JobId, TenantId};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One attempt at one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// This attempt.
    pub id: JobId,
    /// The action execution it belongs to; the provider's idempotency key.
    pub action_execution: ActionExecutionId,
    /// Counts from 1; grows when a pending job is asked again.
    pub attempt: u32,
    /// Whose.
    pub tenant: TenantId,
    /// Which pipeline.
    pub pipeline: String,
    /// Which execution.
    pub execution: ExecutionId,
    /// Which stage.
    pub stage: String,
    /// Which action; of a rule its name.
    pub action: String,
    /// The condition that it is a rule of; absent: it is an action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionType>,
    /// Which provider.
    pub action_type: ActionTypeId,
    /// Variables resolved; defaults not yet filled in.
    pub configuration: BTreeMap<String, String>,
    /// Artifacts to take.
    pub input_artifacts: Vec<Artifact>,
    /// Artifacts to make.
    pub output_artifacts: Vec<crate::definition::OutputArtifact>,
    /// Environment, variables resolved.
    pub environment_variables: Vec<EnvironmentVariable>,
    /// Commands, variables resolved.
    pub commands: Vec<String>,
    /// Environment variables to give out.
    pub output_variables: Vec<String>,
    /// A source takes this instead of the newest.
    pub revision: Option<String>,
    /// What the last attempt left.
    pub continuation: Option<String>,
    /// When the attempt is ended.
    pub deadline: Timestamp,
}

/// The change that content came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// In the provider's own terms.
    pub id: String,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Where to look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
}

/// The trace that a provider leaves in another system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct External {
    /// The other system's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// One line for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// Why an action failed (API reference, `FailureType`). The provider saying no
/// is `JobFailed`; a trap, a deadline or a limit is `SystemUnavailable`; a
/// denied capability is `PermissionError`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

impl FailureType {
    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JobFailed => "JobFailed",
            Self::ConfigurationError => "ConfigurationError",
            Self::PermissionError => "PermissionError",
            Self::RevisionOutOfSync => "RevisionOutOfSync",
            Self::RevisionUnavailable => "RevisionUnavailable",
            Self::SystemUnavailable => "SystemUnavailable",
        }
    }
}

/// A job ended with no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Whose fault it is.
    pub kind: FailureType,
    /// One sentence.
    pub message: String,
    /// The trace elsewhere.
    #[serde(default)]
    pub external: External,
}

impl Failure {
    /// A failure with no trace elsewhere.
    pub fn new(kind: FailureType, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            external: External::default(),
        }
    }
}

/// A job ended with yes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Success {
    /// Output variables.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// What a source fetched.
    #[serde(default)]
    pub revision: Option<Revision>,
    /// Artifacts made, already kept.
    #[serde(default)]
    pub artifacts: Vec<Artifact>,
    /// The trace elsewhere.
    #[serde(default)]
    pub external: External,
}

/// A job that goes on elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Handed to the next attempt.
    pub continuation: String,
    /// Seconds until the next attempt.
    pub poll_after: u32,
    /// 0 to 100.
    #[serde(default)]
    pub percent: Option<u8>,
    /// The trace elsewhere.
    #[serde(default)]
    pub external: External,
}

/// What came of one job. Total: every fault of a provider is one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Yes.
    Succeeded(Success),
    /// Not yet.
    Pending(Pending),
    /// No.
    Failed(Failure),
}

/// A question to a source: is there something new?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectRequest {
    /// Whose.
    pub tenant: TenantId,
    /// Which provider.
    pub action_type: ActionTypeId,
    /// Defaults not yet filled in.
    pub configuration: BTreeMap<String, String>,
    /// What the last answer left.
    pub cursor: Option<String>,
    /// What is wanted besides the newest revision of what is configured.
    #[serde(default)]
    pub watch: Watch,
}

/// What a source is asked for besides the newest revision of what is
/// configured. Each costs: ask only where a filter needs it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Watch {
    /// Changes of every branch.
    pub all_branches: bool,
    /// Changes of every tag.
    pub tags: bool,
    /// The files of each change.
    pub files: bool,
}

/// A source's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detection {
    /// The newest revision of what is configured, where there is one.
    pub newest: Option<Revision>,
    /// What changed since the last answer; nothing the first time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<SourceChange>,
    /// For the next question.
    pub cursor: String,
}

/// Where a line of a log came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Ordinary.
    Info,
    /// Worth a look.
    Warning,
    /// Wrong.
    Error,
    /// What the host says about the job: truncation, denial, faults.
    Host,
}

/// One line of an action's log, without its line break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When the host saw it.
    pub at: Timestamp,
    /// Whence.
    pub level: LogLevel,
    /// The text, control characters included: whoever shows it makes it safe.
    pub text: String,
}
