//! Job workers and the action types that they do.

use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::artifact::{Artifact, Digest};
use lockgate_model::definition::{EnvironmentVariable, OutputArtifact};
use lockgate_model::job::{External, FailureType, Revision};
use lockgate_model::time::Timestamp;
use lockgate_orchestrator::CustomActionTypeView;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionTypeList {
    pub action_types: Vec<CustomActionTypeView>,
}

/// Names a custom action type, as a definition does.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomTypeId {
    pub category: Category,
    #[serde(default = "custom")]
    pub owner: String,
    pub provider: String,
    pub version: String,
}

fn custom() -> String {
    "Custom".to_owned()
}

impl From<CustomTypeId> for ActionTypeId {
    fn from(given: CustomTypeId) -> Self {
        Self {
            category: given.category,
            owner: given.owner,
            provider: given.provider,
            version: given.version,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PollRequest {
    pub action_type: CustomTypeId,
    /// 1 to 100.
    #[serde(default)]
    pub max_batch_size: Option<usize>,
    /// The value of the type's queryable property.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobList {
    pub jobs: Vec<JobDocument>,
}

/// A job as a worker gets it. Values of secret properties stand in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobDocument {
    pub job_id: String,
    /// `Queued`, `Dispatched` or `InProgress`.
    pub status: String,
    /// To be shown when the job is begun.
    pub nonce: Option<String>,
    pub account_id: String,
    pub action_type: ActionTypeId,
    pub pipeline_name: String,
    pub pipeline_execution_id: String,
    pub stage: String,
    pub action: String,
    /// The same for all jobs of one action execution.
    pub action_execution_id: String,
    /// Counts from 1; grows with every continuation.
    pub attempt: u32,
    pub configuration: BTreeMap<String, String>,
    pub input_artifacts: Vec<Artifact>,
    pub output_artifacts: Vec<OutputArtifact>,
    pub environment_variables: Vec<EnvironmentVariable>,
    /// A source takes this instead of the newest.
    pub revision: Option<String>,
    /// What the last job of the action left.
    pub continuation: Option<String>,
    /// When the action started.
    pub started: Timestamp,
    /// When the action fails if nothing is heard.
    pub expires: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcknowledgeRequest {
    pub nonce: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobStatusDocument {
    pub status: String,
}

/// A worker says yes, or, with a continuation, not yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct JobSuccess {
    /// It goes on: another job comes, with this.
    pub continuation: Option<String>,
    /// With a continuation: seconds until that job.
    pub poll_after: Option<u32>,
    /// With a continuation: 0 to 100.
    pub percent: Option<u8>,
    pub variables: BTreeMap<String, String>,
    pub revision: Option<Revision>,
    /// By name, what an upload answered.
    pub artifacts: BTreeMap<String, UploadedArtifact>,
    pub external: External,
}

/// What an upload answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadedArtifact {
    pub digest: Digest,
    pub bytes: u64,
    pub files: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobFailure {
    #[serde(rename = "type")]
    pub kind: FailureType,
    pub message: String,
    #[serde(default)]
    pub external: External,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutRevisionRequest {
    pub revision_id: String,
    #[serde(default)]
    pub summary: Option<String>,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub created: Option<Timestamp>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutRevisionAnswer {
    pub new_revision: bool,
    pub pipeline_execution_id: String,
}
