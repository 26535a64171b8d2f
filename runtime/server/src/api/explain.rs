//! Questions: why something is as it is, what a change would start, and where a
//! webhook is delivered to.

use lockgate_model::change::SourceChange;
use lockgate_orchestrator::Explained;
use serde::{Deserialize, Serialize};

/// What `triggers/explain` is asked: about a change, or about a delivery.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExplainRequest {
    /// Absent: every pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// Absent: every source action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_action: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<SourceChange>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryDocument>,
}

/// A webhook delivery, as a forge sends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeliveryDocument {
    /// Name and value of each.
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Whether its signature has to hold.
    #[serde(default)]
    pub verify: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanations {
    pub explanations: Vec<Explained>,
}

/// Where the webhook of a source action is delivered to, and what to configure
/// there.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookDocument {
    pub pipeline_name: String,
    pub source_action: String,
    pub url: String,
    /// The server's secret that deliveries are signed with; absent: none is
    /// configured.
    pub secret: Option<String>,
    /// Whether pushes start the pipeline, and whether pull requests do.
    pub pushes: bool,
    pub pull_requests: bool,
    /// What is still missing, each in one sentence.
    pub notes: Vec<String>,
}
