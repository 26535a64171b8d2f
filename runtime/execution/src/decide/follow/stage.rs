//! What follows in a stage: its entry condition, its actions, its success or
//! failure condition, its end.

use super::action::{self, Next};
use super::condition::{self, Judged};
use super::{Inside, ended, rollback};
use crate::event::Event;
use crate::execution::Ending;
use lockgate_model::definition::{ConditionResult, ConditionType, RetryMode};
use lockgate_model::status::{ActionStatus, StageStatus};
use lockgate_model::trigger::RetryTrigger;

/// In a stage, or in one that has just ended.
pub(super) fn follow(inside: Inside<'_>) -> Option<Event> {
    let Inside { execution, run, .. } = inside;
    let id = execution.id;
    let stage = || run.name.clone();
    match run.status {
        StageStatus::Failed => {
            return Some(Event::ExecutionFailed {
                execution: id,
                stage: stage(),
            });
        }
        StageStatus::Stopped => return Some(Event::ExecutionStopped { execution: id }),
        StageStatus::Cancelled => {
            return execution.ending.as_ref().map(|e| ended(execution, e));
        }
        // Both leave the stage: the execution is no longer inside.
        StageStatus::Succeeded | StageStatus::Skipped => return None,
        StageStatus::InProgress | StageStatus::Stopping => {}
    }
    if let Some(event) = action::ends(inside).or_else(|| condition::rule_ends(inside)) {
        return Some(event);
    }
    match &execution.ending {
        None => goes_on(inside),
        Some(ending) => {
            if let Some(event) =
                action::impossible(inside).or_else(|| condition::impossible(inside))
            {
                return Some(event);
            }
            if run.running().next().is_some() || run.running_rules().next().is_some() {
                return None;
            }
            condition::given_up(inside, ending).or_else(|| {
                Some(match ending {
                    Ending::Stop { .. } => Event::StageStopped {
                        execution: id,
                        stage: stage(),
                    },
                    Ending::Cancel { .. } => Event::StageCancelled {
                        execution: id,
                        stage: stage(),
                    },
                })
            })
        }
    }
}

fn goes_on(inside: Inside<'_>) -> Option<Event> {
    let Inside { execution, run, .. } = inside;
    match condition::judge(inside, ConditionType::BeforeEntry) {
        Judged::Follows(event) => return Some(*event),
        Judged::Waits => return None,
        Judged::Met => {}
        Judged::NotMet(ConditionResult::Skip) => {
            return Some(Event::StageSkipped {
                execution: execution.id,
                stage: run.name.clone(),
            });
        }
        Judged::NotMet(_) => {
            return fails(inside, Some(ConditionType::BeforeEntry), false);
        }
    }
    let failed = run
        .actions
        .iter()
        .any(|action| action.status == ActionStatus::Failed);
    let next = if failed {
        Next::Waits
    } else {
        action::next(inside)
    };
    if let Next::Starts(event) = next {
        return Some(*event);
    }
    // Only now: a group starts as a whole, whatever its first action comes to.
    if let Some(event) = action::impossible(inside) {
        return Some(event);
    }
    if run.running().next().is_some() {
        return None;
    }
    if failed {
        return fails(inside, None, false);
    }
    if !matches!(next, Next::Done) {
        return None;
    }
    match condition::judge(inside, ConditionType::OnSuccess) {
        Judged::Follows(event) => Some(*event),
        Judged::Waits => None,
        Judged::Met => Some(Event::StageSucceeded {
            execution: execution.id,
            stage: run.name.clone(),
        }),
        Judged::NotMet(result) => fails(
            inside,
            Some(ConditionType::OnSuccess),
            result == ConditionResult::Rollback,
        ),
    }
}

/// What happens instead of the stage's failure, or before it, or it. `unmet` is
/// the condition that it fails by; otherwise an action failed. `back` says that
/// this condition asks for a rollback.
fn fails(inside: Inside<'_>, unmet: Option<ConditionType>, back: bool) -> Option<Event> {
    let Inside {
        execution,
        declared,
        run,
        ..
    } = inside;
    let mut back = back;
    if let Some(on_failure) = declared.on_failure.as_ref().filter(|_| !back) {
        if !on_failure.conditions.is_empty() {
            match condition::judge(inside, ConditionType::OnFailure) {
                Judged::Follows(event) => return Some(*event),
                Judged::Waits => return None,
                Judged::Met => {
                    let engaged = run.on_failure.as_ref().and_then(|run| run.result);
                    back = engaged == Some(ConditionResult::Rollback);
                }
                Judged::NotMet(_) => {}
            }
        } else if on_failure.result == Some(ConditionResult::Rollback) {
            back = true;
        } else if on_failure.result == Some(ConditionResult::Retry) && run.retries.automatic == 0 {
            return Some(Event::StageRetried {
                execution: execution.id,
                stage: run.name.clone(),
                mode: on_failure
                    .retry_configuration
                    .and_then(|retry| retry.retry_mode)
                    .unwrap_or(RetryMode::FailedActions),
                attempt: run.attempt.saturating_add(1),
                trigger: RetryTrigger::AutomatedStageRetry,
            });
        }
    }
    let mut reason = unmet.and_then(|which| condition::why_not(inside, which));
    if back && execution.rolled_back_by.is_none() {
        match rollback::start(inside) {
            Ok(event) => return Some(event),
            Err(why) => {
                let no = format!("there is no rollback: {why}");
                reason = Some(reason.map_or_else(|| no.clone(), |known| format!("{known}; {no}")));
            }
        }
    }
    Some(Event::StageFailed {
        execution: execution.id,
        stage: run.name.clone(),
        reason,
    })
}
