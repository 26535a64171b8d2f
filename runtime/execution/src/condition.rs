//! A condition of a stage within an execution as the machine remembers it, and
//! its rules. Written by `apply` alone.

use crate::event::ResolvedAction;
use crate::stage::Work;
use lockgate_model::definition::ConditionResult;
use lockgate_model::id::{ActionExecutionId, Principal};
use lockgate_model::job::{External, Failure};
use lockgate_model::status::{ConditionStatus, RuleStatus};
use lockgate_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One condition, asked once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConditionRun {
    /// Its status.
    pub status: ConditionStatus,
    /// What engaged because of it.
    pub result: Option<ConditionResult>,
    /// When it was asked.
    pub started: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// Who went past it.
    pub overridden_by: Option<Principal>,
    /// Its rules that started, in order.
    pub rules: Vec<Arc<RuleRun>>,
}

/// One rule execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRun {
    /// The rule's name.
    pub name: String,
    /// This rule execution.
    pub id: ActionExecutionId,
    /// Its status.
    pub status: RuleStatus,
    /// When it started.
    pub started: Timestamp,
    /// When something last happened to it.
    pub updated: Timestamp,
    /// Who caused what last happened to it.
    pub updated_by: Principal,
    /// When it fails if nothing is heard.
    pub expires: Timestamp,
    /// What it judges by.
    pub input: Arc<ResolvedAction>,
    /// A job, or the reason why there can be none.
    pub work: Work,
    /// The trace elsewhere.
    pub external: External,
    /// Why it failed.
    pub failure: Option<Failure>,
}

impl ConditionRun {
    /// Rules that have not ended.
    pub fn running(&self) -> impl Iterator<Item = &RuleRun> {
        self.rules
            .iter()
            .map(AsRef::as_ref)
            .filter(|rule| rule.status == RuleStatus::InProgress)
    }

    /// The rule of this name, if it started.
    #[must_use]
    pub fn rule(&self, name: &str) -> Option<&RuleRun> {
        self.rules
            .iter()
            .find(|rule| rule.name == name)
            .map(AsRef::as_ref)
    }

    /// One sentence on why it was not met, if it was not.
    #[must_use]
    pub fn summary(&self) -> Option<String> {
        self.rules.iter().find_map(|rule| {
            let failure = rule.failure.as_ref()?;
            Some(format!("rule '{}': {}", rule.name, failure.message))
        })
    }
}
