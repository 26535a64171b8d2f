//! One stage within an execution as the machine remembers it: its actions and
//! who does them. Written by `apply` alone.

use crate::condition::{ConditionRun, RuleRun};
use crate::event::ResolvedAction;
use lockgate_model::action_type::Category;
use lockgate_model::artifact::Artifact;
use lockgate_model::definition::{ConditionType, RetryMode};
use lockgate_model::id::{ActionExecutionId, ApprovalToken, JobId, Nonce, Principal};
use lockgate_model::job::{External, Failure, Revision};
use lockgate_model::status::{ActionStatus, JobStatus, StageStatus};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::RetryTrigger;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One stage within an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRun {
    /// Its name.
    pub name: String,
    /// Its status.
    pub status: StageStatus,
    /// When it was entered first.
    pub entered: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// Counts its runs, from 1.
    pub attempt: u32,
    /// How it was last retried; none where somebody went past a condition since.
    pub retry: Option<RetryMode>,
    /// How often, and by whose wish.
    pub retries: Retries,
    /// What an action's failure does not say of why it failed.
    pub reason: Option<String>,
    /// Actions started, the newest action execution of each.
    pub actions: Vec<Arc<ActionRun>>,
    /// Its entry condition, once it was asked.
    pub before_entry: Option<Arc<ConditionRun>>,
    /// Its success condition, once it was asked.
    pub on_success: Option<Arc<ConditionRun>>,
    /// Its failure condition, once it was asked.
    pub on_failure: Option<Arc<ConditionRun>>,
    /// What its last retry put aside.
    #[serde(default)]
    pub earlier: Earlier,
}

/// Action and rule executions that a retry of their stage put aside: a retry can
/// follow in the decision that ended them, and their rows are read after it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Of actions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Arc<ActionRun>>,
    /// Of rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<(ConditionType, Arc<RuleRun>)>,
}

/// How often a stage was run again in one execution (API reference,
/// `RetryStageMetadata`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Retries {
    /// Because the definition says so; at most 1.
    pub automatic: u32,
    /// Because somebody asked.
    pub manual: u32,
    /// The last of them.
    pub latest: Option<RetryTrigger>,
}

/// One action execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRun {
    /// The action's name.
    pub name: String,
    /// Its position in the stage, in the definition that the execution runs.
    pub place: usize,
    /// This action execution.
    pub id: ActionExecutionId,
    /// Its status.
    pub status: ActionStatus,
    /// When it started.
    pub started: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// Who caused what last happened to it.
    pub updated_by: Principal,
    /// When it fails if nothing is heard.
    pub expires: Timestamp,
    /// What it is done with.
    pub input: Arc<ResolvedAction>,
    /// Who does it.
    pub work: Work,
    /// The trace elsewhere.
    pub external: External,
    /// What a source fetched.
    pub revision: Option<Revision>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Output variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Artifacts made.
    pub artifacts: Vec<Arc<Artifact>>,
}

/// Who does an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Work {
    /// A provider, by a job.
    Job {
        /// The newest job.
        id: JobId,
        /// Its attempt, from 1.
        attempt: u32,
        /// When it is due.
        not_before: Timestamp,
        /// What the attempt before left.
        continuation: Option<String>,
        /// 0 to 100.
        percent: Option<u8>,
        /// It is for job workers, and how far it is with them.
        worker: Option<Worker>,
    },
    /// A person.
    Approval {
        /// To be presented with the answer.
        token: ApprovalToken,
        /// The answer.
        answer: Option<Answer>,
    },
    /// Nobody: it cannot be done.
    Impossible(Failure),
}

/// The answer to an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Yes or no.
    pub approved: bool,
    /// What they said; may be empty.
    pub summary: String,
    /// Who.
    pub by: Principal,
    /// When.
    pub at: Timestamp,
}

/// How far a job is with job workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Worker {
    /// The next one that polls may have it.
    Queued,
    /// One has it.
    Dispatched {
        /// What it has to show.
        nonce: Nonce,
        /// Until when it has to begin.
        until: Timestamp,
    },
    /// It has begun.
    Acknowledged {
        /// What it showed.
        nonce: Nonce,
    },
}

impl Worker {
    /// The API's word for it.
    #[must_use]
    pub fn status(self) -> JobStatus {
        match self {
            Self::Queued => JobStatus::Queued,
            Self::Dispatched { .. } => JobStatus::Dispatched,
            Self::Acknowledged { .. } => JobStatus::InProgress,
        }
    }

    /// What the worker that has it got with it.
    #[must_use]
    pub fn nonce(self) -> Option<Nonce> {
        match self {
            Self::Queued => None,
            Self::Dispatched { nonce, .. } | Self::Acknowledged { nonce } => Some(nonce),
        }
    }
}

impl StageRun {
    /// The newest execution of this action, if it started.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&ActionRun> {
        self.actions
            .iter()
            .find(|run| run.name == name)
            .map(AsRef::as_ref)
    }

    /// Actions that have not ended.
    pub fn running(&self) -> impl Iterator<Item = &ActionRun> {
        self.actions
            .iter()
            .map(AsRef::as_ref)
            .filter(|run| run.status == ActionStatus::InProgress)
    }
}

impl StageRun {
    /// What became of this condition, if it was asked.
    #[must_use]
    pub fn condition(&self, which: ConditionType) -> Option<&ConditionRun> {
        match which {
            ConditionType::BeforeEntry => &self.before_entry,
            ConditionType::OnSuccess => &self.on_success,
            ConditionType::OnFailure => &self.on_failure,
        }
        .as_deref()
    }

    /// All conditions that were asked.
    pub fn conditions(&self) -> impl Iterator<Item = (ConditionType, &ConditionRun)> {
        [
            ConditionType::BeforeEntry,
            ConditionType::OnSuccess,
            ConditionType::OnFailure,
        ]
        .into_iter()
        .filter_map(|which| Some((which, self.condition(which)?)))
    }

    /// Rules that have not ended.
    pub fn running_rules(&self) -> impl Iterator<Item = (ConditionType, &RuleRun)> {
        self.conditions()
            .flat_map(|(which, run)| run.running().map(move |rule| (which, rule)))
    }
}

/// Seconds in which an invoked function has to answer, or to ask for more time
/// by a continuation (user guide, "Invoke an AWS Lambda function").
const FUNCTION_ANSWERS_IN: u64 = 20 * 60;

impl ActionRun {
    /// When it fails if nothing is heard until then: its time is over, or a
    /// function has kept silent for too long.
    #[must_use]
    pub fn overdue(&self) -> Timestamp {
        let id = &self.input.action_type;
        match self.work {
            Work::Job { not_before, .. }
                if id.category == Category::Invoke
                    && id.owner == "AWS"
                    && id.provider == "Lambda" =>
            {
                not_before
                    .plus_seconds(FUNCTION_ANSWERS_IN)
                    .min(self.expires)
            }
            _ => self.expires,
        }
    }

    /// Its newest job, if a provider does it.
    #[must_use]
    pub fn job(&self) -> Option<JobId> {
        self.work.job()
    }
}

impl Work {
    /// The newest job, if a provider does it.
    #[must_use]
    pub fn job(&self) -> Option<JobId> {
        match self {
            Self::Job { id, .. } => Some(*id),
            Self::Approval { .. } | Self::Impossible(_) => None,
        }
    }
}
