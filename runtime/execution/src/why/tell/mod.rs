//! Every event as a sentence. The match is exhaustive on purpose: an event
//! without an explanation does not compile.

mod action;
mod condition;
mod execution;
mod others;
mod stage;

pub(super) use condition::named as condition_named;
pub(super) use others::{others, transition};

use super::answer::{About, ReasonKind};
use super::chronicle::Chronicle;
use crate::event::{Event, Recorded};
use lockgate_model::id::ExecutionId;

/// An event in words.
pub(super) struct Told {
    pub(super) kind: ReasonKind,
    pub(super) sentence: String,
    pub(super) about: About,
}

impl Told {
    pub(super) fn new(kind: ReasonKind, sentence: impl Into<String>) -> Self {
        Self {
            kind,
            sentence: sentence.into(),
            about: About::default(),
        }
    }

    fn about(mut self, about: About) -> Self {
        self.about = about;
        self
    }
}

/// What an event says of the execution that it happened to. None: it says
/// nothing new, or happened to none.
pub(super) fn own(known: &Chronicle<'_>, id: ExecutionId, recorded: &Recorded) -> Option<Told> {
    let told = match &recorded.event {
        // Told to those whom they concern: `others`, and `revision`.
        Event::PipelineCreated { .. }
        | Event::PipelineUpdated { .. }
        | Event::PipelineDeleted
        | Event::ChangeIgnored { .. }
        | Event::TransitionDisabled { .. }
        | Event::TransitionEnabled { .. } => return None,

        Event::ExecutionStarted {
            trigger,
            source_revisions,
            change,
            rollback,
            ..
        } => execution::started(
            recorded,
            trigger,
            source_revisions,
            change.as_deref(),
            rollback.as_deref(),
        ),
        Event::ExecutionWaiting { stage, .. } => execution::waiting(known, id, stage),
        Event::ExecutionSuperseded { by, .. } => execution::superseded(known, id, *by, recorded.at),
        Event::ExecutionStopping {
            abandon, reason, ..
        } => execution::stopping(recorded, *abandon, reason),
        Event::ExecutionStopped { .. } => execution::stopped(known, id),
        Event::ExecutionCancelling {
            abandon, reason, ..
        } => execution::cancelling(recorded, *abandon, reason),
        Event::ExecutionCancelled { reason, .. } => {
            Told::new(ReasonKind::Cancelled, format!("it was cancelled: {reason}"))
        }
        Event::ExecutionSucceeded { .. } => Told::new(
            ReasonKind::Succeeded,
            "it succeeded: it is through its last stage",
        ),
        Event::ExecutionFailed { stage, .. } => execution::failed(known, id, stage),

        Event::StageEntered { stage, .. } => stage::entered(known, id, stage, recorded),
        Event::StageSucceeded { stage, .. } => stage::succeeded(stage),
        Event::StageFailed { stage, reason, .. } => {
            stage::failed(known, id, stage, reason.as_deref())
        }
        Event::StageSkipped { stage, .. } => stage::skipped(stage),
        Event::StageStopped { stage, .. } => stage::stopped(stage),
        Event::StageCancelled { stage, .. } => stage::cancelled(stage),
        Event::StageRetried {
            stage,
            mode,
            attempt,
            trigger,
            ..
        } => stage::retried(recorded, stage, *mode, *attempt, *trigger),

        Event::ConditionStarted {
            stage, condition, ..
        } => condition::started(stage, *condition),
        Event::ConditionEnded {
            stage,
            condition,
            status,
            result,
            ..
        } => condition::ended(stage, *condition, *status, *result),
        Event::ConditionOverridden {
            stage,
            condition,
            resumed,
            ..
        } => condition::overridden(recorded, stage, *condition, *resumed),
        Event::RuleStarted {
            stage,
            condition,
            rule,
            expires,
            input,
            ..
        } => condition::rule_started(stage, *condition, rule, *expires, input),
        Event::RulePending {
            stage,
            condition,
            rule,
            not_before,
            external,
            ..
        } => condition::rule_pending(stage, *condition, rule, *not_before, external),
        Event::RuleSucceeded {
            stage,
            condition,
            rule,
            external,
            ..
        } => condition::rule_succeeded(stage, *condition, rule, external),
        Event::RuleFailed {
            stage,
            condition,
            rule,
            failure,
            ..
        } => condition::rule_failed(known, id, recorded, stage, *condition, rule, failure),
        Event::RuleAbandoned {
            stage,
            condition,
            rule,
            ..
        } => condition::rule_abandoned(stage, *condition, rule),

        Event::ActionStarted {
            stage,
            action,
            work,
            expires,
            input,
            ..
        } => action::started(stage, action, work, *expires, input),
        Event::ActionPending {
            stage,
            action,
            not_before,
            percent,
            external,
            ..
        } => action::pending(stage, action, *not_before, *percent, external),
        Event::ActionSucceeded {
            stage,
            action,
            revision,
            external,
            ..
        } => {
            return action::succeeded(known, id, stage, action, revision.as_ref(), external);
        }
        Event::ActionFailed {
            stage,
            action,
            failure,
            ..
        } => return action::failed(known, id, recorded, stage, action, failure),
        Event::ActionAbandoned { stage, action, .. } => action::abandoned(stage, action),
        Event::ApprovalAnswered {
            stage,
            action,
            approved,
            summary,
            ..
        } => action::answered(recorded, stage, action, *approved, summary),
        Event::JobQueued { stage, action, .. } => action::queued(known, id, stage, action),
        Event::JobDispatched {
            stage,
            action,
            until,
            ..
        } => action::dispatched(recorded, stage, action, *until),
        Event::JobAcknowledged { stage, action, .. } => {
            action::acknowledged(recorded, stage, action)
        }
    };
    Some(told)
}

/// `: text`, or nothing where there is none.
fn colon(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {text}")
    }
}
