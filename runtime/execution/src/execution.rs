//! One execution as the machine remembers it: where it is, what its actions do,
//! which artifacts and variables it has. Written by `apply` alone; shared by
//! `Arc`, so that a copy of a state costs a count.

use crate::event::ResolvedAction;
use lockgate_model::artifact::Artifact;
use lockgate_model::definition::ExecutionMode;
use lockgate_model::definition::RetryMode;
use lockgate_model::id::{ActionExecutionId, ApprovalToken, ExecutionId, JobId, Principal};
use lockgate_model::job::{External, Failure, Revision};
use lockgate_model::status::{ActionStatus, ExecutionStatus, StageStatus};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{SourceRevision, Trigger};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Execution {
    /// Its id.
    pub id: ExecutionId,
    /// The definition's version that it runs.
    pub version: u32,
    /// That definition's mode.
    pub mode: ExecutionMode,
    /// Its status.
    pub status: ExecutionStatus,
    /// Where it is, or was when it ended.
    pub position: Position,
    /// Why it started.
    pub trigger: Arc<Trigger>,
    /// When it started.
    pub started: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// Pipeline variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Revisions asked for.
    pub source_revisions: Arc<Vec<SourceRevision>>,
    /// The newest artifact of each name.
    pub artifacts: BTreeMap<String, Arc<Artifact>>,
    /// Variables by the namespace of the action that set them.
    pub namespaces: BTreeMap<String, Arc<BTreeMap<String, String>>>,
    /// The stages entered so far, in order.
    pub stages: Vec<Arc<StageRun>>,
    /// Asked to end before its time.
    pub ending: Option<Ending>,
    /// Which took its place.
    pub superseded_by: Option<ExecutionId>,
}

/// Where an execution is. Stages count from 0 in its own definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position {
    /// On its way into a stage; behind the last one: nearly through. Never seen
    /// between two decisions.
    Arriving(usize),
    /// Waiting in front of a stage.
    Before(usize),
    /// In a stage.
    In(usize),
}

impl Position {
    /// The stage that it is in, or in front of.
    #[must_use]
    pub fn stage(self) -> usize {
        match self {
            Self::Arriving(stage) | Self::Before(stage) | Self::In(stage) => stage,
        }
    }
}

/// Why an execution ends before its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// Somebody stopped it.
    Stop {
        /// Running actions are not waited for.
        abandon: bool,
        /// Theirs; may be empty.
        reason: String,
        /// Who.
        by: Principal,
    },
    /// The pipeline was updated or deleted.
    Cancel {
        /// Running actions are not waited for.
        abandon: bool,
        /// One sentence.
        reason: String,
    },
}

impl Ending {
    /// Running actions are not waited for.
    #[must_use]
    pub fn abandon(&self) -> bool {
        match self {
            Self::Stop { abandon, .. } | Self::Cancel { abandon, .. } => *abandon,
        }
    }

    /// For people; may be empty.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Stop { reason, .. } | Self::Cancel { reason, .. } => reason,
        }
    }
}

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
    /// How it was last run again.
    pub retry: Option<RetryMode>,
    /// Actions started, the newest action execution of each.
    pub actions: Vec<Arc<ActionRun>>,
}

/// One action execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRun {
    /// The action's name.
    pub name: String,
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

impl Execution {
    /// What it did in this stage, if it entered it.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&StageRun> {
        self.stages
            .iter()
            .find(|run| run.name == name)
            .map(AsRef::as_ref)
    }

    /// The stage that it is in.
    #[must_use]
    pub fn current_stage(&self) -> Option<&StageRun> {
        match self.position {
            Position::In(_) => self.stages.last().map(AsRef::as_ref),
            Position::Arriving(_) | Position::Before(_) => None,
        }
    }

    /// The revisions its source actions fetched, with the artifact's name.
    pub fn revisions(&self) -> impl Iterator<Item = (&str, &Revision)> {
        self.stages
            .iter()
            .flat_map(|stage| &stage.actions)
            .filter_map(|action| {
                let artifact = action.artifacts.first()?;
                Some((artifact.name.as_str(), action.revision.as_ref()?))
            })
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

impl ActionRun {
    /// Its newest job, if a provider does it.
    #[must_use]
    pub fn job(&self) -> Option<JobId> {
        match self.work {
            Work::Job { id, .. } => Some(id),
            Work::Approval { .. } | Work::Impossible(_) => None,
        }
    }
}
