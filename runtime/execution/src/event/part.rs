//! What events hold besides names and times: what an action is done with, what
//! a change was judged to be, what a rollback takes over.

use crate::judge::Verdict;
use lockgate_model::action_type::ActionTypeId;
use lockgate_model::artifact::Artifact;
use lockgate_model::change::SourceChange;
use lockgate_model::definition::{EnvironmentVariable, OutputArtifact};
use lockgate_model::id::{ApprovalToken, ExecutionId, JobId};
use lockgate_model::job::{Failure, Revision};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who has to do something for an action to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StartedWork {
    /// A provider.
    Job(JobId),
    /// A person.
    Approval(ApprovalToken),
    /// Nobody: it cannot be done, and its failure follows.
    Impossible(Failure),
}

/// An action with its variables resolved and its artifacts found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResolvedAction {
    /// Which provider.
    pub action_type: ActionTypeId,
    /// Resolved; as in the definition where that was not possible.
    pub configuration: BTreeMap<String, String>,
    /// As the definition has them: the keys of `configuration` whose values had
    /// variables in them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, String>,
    /// Resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment_variables: Vec<EnvironmentVariable>,
    /// Resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Environment variables to give out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_variables: Vec<String>,
    /// Artifacts to take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_artifacts: Vec<Artifact>,
    /// Artifacts to make.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_artifacts: Vec<OutputArtifact>,
    /// Under which its variables can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// A source takes this instead of the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

impl ResolvedAction {
    /// The configuration as the definition has it.
    #[must_use]
    pub fn declared_configuration(&self) -> BTreeMap<String, String> {
        let mut declared = self.configuration.clone();
        declared.extend(self.templates.clone());
        declared
    }
}

/// The change that an execution started for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedChange {
    /// Which source action reported it.
    pub source_action: String,
    /// What changed.
    pub change: Arc<SourceChange>,
    /// Which filters let it pass.
    pub verdict: Verdict,
}

/// Why a change started nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Ignored {
    /// No filter of the definition lets it pass.
    Filtered {
        /// What they say.
        verdict: Verdict,
    },
    /// It was reported before, by a poll and a webhook for example.
    AlreadyStarted {
        /// What it started.
        execution: ExecutionId,
    },
    /// As many executions are in progress as there may be.
    LimitReached {
        /// How many.
        limit: usize,
    },
    /// Pipeline variables without a default have no value.
    MissingVariables {
        /// The variables.
        names: Vec<String>,
    },
}

/// One stage run again with what an earlier execution had in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    /// The earlier execution.
    pub target: ExecutionId,
    /// The stage.
    pub stage: String,
    /// The execution whose failure led to it; absent: somebody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<ExecutionId>,
    /// Artifacts that the stage takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Arc<Artifact>>,
    /// Variables that the stage uses, by namespace.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub namespaces: BTreeMap<String, Arc<BTreeMap<String, String>>>,
    /// Revisions that the target's sources had fetched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<Fetched>,
}

/// A revision that a source action fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fetched {
    /// The source action.
    pub action: String,
    /// Its first artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// What it fetched.
    pub revision: Revision,
}
