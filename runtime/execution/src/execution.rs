//! One execution as the machine remembers it: where it is, what it has made, how
//! it ends. Written by `apply` alone; shared by `Arc`, so that a copy of a state
//! costs a count.

use crate::event::{Fetched, Rollback, StartedChange};
use crate::products::Products;
use crate::stage::StageRun;
use lockgate_model::action_type::Category;
use lockgate_model::definition::ExecutionMode;
use lockgate_model::id::{ExecutionId, Principal};
use lockgate_model::status::ExecutionStatus;
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{ExecutionType, SourceRevision, Trigger};
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
    /// The change that it started for, without its list of files.
    pub change: Option<Arc<StartedChange>>,
    /// It runs one stage with what an earlier execution had in it.
    pub rollback: Option<Arc<Rollback>>,
    /// Counts how often it was begun: 1, and one for every retry or override
    /// that let it go on.
    pub attempt: u32,
    /// What its actions have made.
    pub products: Products,
    /// The stages entered so far, in order.
    pub stages: Vec<Arc<StageRun>>,
    /// Asked to end before its time.
    pub ending: Option<Ending>,
    /// Which took its place.
    pub superseded_by: Option<ExecutionId>,
    /// The rollback that its failure led to.
    pub rolled_back_by: Option<ExecutionId>,
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

impl Execution {
    /// What it did in this stage, if it entered it.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<&StageRun> {
        self.stages
            .iter()
            .find(|run| run.name == name)
            .map(AsRef::as_ref)
    }

    /// Standard, or a rollback.
    #[must_use]
    pub fn kind(&self) -> ExecutionType {
        match self.rollback {
            Some(_) => ExecutionType::Rollback,
            None => ExecutionType::Standard,
        }
    }

    /// The stage that it is in.
    #[must_use]
    pub fn current_stage(&self) -> Option<&StageRun> {
        match self.position {
            Position::In(_) => self.stages.last().map(AsRef::as_ref),
            Position::Arriving(_) | Position::Before(_) => None,
        }
    }

    /// The revisions its source actions fetched; of a rollback those that its
    /// target had fetched.
    pub fn fetched(&self) -> impl Iterator<Item = Fetched> {
        let taken_over = self
            .rollback
            .iter()
            .flat_map(|rollback| &rollback.revisions);
        // Source actions stand in the first stage alone.
        let actions = self.stages.first().map(|stage| &stage.actions);
        let own = actions.into_iter().flatten().filter_map(|action| {
            Some(Fetched {
                action: action.name.clone(),
                artifact: action.artifacts.first().map(|made| made.name.clone()),
                revision: action.revision.clone()?,
            })
            .filter(|_| action.input.action_type.category == Category::Source)
        });
        taken_over.cloned().chain(own)
    }
}
