//! What happens to a condition of a stage and its rules, in words.

use super::{Told, colon};
use crate::event::{Recorded, ResolvedAction};
use crate::why::answer::{About, ReasonKind};
use crate::why::chronicle::Chronicle;
use crate::why::instant::Instant;
use lockgate_model::definition::{ConditionResult, ConditionType};
use lockgate_model::id::ExecutionId;
use lockgate_model::job::{External, Failure};
use lockgate_model::status::ConditionStatus;
use lockgate_model::time::Timestamp;

/// A condition in a few words.
pub(in crate::why) fn named(stage: &str, condition: ConditionType) -> String {
    let which = match condition {
        ConditionType::BeforeEntry => "entry condition",
        ConditionType::OnSuccess => "success condition",
        ConditionType::OnFailure => "failure condition",
    };
    format!("the {which} of stage '{stage}'")
}

pub(super) fn started(stage: &str, condition: ConditionType) -> Told {
    Told::new(
        ReasonKind::ConditionStarted,
        format!("the rules of {} started", named(stage, condition)),
    )
    .about(About::condition(stage, condition))
}

pub(super) fn ended(
    stage: &str,
    condition: ConditionType,
    status: ConditionStatus,
    result: Option<ConditionResult>,
) -> Told {
    let how = match status {
        ConditionStatus::Succeeded => "was met",
        ConditionStatus::Failed => "was not met",
        ConditionStatus::Errored => "could not be judged",
        ConditionStatus::Cancelled => "was cancelled with its execution",
        ConditionStatus::Abandoned => "was abandoned with its execution",
        ConditionStatus::Overridden => "was overridden",
        ConditionStatus::InProgress => "goes on",
    };
    let (kind, follows) = match result {
        None => (ReasonKind::ConditionPassed, String::new()),
        Some(result) => {
            let what = match result {
                ConditionResult::Fail => "the stage fails",
                ConditionResult::Skip => "the stage is skipped",
                ConditionResult::Retry => "the stage is retried",
                ConditionResult::Rollback => "the stage is rolled back",
            };
            (
                ReasonKind::ConditionEngaged,
                format!(", so {what} ({})", result.as_str()),
            )
        }
    };
    Told::new(kind, format!("{} {how}{follows}", named(stage, condition)))
        .about(About::condition(stage, condition))
}

pub(super) fn overridden(
    recorded: &Recorded,
    stage: &str,
    condition: ConditionType,
    resumed: bool,
) -> Told {
    let by = &recorded.cause.by;
    let goes_on = if resumed {
        "; the stage had failed by it, and runs again"
    } else {
        ""
    };
    Told::new(
        ReasonKind::ConditionOverridden,
        format!("{by} overrode {}{goes_on}", named(stage, condition)),
    )
    .about(About::condition(stage, condition))
}

pub(super) fn rule_started(
    stage: &str,
    condition: ConditionType,
    rule: &str,
    expires: Timestamp,
    input: &ResolvedAction,
) -> Told {
    Told::new(
        ReasonKind::RuleStarted,
        format!(
            "rule '{rule}' started: provider {} has until {}",
            input.action_type,
            Instant(expires)
        ),
    )
    .about(About::rule(stage, condition, rule))
}

pub(super) fn rule_pending(
    stage: &str,
    condition: ConditionType,
    rule: &str,
    not_before: Timestamp,
    external: &External,
) -> Told {
    let summary = external.summary.as_deref().unwrap_or_default();
    Told::new(
        ReasonKind::RulePending,
        format!(
            "rule '{rule}' cannot say yet and is asked again at {}{}",
            Instant(not_before),
            colon(summary)
        ),
    )
    .about(About::rule(stage, condition, rule))
}

pub(super) fn rule_succeeded(
    stage: &str,
    condition: ConditionType,
    rule: &str,
    external: &External,
) -> Told {
    let summary = external.summary.as_deref().unwrap_or_default();
    Told::new(
        ReasonKind::RuleSucceeded,
        format!("the criterion of rule '{rule}' holds{}", colon(summary)),
    )
    .about(About::rule(stage, condition, rule))
}

pub(super) fn rule_failed(
    known: &Chronicle<'_>,
    id: ExecutionId,
    recorded: &Recorded,
    stage: &str,
    condition: ConditionType,
    rule: &str,
    failure: &Failure,
) -> Told {
    let expires = known
        .tales
        .get(&id)
        .and_then(|tale| tale.stages.get(stage)?.rules.get(&(condition, rule)))
        .map(|part| part.expires);
    Told::new(
        super::action::failed_kind(recorded, expires, ReasonKind::RuleFailed),
        format!(
            "rule '{rule}' of {} failed ({}): {}",
            named(stage, condition),
            failure.kind.as_str(),
            failure.message
        ),
    )
    .about(About::rule(stage, condition, rule))
}

pub(super) fn rule_abandoned(stage: &str, condition: ConditionType, rule: &str) -> Told {
    Told::new(
        ReasonKind::RuleAbandoned,
        format!(
            "rule '{rule}' of {} was not waited for",
            named(stage, condition)
        ),
    )
    .about(About::rule(stage, condition, rule))
}
