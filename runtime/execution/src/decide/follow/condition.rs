//! What follows in a condition: its rules start all at once, and when the last
//! has ended it has.

use super::super::{lifetime, resolve};
use super::Inside;
use crate::condition::{ConditionRun, RuleRun};
use crate::event::{Event, StartedWork};
use crate::execution::Ending;
use crate::stage::Work;
use lockgate_model::definition::{Condition, ConditionResult, ConditionType, Rule, Stage};
use lockgate_model::id::{ActionExecutionId, JobId};
use lockgate_model::job::{Failure, FailureType};
use lockgate_model::status::{ConditionStatus, RuleStatus};
use std::sync::Arc;

/// How far a condition is.
pub(super) enum Judged {
    /// This comes next in it.
    Follows(Box<Event>),
    /// Some rule has not ended.
    Waits,
    /// All rules succeeded, or somebody went past it, or there is none.
    Met,
    /// What it says then.
    NotMet(ConditionResult),
}

/// The condition of this type that a stage declares.
pub(in super::super) fn declared(stage: &Stage, which: ConditionType) -> Option<&Condition> {
    match which {
        ConditionType::BeforeEntry => stage.before_entry.as_ref()?.conditions.first(),
        ConditionType::OnSuccess => stage.on_success.as_ref()?.conditions.first(),
        ConditionType::OnFailure => stage.on_failure.as_ref()?.conditions.first(),
    }
}

pub(super) fn judge(inside: Inside<'_>, which: ConditionType) -> Judged {
    let Some(condition) = declared(inside.declared, which) else {
        return Judged::Met;
    };
    let follows = |event| Judged::Follows(Box::new(event));
    let Some(run) = inside.run.condition(which) else {
        return follows(Event::ConditionStarted {
            execution: inside.execution.id,
            stage: inside.run.name.clone(),
            condition: which,
        });
    };
    match run.status {
        ConditionStatus::InProgress => {}
        ConditionStatus::Succeeded | ConditionStatus::Overridden => return Judged::Met,
        ConditionStatus::Failed
        | ConditionStatus::Errored
        | ConditionStatus::Cancelled
        | ConditionStatus::Abandoned => {
            return Judged::NotMet(run.result.unwrap_or(ConditionResult::Fail));
        }
    }
    if let Some(rule) = condition
        .rules
        .iter()
        .find(|rule| run.rule(&rule.name).is_none())
    {
        return follows(start(inside, which, rule));
    }
    // Only now: all start, whatever the first comes to.
    if let Some(event) = impossible(inside) {
        return follows(event);
    }
    if run.running().next().is_some() {
        return Judged::Waits;
    }
    let status = outcome(run);
    let met = status == ConditionStatus::Succeeded;
    let result = match which {
        ConditionType::BeforeEntry | ConditionType::OnSuccess => {
            (!met).then(|| condition.result.unwrap_or(ConditionResult::Fail))
        }
        ConditionType::OnFailure => {
            let outer = inside
                .declared
                .on_failure
                .as_ref()
                .and_then(|all| all.result);
            met.then_some(condition.result.or(outer)).flatten()
        }
    };
    follows(Event::ConditionEnded {
        execution: inside.execution.id,
        stage: inside.run.name.clone(),
        condition: which,
        status,
        result,
    })
}

/// A rule that cannot be judged fails.
pub(super) fn impossible(inside: Inside<'_>) -> Option<Event> {
    inside
        .run
        .running_rules()
        .find_map(|(which, rule)| match &rule.work {
            Work::Impossible(failure) => Some(fails(inside, which, rule, failure.clone())),
            Work::Job { .. } | Work::Approval { .. } => None,
        })
}

/// What ended rules come to.
fn outcome(run: &ConditionRun) -> ConditionStatus {
    let mut status = ConditionStatus::Succeeded;
    for rule in run
        .rules
        .iter()
        .filter(|rule| rule.status != RuleStatus::Succeeded)
    {
        match &rule.failure {
            // The provider looked, and says no.
            Some(failure) if failure.kind == FailureType::JobFailed => {
                status = ConditionStatus::Failed;
            }
            _ => return ConditionStatus::Errored,
        }
    }
    status
}

fn start(inside: Inside<'_>, which: ConditionType, rule: &Rule) -> Event {
    let Inside {
        execution,
        run,
        request,
        ..
    } = inside;
    let (input, failure) = resolve::resolve(execution, rule);
    // Each is asked once in each run of the stage: the name is unique.
    let name = format!(
        "{}/{}/{}/{}",
        run.name,
        which.as_str(),
        rule.name,
        run.attempt
    );
    let id = ActionExecutionId(execution.id.derive(&name));
    let work = match failure {
        Some(failure) => StartedWork::Impossible(failure),
        None => StartedWork::Job(JobId(execution.id.derive(&format!("{id}/job/1")))),
    };
    let seconds = lifetime::of_rule(rule, &input.configuration);
    Event::RuleStarted {
        execution: execution.id,
        stage: run.name.clone(),
        condition: which,
        rule: rule.name.clone(),
        id,
        work,
        expires: request.at.plus_seconds(seconds),
        input: Arc::new(input),
    }
}

fn fails(inside: Inside<'_>, which: ConditionType, rule: &RuleRun, failure: Failure) -> Event {
    Event::RuleFailed {
        execution: inside.execution.id,
        stage: inside.run.name.clone(),
        condition: which,
        rule: rule.name.clone(),
        job: rule.work.job(),
        failure,
    }
}

/// The end of a rule that nobody has to answer for.
pub(super) fn rule_ends(inside: Inside<'_>) -> Option<Event> {
    let Inside {
        execution,
        run,
        request,
        ..
    } = inside;
    // An update does not wait for a window to open; a stop that waits does.
    let abandoned = match &execution.ending {
        Some(Ending::Stop { abandon, .. }) => *abandon,
        Some(Ending::Cancel { .. }) => true,
        None => false,
    };
    run.conditions().find_map(|(which, condition)| {
        let overridden = condition.status == ConditionStatus::Overridden;
        condition.running().find_map(|rule| {
            if abandoned || overridden {
                return Some(Event::RuleAbandoned {
                    execution: execution.id,
                    stage: run.name.clone(),
                    condition: which,
                    rule: rule.name.clone(),
                    job: rule.work.job(),
                });
            }
            (rule.expires <= request.at && rule.work.job().is_some()).then(|| {
                let minutes = rule.expires.since(rule.started) / 1000 / 60;
                let failure = Failure::new(
                    FailureType::SystemUnavailable,
                    format!(
                        "rule provider {} did not say yes or no within {minutes} minutes; look at its log, or give the rule a longer timeoutInMinutes",
                        rule.input.action_type
                    ),
                );
                fails(inside, which, rule, failure)
            })
        })
    })
}

/// The end of a condition whose execution was asked to end. No rule of it runs.
pub(super) fn given_up(inside: Inside<'_>, ending: &Ending) -> Option<Event> {
    let (which, run) = inside
        .run
        .conditions()
        .find(|(_, run)| run.status == ConditionStatus::InProgress)?;
    let whole = declared(inside.declared, which)
        .is_some_and(|condition| condition.rules.len() == run.rules.len());
    let judged = whole
        && run
            .rules
            .iter()
            .all(|rule| rule.status != RuleStatus::Abandoned);
    Some(Event::ConditionEnded {
        execution: inside.execution.id,
        stage: inside.run.name.clone(),
        condition: which,
        status: match ending {
            // It was waited for, and nothing comes after it.
            _ if judged => outcome(run),
            Ending::Stop { .. } => ConditionStatus::Abandoned,
            Ending::Cancel { .. } => ConditionStatus::Cancelled,
        },
        result: None,
    })
}

/// One sentence on a condition that was not met.
pub(super) fn why_not(inside: Inside<'_>, which: ConditionType) -> Option<String> {
    let run = inside.run.condition(which)?;
    let because = run.summary().unwrap_or_else(|| "a rule failed".to_owned());
    Some(format!(
        "condition {} was not met: {because}",
        which.as_str()
    ))
}
