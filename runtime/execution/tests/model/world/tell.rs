//! An event as a line for people. Says everything that a rule of
//! docs/reference/semantics.md is about.

use super::ask::World;
use super::trouble::Asked;
use super::words::{quoted, spell_condition};
use lockgate_execution::{
    Direction, Event, Ignored, Recorded, ResolvedAction, StartedWork, UpdatePolicy,
};
use lockgate_model::definition::{ConditionType, RetryMode};
use lockgate_model::id::ExecutionId;
use lockgate_model::job::Failure;
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::RetryTrigger;
use std::collections::BTreeMap;

/// What happened, executions by their numbers.
pub(crate) fn tell(world: &World, recorded: &Recorded) -> String {
    let told = match recorded.event.execution() {
        Some(id) => format!("{} {}", number(world, id), about_one(world, id, recorded)),
        None => about_all(&recorded.event),
    };
    world.readable(&told)
}

/// What came of one request, a line for each event.
pub(crate) fn tell_answer(world: &World, asked: &Asked) -> String {
    match asked {
        Asked::Decided(events) => events
            .iter()
            .map(|recorded| format!("  {}\n", tell(world, recorded)))
            .collect(),
        Asked::Refused(refused) => format!(
            "  refused, {}: {}\n",
            refused.exception(),
            world.readable(&refused.to_string())
        ),
    }
}

fn number(world: &World, id: ExecutionId) -> String {
    world
        .number(id)
        .map_or_else(|| "?".to_owned(), |number| number.to_string())
}

fn about_all(event: &Event) -> String {
    match event {
        Event::PipelineCreated { definition } => {
            format!("the pipeline is created, version {}", definition.version)
        }
        Event::PipelineUpdated { definition, policy } => format!(
            "the pipeline is updated, version {}, {}",
            definition.version,
            match policy {
                UpdatePolicy::Cancel => "cancelling older executions",
                UpdatePolicy::Pin => "older executions go on",
            }
        ),
        Event::PipelineDeleted => "the pipeline is deleted".to_owned(),
        Event::ChangeIgnored {
            source_action,
            reason,
            ..
        } => format!("nothing starts for {source_action}: {}", ignored(reason)),
        Event::TransitionDisabled {
            stage,
            direction,
            reason,
        } => format!("{} {stage} is disabled: {reason}", into(*direction)),
        Event::TransitionEnabled { stage, direction } => {
            format!("{} {stage} is enabled", into(*direction))
        }
        other => format!("{other:?}"),
    }
}

fn into(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "the transition into",
        Direction::Outbound => "the transition out of",
    }
}

fn ignored(reason: &Ignored) -> String {
    match reason {
        Ignored::Filtered { verdict } => verdict.to_string(),
        Ignored::AlreadyStarted { execution } => format!("{execution} was started for it"),
        Ignored::LimitReached { limit } => format!("{limit} executions are in progress"),
        Ignored::MissingVariables { names } => format!("{} has no value", names.join(", ")),
    }
}

fn about_one(world: &World, id: ExecutionId, recorded: &Recorded) -> String {
    let (at, event) = (recorded.at, &recorded.event);
    if let Some(told) = about_part(at, event) {
        return told;
    }
    match event {
        Event::ExecutionStarted {
            version,
            trigger,
            variables,
            source_revisions,
            change,
            rollback,
            ..
        } => {
            let mut told = format!(
                "starts, version {version}, {:?} by {}",
                trigger.trigger_type, trigger.trigger_detail
            );
            told += &pairs(", with", variables);
            for revision in source_revisions.iter() {
                told += &format!(", {}@{}", revision.action_name, revision.revision_id);
            }
            if let Some(change) = change {
                told += &format!(": {}", change.verdict);
            }
            if let Some(rollback) = rollback {
                told += &format!(
                    ": rolls {} back to {}",
                    rollback.stage,
                    number(world, rollback.target)
                );
                let names: Vec<_> = rollback.artifacts.iter().map(|a| a.name.as_str()).collect();
                told += &listed(", taking over", &names);
                for (namespace, variables) in &rollback.namespaces {
                    told += &pairs(&format!(", {namespace}:"), variables);
                }
            }
            told
        }
        Event::ExecutionWaiting { stage, .. } => format!("waits in front of {stage}"),
        Event::ExecutionSuperseded { by, .. } => {
            format!("is Superseded by {}", number(world, *by))
        }
        Event::ExecutionStopping {
            abandon, reason, ..
        } => format!(
            "is asked to stop{}{}",
            if *abandon { " and abandon" } else { "" },
            said(reason)
        ),
        Event::ExecutionStopped { .. } => "is Stopped".to_owned(),
        Event::ExecutionCancelling { reason, .. } => format!("is to be cancelled: {reason}"),
        Event::ExecutionCancelled { reason, .. } => format!("is Cancelled: {reason}"),
        Event::ExecutionSucceeded { .. } => "is Succeeded".to_owned(),
        Event::ExecutionFailed { .. } => "is Failed".to_owned(),
        Event::StageEntered { stage, .. } => format!("enters {stage}"),
        Event::StageSucceeded { stage, .. } => format!("{stage} is Succeeded"),
        Event::StageFailed { stage, reason, .. } => {
            format!("{stage} is Failed{}", said(reason.as_deref().unwrap_or("")))
        }
        Event::StageSkipped { stage, .. } => format!("{stage} is Skipped"),
        Event::StageStopped { stage, .. } => format!("{stage} is Stopped"),
        Event::StageCancelled { stage, .. } => format!("{stage} is Cancelled"),
        Event::StageRetried {
            stage,
            mode,
            attempt,
            trigger,
            ..
        } => format!(
            "{stage} runs again{}, attempt {attempt}, {}",
            match trigger {
                RetryTrigger::AutomatedStageRetry => " by itself",
                RetryTrigger::ManualStageRetry => "",
            },
            match mode {
                RetryMode::FailedActions => "what failed",
                RetryMode::AllActions => "all of it",
            }
        ),
        other => format!("{id} {other:?}"),
    }
}

/// Conditions, rules, actions, approvals and jobs.
fn about_part(at: Timestamp, event: &Event) -> Option<String> {
    let stage = event.stage()?;
    let rule = |condition: &ConditionType, name: &str| {
        format!("{stage} {} rule {name}", spell_condition(*condition))
    };
    let action = event
        .action()
        .map(|name| format!("{stage}.{name}"))
        .unwrap_or_default();
    Some(match event {
        Event::ConditionStarted { condition, .. } => {
            format!(
                "{stage} {} condition is judged",
                spell_condition(*condition)
            )
        }
        Event::ConditionEnded {
            condition,
            status,
            result,
            ..
        } => format!(
            "{stage} {} condition is {status}{}",
            spell_condition(*condition),
            result.map_or_else(String::new, |result| format!(": {}", result.as_str()))
        ),
        Event::ConditionOverridden {
            condition, resumed, ..
        } => format!(
            "{stage} {} condition is Overridden{}",
            spell_condition(*condition),
            if *resumed {
                ", and the stage goes on"
            } else {
                ""
            }
        ),
        Event::RuleStarted {
            condition,
            rule: name,
            work,
            expires,
            input,
            ..
        } => format!(
            "{} {}",
            rule(condition, name),
            started(work, *expires, at, input)
        ),
        Event::RulePending {
            condition,
            rule: name,
            attempt,
            not_before,
            ..
        } => format!(
            "{} is asked again in {}, attempt {attempt}",
            rule(condition, name),
            span(not_before.since(at))
        ),
        Event::RuleSucceeded {
            condition,
            rule: name,
            ..
        } => format!("{} is Succeeded", rule(condition, name)),
        Event::RuleFailed {
            condition,
            rule: name,
            failure,
            ..
        } => format!("{} is Failed: {}", rule(condition, name), failed(failure)),
        Event::RuleAbandoned {
            condition,
            rule: name,
            ..
        } => format!("{} is Abandoned", rule(condition, name)),
        Event::ActionStarted {
            work,
            expires,
            input,
            ..
        } => format!("{action} {}", started(work, *expires, at, input)),
        Event::ActionPending {
            attempt,
            not_before,
            ..
        } => format!(
            "{action} is asked again in {}, attempt {attempt}",
            span(not_before.since(at))
        ),
        Event::ActionSucceeded {
            variables,
            revision,
            artifacts,
            ..
        } => {
            let names: Vec<_> = artifacts.iter().map(|made| made.name.as_str()).collect();
            let fetched = revision.as_ref().map(|revision| revision.id.as_str());
            format!(
                "{action} is Succeeded{}{}{}",
                listed(", making", &names),
                fetched.map_or_else(String::new, |id| format!(", revision {id}")),
                pairs(", setting", variables)
            )
        }
        Event::ActionFailed { failure, .. } => format!("{action} is Failed: {}", failed(failure)),
        Event::ActionAbandoned { .. } => format!("{action} is Abandoned"),
        Event::ApprovalAnswered {
            approved, summary, ..
        } => format!(
            "{action} is {}{}",
            if *approved { "approved" } else { "rejected" },
            said(summary)
        ),
        Event::JobQueued { .. } => format!("{action} waits for a worker"),
        Event::JobDispatched { until, .. } => format!(
            "{action} is with a worker, who has to begin within {}",
            span(until.since(at))
        ),
        Event::JobAcknowledged { .. } => format!("{action} was begun by the worker"),
        _ => return None,
    })
}

fn started(
    work: &StartedWork,
    expires: Timestamp,
    at: Timestamp,
    input: &ResolvedAction,
) -> String {
    let mut told = match work {
        StartedWork::Job(_) => format!("starts, for {} at most", span(expires.since(at))),
        StartedWork::Approval(_) => {
            format!("asks for approval, for {} at most", span(expires.since(at)))
        }
        StartedWork::Impossible(_) => "cannot start".to_owned(),
    };
    let names: Vec<_> = input
        .input_artifacts
        .iter()
        .map(|taken| taken.name.as_str())
        .collect();
    told += &listed(", taking", &names);
    if let Some(revision) = &input.revision {
        told += &format!(", revision {revision}");
    }
    told += &pairs(", with", &input.configuration);
    told
}

fn failed(failure: &Failure) -> String {
    format!("{}, {}", failure.kind.as_str(), failure.message)
}

fn said(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!(": {words}")
    }
}

fn listed(before: &str, names: &[&str]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!("{before} {}", names.join(" and "))
    }
}

pub(super) fn pairs(before: &str, pairs: &BTreeMap<String, String>) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", quoted(value)))
        .collect();
    format!("{before} {}", pairs.join(" "))
}

/// Milliseconds in the largest unit that measures them.
pub(super) fn span(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    for (length, unit) in [(86_400, "day"), (3600, "hour"), (60, "minute")] {
        if seconds >= length && seconds.is_multiple_of(length) {
            return plural(seconds / length, unit);
        }
    }
    plural(seconds, "second")
}

fn plural(count: u64, unit: &str) -> String {
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
