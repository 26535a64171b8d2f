//! One pipeline as the machine remembers it. Written by `apply` alone; a clone
//! shares everything large.

use crate::execution::Execution;
use lockgate_model::definition::Pipeline;
use lockgate_model::id::{ExecutionId, Principal, TenantId};
use lockgate_model::time::Timestamp;
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

    /// Those that have not ended.
    pub fn live(&self) -> impl Iterator<Item = &Execution> {
        self.executions()
            .filter(|execution| !execution.status.is_final())
    }
}
