//! A pipeline's definition: CodePipeline's `PipelineDeclaration` and what it
//! holds, as values. `read` makes one from TOML or JSON text, `check` finds
//! everything wrong with it, `load` does both. Knows no file and no installed plugin but those in
//! the catalogue it is given.

mod check;
mod condition;
mod decode;
mod default_trigger;
mod form;
mod lines;
mod nearest;
mod problem;
mod read;
mod secret;
#[cfg(test)]
mod tests;
mod tree;
mod trigger;
mod variable;

pub use check::check;
pub use condition::{
    Condition, ConditionResult, ConditionType, Conditions, FailureConditions, RetryConfiguration,
    RetryMode, Rule,
};
pub use problem::{Place, Problem, ProblemKind, exception_of};
pub use read::{Format, MAX_TEXT, Source, load, read};
pub use secret::{mask, masked, unknown_secrets, unmasked};
pub use trigger::{
    GitConfiguration, GlobFilter, PullRequestEvent, PullRequestFilter, PushFilter,
    TriggerDeclaration, TriggerProvider,
};
pub use variable::{Reference, Template, TemplateError};

use crate::action_type::ActionTypeId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether a newer execution replaces, follows or ignores an older one (API
/// reference, `ExecutionMode`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ExecutionMode {
    /// A newer execution replaces one that waits between stages.
    #[default]
    Superseded,
    /// One after the other.
    Queued,
    /// Side by side.
    Parallel,
}

impl ExecutionMode {
    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Superseded => "SUPERSEDED",
            Self::Queued => "QUEUED",
            Self::Parallel => "PARALLEL",
        }
    }
}

/// CodePipeline's pricing generations; V2 has more features.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PipelineType {
    /// The first.
    V1,
    /// The present.
    #[default]
    V2,
}

/// A whole pipeline (API reference, `PipelineDeclaration`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pipeline {
    /// Unique within a tenant.
    pub name: String,
    /// Accepted as exported from AWS and kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// Accepted as exported from AWS and kept: artifacts live in the server's
    /// own store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_store: Option<serde_json::Value>,
    /// The same, one for each region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_stores: Option<serde_json::Value>,
    /// Two or more.
    pub stages: Vec<Stage>,
    /// Counts the definition's changes, from 1.
    #[serde(default = "first_version")]
    pub version: u32,
    /// What a newer execution does to older ones.
    #[serde(default)]
    pub execution_mode: ExecutionMode,
    /// V1 or V2.
    #[serde(default)]
    pub pipeline_type: PipelineType,
    /// What `#{variables.name}` stands for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<VariableDeclaration>,
    /// Which changes of its sources start it; a source that none is about
    /// starts it at every change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<TriggerDeclaration>,
}

fn first_version() -> u32 {
    1
}

/// A pipeline variable (API reference, `PipelineVariableDeclaration`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariableDeclaration {
    /// Written `#{variables.<name>}` where it is used.
    pub name: String,
    /// Without one, every start must give a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A stage (API reference, `StageDeclaration`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Unique within the pipeline.
    pub name: String,
    /// One or more.
    pub actions: Vec<Action>,
    /// What must hold before its first action starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_entry: Option<Conditions>,
    /// What must hold once its actions have succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_success: Option<Conditions>,
    /// What is done when it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<FailureConditions>,
}

/// An action (API reference, `ActionDeclaration`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// Unique within the stage.
    pub name: String,
    /// Which provider does it.
    pub action_type_id: ActionTypeId,
    /// Actions with equal numbers run side by side, smaller numbers first.
    #[serde(default = "first_run_order")]
    pub run_order: u32,
    /// The provider's own settings; values may hold `#{namespace.key}`.
    #[serde(default)]
    pub configuration: BTreeMap<String, String>,
    /// Commands of a compute action.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Environment of a compute action.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment_variables: Vec<EnvironmentVariable>,
    /// Artifacts taken, by name.
    #[serde(default)]
    pub input_artifacts: Vec<InputArtifact>,
    /// Artifacts made.
    #[serde(default)]
    pub output_artifacts: Vec<OutputArtifact>,
    /// Environment variables that a compute action gives out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_variables: Vec<String>,
    /// Accepted as exported from AWS and kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// Accepted as exported from AWS and kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Under which its variables can be used: `#{namespace.key}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Of a manual approval, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_in_minutes: Option<u32>,
}

fn first_run_order() -> u32 {
    1
}

/// Names an artifact that an earlier action makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputArtifact {
    /// Its name.
    pub name: String,
}

/// Names an artifact that this action makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputArtifact {
    /// Its name, unique in the pipeline.
    pub name: String,
    /// Which files of a compute action go into it, as globs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// One variable of an action's environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentVariable {
    /// Its name.
    pub name: String,
    /// Its value; may hold `#{namespace.key}`.
    pub value: String,
}

impl Pipeline {
    /// The stage of this name and its position.
    #[must_use]
    pub fn stage(&self, name: &str) -> Option<(usize, &Stage)> {
        self.stages
            .iter()
            .enumerate()
            .find(|(_, stage)| stage.name == name)
    }
}

impl Stage {
    /// The conditions of one kind: none or one.
    #[must_use]
    pub fn conditions(&self, kind: ConditionType) -> &[Condition] {
        let some = match kind {
            ConditionType::BeforeEntry => self.before_entry.as_ref().map(|c| &c.conditions),
            ConditionType::OnSuccess => self.on_success.as_ref().map(|c| &c.conditions),
            ConditionType::OnFailure => self.on_failure.as_ref().map(|c| &c.conditions),
        };
        some.map_or(&[], Vec::as_slice)
    }

    fn conditions_mut(&mut self, kind: ConditionType) -> &mut [Condition] {
        let some = match kind {
            ConditionType::BeforeEntry => self.before_entry.as_mut().map(|c| &mut c.conditions),
            ConditionType::OnSuccess => self.on_success.as_mut().map(|c| &mut c.conditions),
            ConditionType::OnFailure => self.on_failure.as_mut().map(|c| &mut c.conditions),
        };
        some.map_or(&mut [], Vec::as_mut_slice)
    }

    /// The action of this name.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.name == name)
    }
}
