//! What an event is about: its name, and the execution, stage, action,
//! condition and rule that it names.

use super::Event;
use lockgate_model::definition::ConditionType;
use lockgate_model::id::ExecutionId;

impl Event {
    /// Its name, as it stands under `type`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::PipelineCreated { .. } => "PipelineCreated",
            Self::PipelineUpdated { .. } => "PipelineUpdated",
            Self::PipelineDeleted => "PipelineDeleted",
            Self::ExecutionStarted { .. } => "ExecutionStarted",
            Self::ChangeIgnored { .. } => "ChangeIgnored",
            Self::ExecutionWaiting { .. } => "ExecutionWaiting",
            Self::ExecutionSuperseded { .. } => "ExecutionSuperseded",
            Self::ExecutionStopping { .. } => "ExecutionStopping",
            Self::ExecutionStopped { .. } => "ExecutionStopped",
            Self::ExecutionCancelling { .. } => "ExecutionCancelling",
            Self::ExecutionCancelled { .. } => "ExecutionCancelled",
            Self::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            Self::ExecutionFailed { .. } => "ExecutionFailed",
            Self::StageEntered { .. } => "StageEntered",
            Self::StageSucceeded { .. } => "StageSucceeded",
            Self::StageFailed { .. } => "StageFailed",
            Self::StageSkipped { .. } => "StageSkipped",
            Self::StageStopped { .. } => "StageStopped",
            Self::StageCancelled { .. } => "StageCancelled",
            Self::StageRetried { .. } => "StageRetried",
            Self::ConditionStarted { .. } => "ConditionStarted",
            Self::ConditionEnded { .. } => "ConditionEnded",
            Self::ConditionOverridden { .. } => "ConditionOverridden",
            Self::RuleStarted { .. } => "RuleStarted",
            Self::RulePending { .. } => "RulePending",
            Self::RuleSucceeded { .. } => "RuleSucceeded",
            Self::RuleFailed { .. } => "RuleFailed",
            Self::RuleAbandoned { .. } => "RuleAbandoned",
            Self::ActionStarted { .. } => "ActionStarted",
            Self::ActionPending { .. } => "ActionPending",
            Self::ActionSucceeded { .. } => "ActionSucceeded",
            Self::ActionFailed { .. } => "ActionFailed",
            Self::ActionAbandoned { .. } => "ActionAbandoned",
            Self::ApprovalAnswered { .. } => "ApprovalAnswered",
            Self::JobQueued { .. } => "JobQueued",
            Self::JobDispatched { .. } => "JobDispatched",
            Self::JobAcknowledged { .. } => "JobAcknowledged",
            Self::TransitionDisabled { .. } => "TransitionDisabled",
            Self::TransitionEnabled { .. } => "TransitionEnabled",
        }
    }

    /// Which execution it happened to, if to one.
    #[must_use]
    pub fn execution(&self) -> Option<ExecutionId> {
        match self {
            Self::PipelineCreated { .. }
            | Self::PipelineUpdated { .. }
            | Self::PipelineDeleted
            | Self::ChangeIgnored { .. }
            | Self::TransitionDisabled { .. }
            | Self::TransitionEnabled { .. } => None,
            Self::ExecutionStarted { execution, .. }
            | Self::ExecutionWaiting { execution, .. }
            | Self::ExecutionSuperseded { execution, .. }
            | Self::ExecutionStopping { execution, .. }
            | Self::ExecutionStopped { execution, .. }
            | Self::ExecutionCancelling { execution, .. }
            | Self::ExecutionCancelled { execution, .. }
            | Self::ExecutionSucceeded { execution, .. }
            | Self::ExecutionFailed { execution, .. }
            | Self::StageEntered { execution, .. }
            | Self::StageSucceeded { execution, .. }
            | Self::StageFailed { execution, .. }
            | Self::StageSkipped { execution, .. }
            | Self::StageStopped { execution, .. }
            | Self::StageCancelled { execution, .. }
            | Self::StageRetried { execution, .. }
            | Self::ConditionStarted { execution, .. }
            | Self::ConditionEnded { execution, .. }
            | Self::ConditionOverridden { execution, .. }
            | Self::RuleStarted { execution, .. }
            | Self::RulePending { execution, .. }
            | Self::RuleSucceeded { execution, .. }
            | Self::RuleFailed { execution, .. }
            | Self::RuleAbandoned { execution, .. }
            | Self::ActionStarted { execution, .. }
            | Self::ActionPending { execution, .. }
            | Self::ActionSucceeded { execution, .. }
            | Self::ActionFailed { execution, .. }
            | Self::ActionAbandoned { execution, .. }
            | Self::ApprovalAnswered { execution, .. }
            | Self::JobQueued { execution, .. }
            | Self::JobDispatched { execution, .. }
            | Self::JobAcknowledged { execution, .. } => Some(*execution),
        }
    }

    /// In which stage it happened, if in one.
    #[must_use]
    pub fn stage(&self) -> Option<&str> {
        match self {
            Self::ExecutionWaiting { stage, .. }
            | Self::ExecutionFailed { stage, .. }
            | Self::StageEntered { stage, .. }
            | Self::StageSucceeded { stage, .. }
            | Self::StageFailed { stage, .. }
            | Self::StageSkipped { stage, .. }
            | Self::StageStopped { stage, .. }
            | Self::StageCancelled { stage, .. }
            | Self::StageRetried { stage, .. }
            | Self::ConditionStarted { stage, .. }
            | Self::ConditionEnded { stage, .. }
            | Self::ConditionOverridden { stage, .. }
            | Self::RuleStarted { stage, .. }
            | Self::RulePending { stage, .. }
            | Self::RuleSucceeded { stage, .. }
            | Self::RuleFailed { stage, .. }
            | Self::RuleAbandoned { stage, .. }
            | Self::ActionStarted { stage, .. }
            | Self::ActionPending { stage, .. }
            | Self::ActionSucceeded { stage, .. }
            | Self::ActionFailed { stage, .. }
            | Self::ActionAbandoned { stage, .. }
            | Self::JobQueued { stage, .. }
            | Self::JobDispatched { stage, .. }
            | Self::JobAcknowledged { stage, .. }
            | Self::TransitionDisabled { stage, .. }
            | Self::TransitionEnabled { stage, .. }
            | Self::ApprovalAnswered { stage, .. } => Some(stage),
            _ => None,
        }
    }

    /// To which action it happened, if to one.
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        match self {
            Self::ActionStarted { action, .. }
            | Self::ActionPending { action, .. }
            | Self::ActionSucceeded { action, .. }
            | Self::ActionFailed { action, .. }
            | Self::ActionAbandoned { action, .. }
            | Self::JobQueued { action, .. }
            | Self::JobDispatched { action, .. }
            | Self::JobAcknowledged { action, .. }
            | Self::ApprovalAnswered { action, .. } => Some(action),
            _ => None,
        }
    }

    /// To which condition of its stage it happened, if to one.
    #[must_use]
    pub fn condition(&self) -> Option<ConditionType> {
        match self {
            Self::ConditionStarted { condition, .. }
            | Self::ConditionEnded { condition, .. }
            | Self::ConditionOverridden { condition, .. }
            | Self::RuleStarted { condition, .. }
            | Self::RulePending { condition, .. }
            | Self::RuleSucceeded { condition, .. }
            | Self::RuleFailed { condition, .. }
            | Self::RuleAbandoned { condition, .. } => Some(*condition),
            _ => None,
        }
    }

    /// To which rule of that condition it happened, if to one.
    #[must_use]
    pub fn rule(&self) -> Option<&str> {
        match self {
            Self::RuleStarted { rule, .. }
            | Self::RulePending { rule, .. }
            | Self::RuleSucceeded { rule, .. }
            | Self::RuleFailed { rule, .. }
            | Self::RuleAbandoned { rule, .. } => Some(rule),
            _ => None,
        }
    }
}
