//! What a state owes: jobs to hand out, approvals to announce, a time to wake.
//! Remembers nothing: asked twice it says the same. Called by the orchestrator
//! on start (`due`) and after every commit (`owed`).

use crate::effect::{Approval, Effect};
use crate::event::{Event, Recorded};
use crate::execution::{ActionRun, Execution, StageRun, Work};
use crate::state::PipelineState;
use lockgate_model::id::JobId;
use lockgate_model::job::Job;

/// Everything that the state owes. Empty when nothing is in progress.
#[must_use]
pub fn due(state: &PipelineState) -> Vec<Effect> {
    let mut effects: Vec<_> = running(state)
        .filter_map(|(execution, stage, action)| effect(state, execution, stage, action))
        .collect();
    effects.extend(wake(state));
    effects
}

/// What these events newly owe: the part of `due(after)` that is about the
/// actions they started or continued, `Cancel` for the jobs they gave up, and the
/// next `WakeAt` if one is owed. `after` is the state with all of `events`
/// applied.
#[must_use]
pub fn owed(after: &PipelineState, events: &[Recorded]) -> Vec<Effect> {
    let mut effects: Vec<_> = events
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::ActionStarted {
                execution,
                stage,
                action,
                ..
            }
            | Event::ActionPending {
                execution,
                stage,
                action,
                ..
            } => {
                let execution = after.execution(*execution)?;
                let stage = execution.stage(stage)?;
                let action = stage.running().find(|run| run.name == *action)?;
                effect(after, execution, stage, action)
            }
            Event::ActionAbandoned { job, .. } | Event::ActionFailed { job, .. } => {
                job.map(Effect::Cancel)
            }
            _ => None,
        })
        .collect();
    effects.extend(wake(after));
    effects
}

/// The jobs that somebody waits for, with their attempts. Whatever else runs may
/// be ended.
pub fn due_jobs(state: &PipelineState) -> impl Iterator<Item = (JobId, u32)> {
    running(state).filter_map(|(_, _, action)| match action.work {
        Work::Job { id, attempt, .. } => Some((id, attempt)),
        Work::Approval { .. } | Work::Impossible(_) => None,
    })
}

fn running(state: &PipelineState) -> impl Iterator<Item = (&Execution, &StageRun, &ActionRun)> {
    state
        .live()
        .filter_map(|execution| Some((execution, execution.current_stage()?)))
        .flat_map(|(execution, stage)| stage.running().map(move |run| (execution, stage, run)))
}

fn wake(state: &PipelineState) -> Option<Effect> {
    running(state)
        .map(|(_, _, action)| action.expires)
        .min()
        .map(Effect::WakeAt)
}

fn effect(
    state: &PipelineState,
    execution: &Execution,
    stage: &StageRun,
    action: &ActionRun,
) -> Option<Effect> {
    match &action.work {
        Work::Job {
            id,
            attempt,
            not_before,
            continuation,
            ..
        } => Some(Effect::Dispatch {
            job: Box::new(Job {
                id: *id,
                action_execution: action.id,
                attempt: *attempt,
                tenant: state.tenant.clone(),
                pipeline: state.name.clone(),
                execution: execution.id,
                stage: stage.name.clone(),
                action: action.name.clone(),
                action_type: action.input.action_type.clone(),
                configuration: action.input.configuration.clone(),
                input_artifacts: action.input.input_artifacts.clone(),
                output_artifacts: action.input.output_artifacts.clone(),
                environment_variables: action.input.environment_variables.clone(),
                commands: action.input.commands.clone(),
                output_variables: action.input.output_variables.clone(),
                revision: action.input.revision.clone(),
                continuation: continuation.clone(),
                deadline: action.expires,
            }),
            not_before: *not_before,
        }),
        Work::Approval {
            token,
            answer: None,
        } => Some(Effect::AnnounceApproval(Box::new(Approval {
            token: *token,
            execution: execution.id,
            id: action.id,
            stage: stage.name.clone(),
            action: action.name.clone(),
            custom_data: action.input.configuration.get("CustomData").cloned(),
            link: action
                .input
                .configuration
                .get("ExternalEntityLink")
                .cloned(),
            expires: action.expires,
        }))),
        Work::Approval { .. } | Work::Impossible(_) => None,
    }
}
