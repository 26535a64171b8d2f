//! What everything that has not ended waits for: nothing waits without a reason
//! that can be named. Called by `why`, and by whoever shows a state to people.

use crate::command::Direction;
use crate::execution::{Execution, Position};
use crate::mode::{self, MOST_PARALLEL_ACTIONS};
use crate::stage::{StageRun, Work};
use crate::state::PipelineState;
use lockgate_model::definition::{ConditionType, Stage};
use lockgate_model::id::{ApprovalToken, ExecutionId, JobId, Principal};
use lockgate_model::status::JobStatus;
use lockgate_model::time::Timestamp;

/// Something that has not ended, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// In which execution.
    pub execution: ExecutionId,
    /// In which stage, or in front of which.
    pub stage: String,
    /// Which action, if one.
    pub action: Option<String>,
    /// Which rule of which condition, if one.
    pub rule: Option<(ConditionType, String)>,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: WaitReason,
}

/// What somebody waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitReason {
    /// Another execution is in the stage.
    StageHeldBy(ExecutionId),
    /// Another one stands nearer to the stage.
    BehindInQueue(ExecutionId),
    /// A transition is disabled.
    TransitionDisabled {
        /// Of which stage.
        stage: String,
        /// On which side.
        direction: Direction,
        /// For people.
        reason: Option<String>,
        /// By whom.
        by: Option<Principal>,
        /// When.
        at: Option<Timestamp>,
    },
    /// Somebody has to answer.
    Approval {
        /// To be presented with the answer.
        token: ApprovalToken,
        /// When it fails by itself.
        expires: Timestamp,
    },
    /// A provider is at work.
    Job {
        /// Its job.
        job: JobId,
        /// Its attempt.
        attempt: u32,
        /// When it fails by itself.
        expires: Timestamp,
    },
    /// It goes on elsewhere; a provider looks again at this time.
    Poll {
        /// The next job.
        job: JobId,
        /// When it is due.
        at: Timestamp,
    },
    /// A job worker has to poll, to begin or to answer.
    Worker {
        /// The job.
        job: JobId,
        /// `Queued`, `Dispatched` or `InProgress`.
        status: JobStatus,
    },
    /// As many actions of the execution run as may.
    ParallelLimit(usize),
}

/// Everything that waits, the oldest execution first.
#[must_use]
pub fn waits(state: &PipelineState) -> Vec<Wait> {
    let mut waits = vec![];
    for execution in state.live() {
        let Some(definition) = state.definition_of(execution) else {
            continue;
        };
        let index = execution.position.stage();
        let Some(stage) = definition.stages.get(index) else {
            continue;
        };
        match (execution.position, execution.current_stage()) {
            (Position::In(_), Some(run)) => inside(execution, stage, run, &mut waits),
            _ => waits.push(Wait {
                execution: execution.id,
                stage: stage.name.clone(),
                action: None,
                rule: None,
                since: since(state, execution, &stage.name),
                reason: in_front(state, execution, &stage.name, index),
            }),
        }
    }
    waits
}

fn since(state: &PipelineState, execution: &Execution, stage: &str) -> Timestamp {
    state
        .gate(stage)
        .into_iter()
        .flat_map(|gate| &gate.waiting)
        .find(|waiting| waiting.execution == execution.id)
        .map_or(execution.updated, |waiting| waiting.since)
}

fn in_front(state: &PipelineState, execution: &Execution, stage: &str, index: usize) -> WaitReason {
    let gate = state.gate(stage);
    let before = gate
        .into_iter()
        .flat_map(|gate| &gate.waiting)
        .map(|waiting| waiting.execution)
        .take_while(|id| *id != execution.id)
        .filter(|id| {
            state
                .execution(*id)
                .is_some_and(|run| mode::locks(run.mode))
        })
        .last();
    let disabled = state
        .definition_of(execution)
        .and_then(|definition| mode::held_by(state, definition, execution, index));
    let holder = gate.and_then(|gate| gate.holder);
    match (before, disabled, holder) {
        (Some(other), ..) if mode::locks(execution.mode) => WaitReason::BehindInQueue(other),
        (_, Some((stage, direction, transition)), _) => WaitReason::TransitionDisabled {
            stage: stage.to_owned(),
            direction,
            reason: transition.reason.clone(),
            by: transition.changed_by.clone(),
            at: transition.changed_at,
        },
        (_, None, holder) => WaitReason::StageHeldBy(holder.unwrap_or(execution.id)),
    }
}

fn inside(execution: &Execution, declared: &Stage, run: &StageRun, waits: &mut Vec<Wait>) {
    let wait = |action: Option<String>, rule, since, reason| Wait {
        execution: execution.id,
        stage: run.name.clone(),
        action,
        rule,
        since,
        reason,
    };
    let actions = run.running().filter_map(|action| {
        let reason = at_work(&action.work, action.started, action.expires)?;
        Some(wait(
            Some(action.name.clone()),
            None,
            action.started,
            reason,
        ))
    });
    waits.extend(actions);
    let rules = run.running_rules().filter_map(|(which, rule)| {
        let reason = at_work(&rule.work, rule.started, rule.expires)?;
        let name = Some((which, rule.name.clone()));
        Some(wait(None, name, rule.started, reason))
    });
    waits.extend(rules);
    let running = run.running().count();
    if running >= MOST_PARALLEL_ACTIONS && !mode::locks(execution.mode) {
        let group = run
            .running()
            .filter_map(|action| declared.actions.get(action.place))
            .map(|action| action.run_order)
            .min();
        let held_back = declared
            .actions
            .iter()
            .filter(|action| Some(action.run_order) == group && run.action(&action.name).is_none())
            .map(|action| {
                let reason = WaitReason::ParallelLimit(MOST_PARALLEL_ACTIONS);
                wait(Some(action.name.clone()), None, run.updated, reason)
            });
        waits.extend(held_back);
    }
}

fn at_work(work: &Work, started: Timestamp, expires: Timestamp) -> Option<WaitReason> {
    match work {
        Work::Job {
            id,
            worker: Some(worker),
            ..
        } => Some(WaitReason::Worker {
            job: *id,
            status: worker.status(),
        }),
        Work::Job {
            id,
            not_before,
            worker: None,
            ..
        } if *not_before > started => Some(WaitReason::Poll {
            job: *id,
            at: *not_before,
        }),
        Work::Job { id, attempt, .. } => Some(WaitReason::Job {
            job: *id,
            attempt: *attempt,
            expires,
        }),
        Work::Approval {
            token,
            answer: None,
        } => Some(WaitReason::Approval {
            token: *token,
            expires,
        }),
        Work::Approval { .. } | Work::Impossible(_) => None,
    }
}
