//! What happens to a condition of a stage and to its rules.

use super::Missing;
use super::action::{first_job, trace};
use super::find::{condition_of, condition_run, held, rule_run, stage_run};
use super::stage::resume;
use crate::condition::{ConditionRun, RuleRun};
use crate::event::{Event, Recorded, StartedWork};
use crate::stage::Work;
use crate::state::PipelineState;
use lockgate_model::job::External;
use lockgate_model::status::{ConditionStatus, RuleStatus};
use std::sync::Arc;

pub(super) fn change(state: &mut PipelineState, recorded: &Recorded) -> Result<(), Missing> {
    let at = recorded.at;
    match &recorded.event {
        Event::ConditionStarted {
            execution,
            stage,
            condition,
        } => {
            let stage = stage_run(held(state, *execution, at)?, stage, at)?;
            *condition_of(stage, *condition) = Some(Arc::new(ConditionRun {
                status: ConditionStatus::InProgress,
                result: None,
                started: at,
                updated: at,
                overridden_by: None,
                rules: vec![],
            }));
        }
        Event::ConditionEnded {
            execution,
            stage,
            condition,
            status,
            result,
        } => {
            let run = condition_run(held(state, *execution, at)?, stage, *condition, at)?;
            run.status = *status;
            run.result = *result;
        }
        Event::ConditionOverridden {
            execution,
            stage,
            condition,
            resumed,
        } => {
            let run = condition_run(held(state, *execution, at)?, stage, *condition, at)?;
            run.status = ConditionStatus::Overridden;
            run.result = None;
            run.overridden_by = Some(recorded.cause.by.clone());
            if *resumed {
                let run = resume(state, *execution, stage, at)?;
                run.attempt = run.attempt.saturating_add(1);
                run.retry = None;
                run.on_failure = None;
            }
        }
        Event::RuleStarted {
            execution,
            stage,
            condition,
            rule,
            id,
            work,
            expires,
            input,
        } => {
            let started = RuleRun {
                name: rule.clone(),
                id: *id,
                status: RuleStatus::InProgress,
                started: at,
                updated: at,
                updated_by: recorded.cause.by.clone(),
                expires: *expires,
                input: input.clone(),
                work: match work {
                    StartedWork::Job(id) => first_job(*id, at),
                    StartedWork::Impossible(failure) => Work::Impossible(failure.clone()),
                    StartedWork::Approval(_) => return Err("a rule that a person judges".into()),
                },
                external: External::default(),
                failure: None,
            };
            let run = condition_run(held(state, *execution, at)?, stage, *condition, at)?;
            run.rules.push(Arc::new(started));
        }
        Event::RulePending {
            execution,
            stage,
            condition,
            rule,
            job,
            attempt,
            not_before,
            continuation,
            percent,
            external,
        } => {
            let held = held(state, *execution, at)?;
            let run = rule_run(held, stage, *condition, rule, recorded)?;
            run.work = Work::Job {
                id: *job,
                attempt: *attempt,
                not_before: *not_before,
                continuation: Some(continuation.clone()),
                percent: *percent,
                worker: None,
            };
            trace(&mut run.external, external);
        }
        Event::RuleSucceeded {
            execution,
            stage,
            condition,
            rule,
            external,
        } => {
            let held = held(state, *execution, at)?;
            let run = rule_run(held, stage, *condition, rule, recorded)?;
            run.status = RuleStatus::Succeeded;
            trace(&mut run.external, external);
        }
        Event::RuleFailed {
            execution,
            stage,
            condition,
            rule,
            failure,
            ..
        } => {
            let held = held(state, *execution, at)?;
            let run = rule_run(held, stage, *condition, rule, recorded)?;
            run.status = RuleStatus::Failed;
            trace(&mut run.external, &failure.external);
            run.failure = Some(failure.clone());
        }
        Event::RuleAbandoned {
            execution,
            stage,
            condition,
            rule,
            ..
        } => {
            let held = held(state, *execution, at)?;
            rule_run(held, stage, *condition, rule, recorded)?.status = RuleStatus::Abandoned;
        }
        // The caller hands over conditions' and rules' events only.
        _ => {}
    }
    Ok(())
}
