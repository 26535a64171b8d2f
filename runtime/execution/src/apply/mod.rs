//! The only place that changes a state: one event at a time, the same event
//! always in the same way. Decides nothing. Called by `decide` on its working
//! copy, by the orchestrator after a commit, and by whoever folds a log.

use crate::command::{Direction, RetryMode};
use crate::event::{Event, Recorded, StartedWork};
use crate::execution::{ActionRun, Answer, Ending, Execution, Position, StageRun, Work};
use crate::mode;
use crate::state::{Gate, PipelineState, Transition, Waiting};
use lockgate_model::definition::Pipeline;
use lockgate_model::id::ExecutionId;
use lockgate_model::job::External;
use lockgate_model::status::{ActionStatus, ExecutionStatus, StageStatus};
use lockgate_model::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An event that does not fit the state: the log has a gap or belongs to
/// another pipeline. The state is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {event} names {missing}, which the state does not hold")]
pub struct Inapplicable {
    /// The event's name.
    pub event: &'static str,
    /// What is missing.
    pub missing: String,
}

/// Changes the state as the event says.
///
/// # Errors
/// The event does not fit the state.
pub fn apply(state: &mut PipelineState, recorded: &Recorded) -> Result<(), Inapplicable> {
    change(state, recorded).map_err(|missing| Inapplicable {
        event: recorded.event.name(),
        missing,
    })
}

/// What an event named and the state does not hold.
type Missing = String;

fn change(state: &mut PipelineState, recorded: &Recorded) -> Result<(), Missing> {
    let at = recorded.at;
    match &recorded.event {
        Event::PipelineCreated { definition } => {
            let (tenant, name) = (state.tenant.clone(), state.name.clone());
            *state = PipelineState::new(tenant, name);
            state.created = at;
            define(state, definition, at);
        }
        Event::PipelineUpdated { definition } => define(state, definition, at),
        Event::PipelineDeleted => {
            state.current = None;
            state.updated = at;
            state.gates.values_mut().for_each(|gate| gate.latest = None);
        }
        Event::TransitionDisabled {
            stage,
            direction,
            reason,
        } => transition(state, stage, *direction, Some(reason), recorded)?,
        Event::TransitionEnabled { stage, direction } => {
            transition(state, stage, *direction, None, recorded)?;
        }
        Event::ExecutionStarted {
            execution,
            version,
            trigger,
            variables,
            source_revisions,
        } => {
            let definition = state
                .definitions
                .get(version)
                .ok_or_else(|| format!("version {version} of the definition"))?;
            let started = Execution {
                id: *execution,
                version: *version,
                mode: definition.execution_mode,
                status: ExecutionStatus::InProgress,
                position: Position::Arriving(0),
                trigger: Arc::new(trigger.clone()),
                started: at,
                updated: at,
                variables: variables.clone(),
                source_revisions: source_revisions.clone(),
                artifacts: BTreeMap::new(),
                namespaces: BTreeMap::new(),
                stages: vec![],
                ending: None,
                superseded_by: None,
            };
            forget(state);
            state.executions.insert(*execution, Arc::new(started));
        }
        Event::ExecutionWaiting { execution, stage } => {
            let run = held(state, *execution, at)?;
            run.position = Position::Before(run.position.stage());
            gate(state, stage)?.waiting.push(Waiting {
                execution: *execution,
                since: at,
            });
        }
        Event::ExecutionSuperseded { execution, by } => {
            let run = held(state, *execution, at)?;
            run.status = ExecutionStatus::Superseded;
            run.superseded_by = Some(*by);
            leave(state, *execution);
        }
        Event::ExecutionStopping {
            execution,
            abandon,
            reason,
        } => {
            let run = held(state, *execution, at)?;
            run.status = ExecutionStatus::Stopping;
            run.ending = Some(Ending::Stop {
                abandon: *abandon,
                reason: reason.clone(),
                by: recorded.cause.by.clone(),
            });
            if let (Position::In(_), Some(stage)) = (run.position, run.stages.last_mut()) {
                let stage = Arc::make_mut(stage);
                stage.status = StageStatus::Stopping;
                stage.updated = at;
            }
        }
        Event::ExecutionCancelling {
            execution,
            abandon,
            reason,
        } => {
            held(state, *execution, at)?.ending = Some(Ending::Cancel {
                abandon: *abandon,
                reason: reason.clone(),
            });
        }
        Event::ExecutionStopped { execution } => {
            held(state, *execution, at)?.status = ExecutionStatus::Stopped;
            leave(state, *execution);
        }
        Event::ExecutionCancelled { execution, reason } => {
            let run = held(state, *execution, at)?;
            run.status = ExecutionStatus::Cancelled;
            run.ending.get_or_insert_with(|| Ending::Cancel {
                abandon: false,
                reason: reason.clone(),
            });
            leave(state, *execution);
        }
        Event::ExecutionSucceeded { execution } => {
            held(state, *execution, at)?.status = ExecutionStatus::Succeeded;
        }
        Event::ExecutionFailed { execution, .. } => {
            held(state, *execution, at)?.status = ExecutionStatus::Failed;
        }
        Event::StageEntered { execution, stage } => enter(state, *execution, stage, at)?,
        Event::StageSucceeded { execution, stage } => {
            end_stage(state, *execution, stage, StageStatus::Succeeded, at)?;
            let run = held(state, *execution, at)?;
            run.position = Position::Arriving(run.position.stage().saturating_add(1));
        }
        Event::StageFailed { execution, stage } => {
            end_stage(state, *execution, stage, StageStatus::Failed, at)?;
        }
        Event::StageStopped { execution, stage } => {
            end_stage(state, *execution, stage, StageStatus::Stopped, at)?;
        }
        Event::StageCancelled { execution, stage } => {
            end_stage(state, *execution, stage, StageStatus::Cancelled, at)?;
        }
        Event::StageRetried {
            execution,
            stage,
            mode,
            attempt,
        } => {
            let run = held(state, *execution, at)?;
            run.status = ExecutionStatus::InProgress;
            run.ending = None;
            let execution_mode = run.mode;
            let entered = stage_run(run, stage, at)?;
            entered.status = StageStatus::InProgress;
            entered.attempt = *attempt;
            entered.retry = Some(*mode);
            entered.actions.retain(|action| match mode {
                RetryMode::AllActions => false,
                RetryMode::FailedActions => matches!(
                    action.status,
                    ActionStatus::Succeeded | ActionStatus::InProgress
                ),
            });
            if mode::locks(execution_mode) {
                gate(state, stage)?.holder = Some(*execution);
            }
        }
        Event::ActionStarted {
            execution,
            stage,
            action,
            id,
            work,
            expires,
            input,
        } => {
            let started = ActionRun {
                name: action.clone(),
                id: *id,
                status: ActionStatus::InProgress,
                started: at,
                updated: at,
                updated_by: recorded.cause.by.clone(),
                expires: *expires,
                input: input.clone(),
                work: match work {
                    StartedWork::Job(id) => Work::Job {
                        id: *id,
                        attempt: 1,
                        not_before: at,
                        continuation: None,
                        percent: None,
                    },
                    StartedWork::Approval(token) => Work::Approval {
                        token: *token,
                        answer: None,
                    },
                    StartedWork::Impossible(failure) => Work::Impossible(failure.clone()),
                },
                external: External::default(),
                revision: None,
                failure: None,
                variables: Arc::default(),
                artifacts: vec![],
            };
            let run = held(state, *execution, at)?;
            stage_run(run, stage, at)?.actions.push(Arc::new(started));
        }
        Event::ActionPending {
            execution,
            stage,
            action,
            job,
            attempt,
            not_before,
            continuation,
            percent,
            external,
        } => {
            let run = action_run(held(state, *execution, at)?, stage, action, recorded)?;
            run.work = Work::Job {
                id: *job,
                attempt: *attempt,
                not_before: *not_before,
                continuation: Some(continuation.clone()),
                percent: *percent,
            };
            trace(&mut run.external, external);
        }
        Event::ActionSucceeded {
            execution,
            stage,
            action,
            variables,
            revision,
            artifacts,
            external,
        } => {
            let held = held(state, *execution, at)?;
            let run = action_run(held, stage, action, recorded)?;
            run.status = ActionStatus::Succeeded;
            run.revision.clone_from(revision);
            run.variables = variables.clone();
            run.artifacts = artifacts.iter().cloned().map(Arc::new).collect();
            trace(&mut run.external, external);
            let (made, namespace) = (run.artifacts.clone(), run.input.namespace.clone());
            for artifact in made {
                held.artifacts.insert(artifact.name.clone(), artifact);
            }
            if let Some(namespace) = namespace {
                held.namespaces.insert(namespace, variables.clone());
            }
        }
        Event::ActionFailed {
            execution,
            stage,
            action,
            failure,
            ..
        } => {
            let run = action_run(held(state, *execution, at)?, stage, action, recorded)?;
            run.status = ActionStatus::Failed;
            trace(&mut run.external, &failure.external);
            run.failure = Some(failure.clone());
        }
        Event::ActionAbandoned {
            execution,
            stage,
            action,
            ..
        } => {
            let run = action_run(held(state, *execution, at)?, stage, action, recorded)?;
            run.status = ActionStatus::Abandoned;
        }
        Event::ApprovalAnswered {
            execution,
            stage,
            action,
            approved,
            summary,
        } => {
            let run = action_run(held(state, *execution, at)?, stage, action, recorded)?;
            if let Work::Approval { answer, .. } = &mut run.work {
                *answer = Some(Answer {
                    approved: *approved,
                    summary: summary.clone(),
                    by: recorded.cause.by.clone(),
                    at,
                });
            }
        }
    }
    Ok(())
}

fn define(state: &mut PipelineState, definition: &Arc<Pipeline>, at: Timestamp) {
    state.current = Some(definition.version);
    state.updated = at;
    state
        .definitions
        .insert(definition.version, definition.clone());
    for stage in &definition.stages {
        // Whoever ran the old definition cannot be retried under the new one.
        state.gates.entry(stage.name.clone()).or_default().latest = None;
    }
    state.gates.retain(|name, gate| {
        definition.stage(name).is_some() || gate.holder.is_some() || !gate.waiting.is_empty()
    });
}

/// Drops executions that can no longer matter, the definitions that only they
/// ran, and the gates of stages that are no more.
fn forget(state: &mut PipelineState) {
    let keep = mode::retryable(state);
    state
        .executions
        .retain(|id, execution| !execution.status.is_final() || keep.contains(id));
    let (executions, current) = (&state.executions, state.current);
    state.definitions.retain(|version, _| {
        current == Some(*version) || executions.values().any(|e| e.version == *version)
    });
    let definitions = &state.definitions;
    state.gates.retain(|name, _| {
        definitions
            .values()
            .any(|definition| definition.stage(name).is_some())
    });
}

fn gate<'a>(state: &'a mut PipelineState, stage: &str) -> Result<&'a mut Gate, Missing> {
    state
        .gates
        .get_mut(stage)
        .ok_or_else(|| format!("stage '{stage}'"))
}

fn held(
    state: &mut PipelineState,
    id: ExecutionId,
    at: Timestamp,
) -> Result<&mut Execution, Missing> {
    let execution = state
        .executions
        .get_mut(&id)
        .map(Arc::make_mut)
        .ok_or_else(|| format!("execution {id}"))?;
    execution.updated = at;
    Ok(execution)
}

fn stage_run<'a>(
    execution: &'a mut Execution,
    stage: &str,
    at: Timestamp,
) -> Result<&'a mut StageRun, Missing> {
    // Nearly always the last one.
    let run = execution
        .stages
        .iter_mut()
        .rev()
        .find(|run| run.name == stage)
        .map(Arc::make_mut)
        .ok_or_else(|| format!("stage '{stage}' of execution {}", execution.id))?;
    run.updated = at;
    Ok(run)
}

fn action_run<'a>(
    execution: &'a mut Execution,
    stage: &str,
    action: &str,
    recorded: &Recorded,
) -> Result<&'a mut ActionRun, Missing> {
    let id = execution.id;
    let run = stage_run(execution, stage, recorded.at)?
        .actions
        .iter_mut()
        .find(|run| run.name == action)
        .map(Arc::make_mut)
        .ok_or_else(|| format!("action '{action}' in stage '{stage}' of execution {id}"))?;
    run.updated = recorded.at;
    run.updated_by.clone_from(&recorded.cause.by);
    Ok(run)
}

fn enter(
    state: &mut PipelineState,
    id: ExecutionId,
    stage: &str,
    at: Timestamp,
) -> Result<(), Missing> {
    let execution = held(state, id, at)?;
    execution.position = Position::In(execution.position.stage());
    execution.stages.push(Arc::new(StageRun {
        name: stage.to_owned(),
        status: StageStatus::InProgress,
        entered: at,
        updated: at,
        attempt: 1,
        retry: None,
        actions: vec![],
    }));
    let locks = mode::locks(execution.mode);
    let gate = gate(state, stage)?;
    gate.waiting.retain(|waiting| waiting.execution != id);
    if locks {
        gate.holder = Some(id);
        gate.latest = Some(id);
    }
    Ok(())
}

fn end_stage(
    state: &mut PipelineState,
    id: ExecutionId,
    stage: &str,
    status: StageStatus,
    at: Timestamp,
) -> Result<(), Missing> {
    let execution = held(state, id, at)?;
    stage_run(execution, stage, at)?.status = status;
    let gate = gate(state, stage)?;
    if gate.holder == Some(id) {
        gate.holder = None;
    }
    Ok(())
}

/// An execution that ends waits nowhere.
fn leave(state: &mut PipelineState, id: ExecutionId) {
    for gate in state.gates.values_mut() {
        gate.waiting.retain(|waiting| waiting.execution != id);
    }
}

fn transition(
    state: &mut PipelineState,
    stage: &str,
    direction: Direction,
    reason: Option<&String>,
    recorded: &Recorded,
) -> Result<(), Missing> {
    let gate = gate(state, stage)?;
    let side = match direction {
        Direction::Inbound => &mut gate.inbound,
        Direction::Outbound => &mut gate.outbound,
    };
    *side = Transition {
        enabled: reason.is_none(),
        reason: reason.cloned(),
        changed_by: Some(recorded.cause.by.clone()),
        changed_at: Some(recorded.at),
    };
    Ok(())
}

/// What a later answer does not say stays as an earlier one said it.
fn trace(known: &mut External, news: &External) {
    let External { id, url, summary } = news;
    for (known, news) in [
        (&mut known.id, id),
        (&mut known.url, url),
        (&mut known.summary, summary),
    ] {
        if news.is_some() {
            known.clone_from(news);
        }
    }
}
