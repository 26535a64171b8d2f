//! What the rows of executions, stages, actions and approvals hold beside their
//! columns. Written with each commit, read by the faces.

use lockgate_execution::{
    ActionView, Answer, ApprovalStatus, ApprovalView, ExecutionView, ResolvedAction, StageView,
};
use lockgate_model::action_type::Catalogue;
use lockgate_model::artifact::Artifact;
use lockgate_model::definition::{RetryMode, mask};
use lockgate_model::id::{ApprovalToken, ExecutionId, JobId, Principal};
use lockgate_model::job::{External, Failure, Revision};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{SourceRevision, Trigger};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Of an execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionDetail {
    /// Why it ended so.
    pub status_summary: Option<String>,
    /// The stage that it is in.
    pub stage: Option<String>,
    /// The stage that it waits in front of.
    pub waiting_for: Option<String>,
    /// Why it started.
    pub trigger: Arc<Trigger>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Pipeline variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Revisions asked for.
    pub source_revisions: Arc<Vec<SourceRevision>>,
    /// Revisions fetched, by artifact.
    pub revisions: BTreeMap<String, Revision>,
    /// Which took its place.
    pub superseded_by: Option<ExecutionId>,
}

/// Of a stage of an execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StageDetail {
    /// When it was entered first.
    pub entered: Timestamp,
    /// Counts its runs, from 1.
    pub attempt: u32,
    /// How it was last run again.
    pub retry: Option<RetryMode>,
}

/// Of an action execution.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionDetail {
    /// Who caused what last happened.
    pub updated_by: Principal,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What it is done with; secret values masked.
    pub input: Arc<ResolvedAction>,
    /// The newest job.
    pub job: Option<JobId>,
    /// Its attempt.
    pub attempt: Option<u32>,
    /// 0 to 100.
    pub percent: Option<u8>,
    /// An open approval's token.
    pub token: Option<ApprovalToken>,
    /// When it fails if nothing is heard.
    pub expires: Timestamp,
    /// What a source fetched.
    pub revision: Option<Revision>,
    /// The trace elsewhere.
    pub external: External,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Output variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Artifacts made.
    pub artifacts: Vec<Arc<Artifact>>,
}

/// Of an approval.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalDetail {
    /// `Open`, `Approved`, `Rejected`, `Expired` or `Withdrawn`.
    pub status: String,
    /// Shown to the approver.
    pub custom_data: Option<String>,
    /// Where to look.
    pub link: Option<String>,
    /// When it fails by itself.
    pub expires: Timestamp,
    /// Yes or no, once answered.
    pub approved: Option<bool>,
    /// Who answered.
    pub answered_by: Option<Principal>,
    /// What they said.
    pub summary: Option<String>,
}

impl From<&ExecutionView> for ExecutionDetail {
    fn from(view: &ExecutionView) -> Self {
        Self {
            status_summary: view.status_summary.clone(),
            stage: view.stage.clone(),
            waiting_for: view.waiting_for.clone(),
            trigger: view.trigger.clone(),
            ended: view.ended,
            variables: view.variables.clone(),
            source_revisions: view.source_revisions.clone(),
            revisions: view
                .fetched
                .iter()
                .filter_map(|fetched| Some((fetched.artifact.clone()?, fetched.revision.clone())))
                .collect(),
            superseded_by: view.superseded_by,
        }
    }
}

impl From<&StageView> for StageDetail {
    fn from(view: &StageView) -> Self {
        Self {
            entered: view.entered,
            attempt: view.attempt,
            retry: view.retry,
        }
    }
}

impl From<&ApprovalView> for ApprovalDetail {
    fn from(view: &ApprovalView) -> Self {
        let answer: Option<&Answer> = view.answer.as_ref();
        let status = match view.status {
            ApprovalStatus::Open => "Open",
            ApprovalStatus::Approved => "Approved",
            ApprovalStatus::Rejected => "Rejected",
            ApprovalStatus::Expired => "Expired",
            ApprovalStatus::Withdrawn => "Withdrawn",
        };
        Self {
            status: status.to_owned(),
            custom_data: view.custom_data.clone(),
            link: view.link.clone(),
            expires: view.expires,
            approved: answer.map(|answer| answer.approved),
            answered_by: answer.map(|answer| answer.by.clone()),
            summary: answer.map(|answer| answer.summary.clone()),
        }
    }
}

impl ActionDetail {
    pub(crate) fn of(view: &ActionView, catalogue: &Catalogue) -> Self {
        Self {
            updated_by: view.updated_by.clone(),
            ended: view.ended,
            input: masked(&view.input, catalogue),
            job: view.job.map(|(id, _)| id),
            attempt: view.job.map(|(_, attempt)| attempt),
            percent: view.percent,
            token: view.token,
            expires: view.expires,
            revision: view.revision.clone(),
            external: view.external.clone(),
            failure: view.failure.clone(),
            variables: view.variables.clone(),
            artifacts: view.artifacts.clone(),
        }
    }
}

/// The same, with the values of secret properties replaced by `****`.
pub(crate) fn masked(input: &Arc<ResolvedAction>, catalogue: &Catalogue) -> Arc<ResolvedAction> {
    let has_secrets = catalogue
        .get(&input.action_type)
        .is_some_and(|known| known.properties.iter().any(|property| property.secret));
    if !has_secrets {
        return input.clone();
    }
    let mut masked = ResolvedAction::clone(input);
    mask(&mut masked.configuration, &input.action_type, catalogue);
    mask(&mut masked.templates, &input.action_type, catalogue);
    Arc::new(masked)
}
