//! Triggers of a definition: which changes of a source start the pipeline (API
//! reference, `PipelineTriggerDeclaration`). Words only: the execution core
//! judges changes by them.

use serde::{Deserialize, Serialize};

/// One trigger; a source action has at most one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TriggerDeclaration {
    /// What reports the changes.
    pub provider_type: TriggerProvider,
    /// For which source, and which of its changes.
    pub git_configuration: GitConfiguration,
}

/// What reports changes (API reference, `PipelineTriggerProviderType`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TriggerProvider {
    /// The source's own provider. The name is CodePipeline's: an exported
    /// definition says so, and any of our sources is meant.
    #[default]
    CodeStarSourceConnection,
}

/// Which changes of one source start the pipeline: those that any of the
/// filters lets pass. Without filters, every push to the source's branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GitConfiguration {
    /// The source action.
    pub source_action_name: String,
    /// One to three, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub push: Vec<PushFilter>,
    /// One to three, where there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pull_request: Vec<PullRequestFilter>,
}

/// Lets a push pass when every part that is given does: tags alone, branches
/// alone, or branches and file paths.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushFilter {
    /// Of the tag that was pushed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<GlobFilter>,
    /// Of the branch that was pushed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branches: Option<GlobFilter>,
    /// Of the files that changed: one that passes is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_paths: Option<GlobFilter>,
}

/// Lets a pull request pass when every part that is given does: branches, or
/// branches and file paths, and either with events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PullRequestFilter {
    /// What happened to it; any of these, or anything where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<PullRequestEvent>,
    /// Of the branch that it is to be merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branches: Option<GlobFilter>,
    /// Of the files that it changes: one that passes is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_paths: Option<GlobFilter>,
}

/// What happened to a pull request (API reference, `GitPullRequestEventType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PullRequestEvent {
    /// It was opened.
    Open,
    /// Its commits changed.
    Updated,
    /// It was merged or closed.
    Closed,
}

/// Patterns that a text has to match. Excludes beat includes; without includes
/// everything that no exclude matches passes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GlobFilter {
    /// Any of these lets pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub includes: Vec<String>,
    /// None of these may match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
}
