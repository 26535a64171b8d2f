//! One pipeline as the machine remembers it. Written by `apply` alone; a clone
//! shares everything large.

use crate::event::Fetched;
use crate::execution::Execution;
use crate::products::Products;
use lockgate_model::definition::Pipeline;
use lockgate_model::id::{ExecutionId, Principal, TenantId};
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::SourceRevision;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that decides what a pipeline does next. Executions that can no
/// longer matter are forgotten when the next one starts, so its size is bounded
/// by what runs, waits, or can be retried; the store's history keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PipelineState {
    pub(crate) tenant: TenantId,
    pub(crate) name: String,
    /// None: not created, or deleted.
    pub(crate) current: Option<u32>,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
    /// The current one, and those that held executions run.
    pub(crate) definitions: BTreeMap<u32, Arc<Pipeline>>,
    /// By the stage's name: an update keeps them.
    pub(crate) gates: BTreeMap<String, Gate>,
    pub(crate) executions: BTreeMap<ExecutionId, Arc<Execution>>,
    /// Executions of older versions are cancelled, and can neither be retried
    /// nor rolled back to.
    pub(crate) valid_from: u32,
    /// What reported revisions started last, by source action; the newest last.
    pub(crate) reported: BTreeMap<String, Vec<Reported>>,
}

/// A revision that a source reported and that started an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// Of which branch, tag or pull request.
    pub reference: String,
    /// The revision.
    pub revision: String,
    /// What it started.
    pub execution: ExecutionId,
}

/// An execution that succeeded in a stage: what a rollback goes back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// Which.
    pub execution: ExecutionId,
    /// The definition's version that it ran.
    pub version: u32,
    /// Its pipeline variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Revisions that were asked for.
    pub source_revisions: Arc<Vec<SourceRevision>>,
    /// Revisions that its sources fetched.
    pub revisions: Arc<Vec<Fetched>>,
    /// What it had made when it left the stage.
    pub products: Products,
}

/// What is known of a stage across executions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Whether executions may come in.
    pub inbound: Transition,
    /// Whether executions may go on to the next stage.
    pub outbound: Transition,
    /// The execution inside; always none in PARALLEL mode.
    pub holder: Option<ExecutionId>,
    /// Executions in front of it, the first to enter first; at most one in
    /// SUPERSEDED mode.
    pub waiting: Vec<Waiting>,
    /// The last execution that entered; only this one can be retried.
    pub latest: Option<ExecutionId>,
    /// The last standard execution that succeeded in it: an automatic rollback
    /// goes back to this one.
    pub success: Option<Arc<Past>>,
}

/// An execution in front of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Which.
    pub execution: ExecutionId,
    /// Since when.
    pub since: Timestamp,
}

/// One side of a stage (API reference, `TransitionState`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// Whether executions pass.
    pub enabled: bool,
    /// Why not.
    pub reason: Option<String>,
    /// Who said so last.
    pub changed_by: Option<Principal>,
    /// When.
    pub changed_at: Option<Timestamp>,
}

impl Default for Transition {
    fn default() -> Self {
        Self {
            enabled: true,
            reason: None,
            changed_by: None,
            changed_at: None,
        }
    }
}

impl PipelineState {
    /// A pipeline that does not exist yet: what the first `CreatePipeline` is
    /// asked of, and what a log is folded over.
    #[must_use]
    pub fn new(tenant: TenantId, name: impl Into<String>) -> Self {
        Self {
            tenant,
            name: name.into(),
            current: None,
            created: Timestamp::default(),
            updated: Timestamp::default(),
            definitions: BTreeMap::new(),
            gates: BTreeMap::new(),
            executions: BTreeMap::new(),
            valid_from: 1,
            reported: BTreeMap::new(),
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was created and not deleted since.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.current.is_some()
    }

    /// When it was created.
    #[must_use]
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// When its definition last changed.
    #[must_use]
    pub fn updated(&self) -> Timestamp {
        self.updated
    }

    /// The current definition; none when it does not exist.
    #[must_use]
    pub fn definition(&self) -> Option<&Arc<Pipeline>> {
        self.definitions.get(&self.current?)
    }

    /// The definition that an execution runs.
    #[must_use]
    pub fn definition_of(&self, execution: &Execution) -> Option<&Arc<Pipeline>> {
        self.definitions.get(&execution.version)
    }

    /// What is known of a stage across executions: transitions, who is inside,
    /// who waits.
    #[must_use]
    pub fn gate(&self, stage: &str) -> Option<&Gate> {
        self.gates.get(stage)
    }

    /// An execution that runs, waits, can be retried, or ended a moment ago.
    #[must_use]
    pub fn execution(&self, id: ExecutionId) -> Option<&Execution> {
        self.executions.get(&id).map(AsRef::as_ref)
    }

    /// All of these, oldest first.
    pub fn executions(&self) -> impl Iterator<Item = &Execution> {
        self.executions.values().map(AsRef::as_ref)
    }

    /// What a source's last report about this reference started: `reference` is
    /// as [`crate::reference`] names it.
    #[must_use]
    pub fn last_started(&self, source_action: &str, reference: &str) -> Option<&Reported> {
        self.reported
            .get(source_action)?
            .iter()
            .rev()
            .find(|reported| reported.reference == reference)
    }

    /// Whether executions of this version may still be retried and rolled back
    /// to.
    #[must_use]
    pub fn is_valid(&self, version: u32) -> bool {
        self.exists() && version >= self.valid_from
    }

    /// Those that have not ended.
    pub fn live(&self) -> impl Iterator<Item = &Execution> {
        self.executions()
            .filter(|execution| !execution.status.is_final())
    }
}
