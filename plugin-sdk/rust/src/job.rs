//! One attempt at one action, as a provider finds it.

use crate::{ActionType, Failure, FailureType};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One attempt at one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// This attempt.
    pub id: String,
    /// Which of its action types the provider is to serve.
    pub action_type: ActionType,
    /// The same for every attempt at this action execution: hand it to an
    /// outside service that must not do the same thing twice.
    pub idempotency_key: String,
    /// Counts from 1; grows when a pending job is asked again.
    pub attempt: u32,
    /// The tenant's account id.
    pub account: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// The pipeline execution.
    pub execution_id: String,
    /// The stage's name.
    pub stage: String,
    /// The action's name; of a rule its own.
    pub action: String,
    /// The condition that it is a rule of; none for an action.
    pub condition: Option<ConditionType>,
    /// Variables resolved. Providers read the typed configuration instead.
    pub configuration: BTreeMap<String, String>,
    /// Artifacts to take, in read-only directories.
    pub input_artifacts: Vec<Artifact>,
    /// Artifacts to make, in empty writable directories.
    pub output_artifacts: Vec<Artifact>,
    /// The action's environment, in the definition's order.
    pub environment_variables: Vec<(String, String)>,
    /// The action's commands.
    pub commands: Vec<String>,
    /// Environment variables to give out as output variables.
    pub output_variables: Vec<String>,
    /// A source takes this revision instead of the newest.
    pub revision: Option<String>,
    /// What the previous attempt left in [`Pending`](crate::Pending).
    pub continuation: Option<String>,
    /// When the host ends this attempt, in milliseconds since the Unix epoch.
    pub deadline: u64,
    /// A writable directory for this attempt alone.
    pub work: PathBuf,
    /// A writable directory that later jobs of the same action of the same
    /// pipeline find as this one leaves it. It is there for providers that may
    /// run commands, and not for every job of theirs: look whether it is.
    pub cache: PathBuf,
}

/// Which of a stage's conditions a rule is judged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConditionType {
    /// Before the first action: where all rules succeed, the stage begins.
    BeforeEntry,
    /// After the last action: where all rules succeed, the stage has succeeded.
    OnSuccess,
    /// When the stage has failed: where all rules succeed, the condition's
    /// result engages.
    OnFailure,
}

/// A directory with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its name in the definition.
    pub name: String,
    /// Absolute.
    pub path: PathBuf,
    /// The revision that an input artifact came from, where one is known.
    pub revision: Option<String>,
    /// The globs that the definition gives an output artifact.
    pub files: Vec<String>,
}

impl Job {
    /// The input artifact of this name.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Artifact> {
        self.input_artifacts.iter().find(|a| a.name == name)
    }

    /// The output artifact of this name.
    #[must_use]
    pub fn output(&self, name: &str) -> Option<&Artifact> {
        self.output_artifacts.iter().find(|a| a.name == name)
    }

    /// What the previous attempt left with
    /// [`Pending::new`](crate::Pending::new); none at the first attempt.
    ///
    /// # Errors
    /// The continuation is not of this shape: another version of the plugin
    /// left it.
    pub fn continuation<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        let Some(text) = &self.continuation else {
            return Ok(None);
        };
        serde_json::from_str(text).map(Some).map_err(|error| {
            Failure::new(
                FailureType::SystemUnavailable,
                format!(
                    "action {}: the continuation '{text}' was left by another version of this plugin ({error}); retry the stage",
                    self.action
                ),
            )
        })
    }
}
