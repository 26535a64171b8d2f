//! Conditions of a stage and their rules (API reference,
//! `BeforeEntryConditions`, `SuccessConditions`, `FailureConditions`). Words
//! only: `check` knows which may stand together, the execution core what follows.

use super::InputArtifact;
use crate::action_type::ActionTypeId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The condition at the entry or at the success of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// Exactly one.
    pub conditions: Vec<Condition>,
}

/// What is done when a stage fails: a result at once, or one that a condition
/// decides on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailureConditions {
    /// `ROLLBACK` or `RETRY`, at once; beside a condition `ROLLBACK` alone,
    /// which engages when the condition is met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ConditionResult>,
    /// How much `RETRY` runs again; what failed, where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_configuration: Option<RetryConfiguration>,
    /// None, or exactly one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}

/// A condition: met when every one of its rules succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What engages: at entry and at success when it is not met, at failure
    /// when it is. Absent: as `FAIL`, and at failure nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ConditionResult>,
    /// One to five.
    pub rules: Vec<Rule>,
}

/// What a condition leads to (API reference, `Result`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ConditionResult {
    /// Back to the last execution that succeeded in this stage.
    Rollback,
    /// The stage fails.
    Fail,
    /// The stage runs again, once.
    Retry,
    /// The stage is passed over.
    Skip,
}

impl ConditionResult {
    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rollback => "ROLLBACK",
            Self::Fail => "FAIL",
            Self::Retry => "RETRY",
            Self::Skip => "SKIP",
        }
    }
}

/// Which of a stage's conditions (API reference, `ConditionType`, which has no
/// name for the one at failure: it cannot be overridden).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConditionType {
    /// Before the first action.
    #[serde(rename = "BEFORE_ENTRY")]
    BeforeEntry,
    /// After the last action.
    #[serde(rename = "ON_SUCCESS")]
    OnSuccess,
    /// When the stage has failed.
    #[serde(rename = "ON_FAILURE")]
    OnFailure,
}

impl ConditionType {
    /// All three, in the order in which they come.
    pub const ALL: [Self; 3] = [Self::BeforeEntry, Self::OnSuccess, Self::OnFailure];

    /// The key of a stage that holds it.
    #[must_use]
    pub fn member(self) -> &'static str {
        match self {
            Self::BeforeEntry => "beforeEntry",
            Self::OnSuccess => "onSuccess",
            Self::OnFailure => "onFailure",
        }
    }

    /// The API's spelling.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BeforeEntry => "BEFORE_ENTRY",
            Self::OnSuccess => "ON_SUCCESS",
            Self::OnFailure => "ON_FAILURE",
        }
    }
}

/// How the one automatic retry is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RetryConfiguration {
    /// How much of the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_mode: Option<RetryMode>,
}

/// How much of a stage is run again (API reference, `StageRetryMode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RetryMode {
    /// What failed, was abandoned, or never started.
    #[serde(rename = "FAILED_ACTIONS")]
    FailedActions,
    /// Everything.
    #[serde(rename = "ALL_ACTIONS")]
    AllActions,
}

/// A rule of a condition (API reference, `RuleDeclaration`): a provider of
/// category `Rule` that succeeds where its criterion holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// Unique within the condition.
    pub name: String,
    /// Which provider judges; its category is `Rule`.
    pub rule_type_id: ActionTypeId,
    /// The provider's own settings; values may hold `#{namespace.key}`.
    #[serde(default)]
    pub configuration: BTreeMap<String, String>,
    /// Commands of a `Commands` rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Artifacts taken, by name.
    #[serde(default)]
    pub input_artifacts: Vec<InputArtifact>,
    /// Accepted as exported from AWS and kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// Accepted as exported from AWS and kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Until it fails by itself, in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_in_minutes: Option<u32>,
}
