//! What a state owes: jobs to hand out, approvals to announce, a time to wake.
//! Remembers nothing: asked twice it says the same. Called by the orchestrator
//! on start (`due`) and after every commit (`owed`).

use crate::condition::RuleRun;
use crate::effect::{Approval, Effect};
use crate::event::{Event, Recorded, ResolvedAction};
use crate::execution::Execution;
use crate::stage::{ActionRun, StageRun, Work, Worker};
use crate::state::PipelineState;
use lockgate_model::definition::ConditionType;
use lockgate_model::id::{ActionExecutionId, JobId};
use lockgate_model::job::Job;
use lockgate_model::time::Timestamp;

/// Everything that the state owes. Empty when nothing is in progress.
#[must_use]
pub fn due(state: &PipelineState) -> Vec<Effect> {
    let mut effects: Vec<_> = stages(state)
        .flat_map(|(execution, stage)| {
            let actions = stage
                .running()
                .filter_map(move |action| action_effect(state, execution, stage, action));
            let rules = stage
                .running_rules()
                .filter_map(move |(which, rule)| rule_effect(state, execution, stage, which, rule));
            actions.chain(rules)
        })
        .collect();
    effects.extend(wake(state));
    effects
}

/// What these events newly owe: the part of `due(after)` that is about the
/// actions and rules they started or continued, `Cancel` for the jobs they gave
/// up, and the next `WakeAt` if one is owed. `after` is the state with all of
/// `events` applied.
#[must_use]
pub fn owed(after: &PipelineState, events: &[Recorded]) -> Vec<Effect> {
    let mut effects: Vec<_> = events
        .iter()
        .filter_map(|recorded| newly(after, &recorded.event))
        .collect();
    effects.extend(wake(after));
    effects
}

fn newly(after: &PipelineState, event: &Event) -> Option<Effect> {
    let place = || {
        let execution = after.execution(event.execution()?)?;
        Some((execution, execution.stage(event.stage()?)?))
    };
    match event {
        Event::ActionStarted { action, .. } | Event::ActionPending { action, .. } => {
            let (execution, stage) = place()?;
            let action = stage.running().find(|run| run.name == *action)?;
            action_effect(after, execution, stage, action)
        }
        Event::RuleStarted {
            condition, rule, ..
        }
        | Event::RulePending {
            condition, rule, ..
        } => {
            let (execution, stage) = place()?;
            let running = stage.condition(*condition)?.running();
            let rule = running.into_iter().find(|run| run.name == *rule)?;
            rule_effect(after, execution, stage, *condition, rule)
        }
        Event::ActionAbandoned { job, .. }
        | Event::ActionFailed { job, .. }
        | Event::RuleAbandoned { job, .. }
        | Event::RuleFailed { job, .. } => job.map(Effect::Cancel),
        _ => None,
    }
}

/// The jobs that somebody waits for, with their attempts. Whatever else runs may
/// be ended.
pub fn due_jobs(state: &PipelineState) -> impl Iterator<Item = (JobId, u32)> {
    stages(state).flat_map(|(_, stage)| {
        let actions = stage.running().map(|action| &action.work);
        let rules = stage.running_rules().map(|(_, rule)| &rule.work);
        actions.chain(rules).filter_map(|work| match work {
            Work::Job { id, attempt, .. } => Some((*id, *attempt)),
            Work::Approval { .. } | Work::Impossible(_) => None,
        })
    })
}

fn stages(state: &PipelineState) -> impl Iterator<Item = (&Execution, &StageRun)> {
    state
        .live()
        .filter_map(|execution| Some((execution, execution.current_stage()?)))
}

fn wake(state: &PipelineState) -> Option<Effect> {
    stages(state)
        .flat_map(|(_, stage)| {
            let actions = stage.running().map(|action| match action.work {
                Work::Job {
                    worker: Some(Worker::Dispatched { until, .. }),
                    ..
                } => until.min(action.overdue()),
                _ => action.overdue(),
            });
            actions.chain(stage.running_rules().map(|(_, rule)| rule.expires))
        })
        .min()
        .map(Effect::WakeAt)
}

fn action_effect(
    state: &PipelineState,
    execution: &Execution,
    stage: &StageRun,
    action: &ActionRun,
) -> Option<Effect> {
    match &action.work {
        Work::Job {
            worker: None,
            not_before,
            ..
        } => Some(Effect::Dispatch {
            job: Box::new(job_of(state, execution, stage, action)?),
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
        // A worker polls for its job.
        Work::Job { .. } | Work::Approval { .. } | Work::Impossible(_) => None,
    }
}

fn rule_effect(
    state: &PipelineState,
    execution: &Execution,
    stage: &StageRun,
    condition: ConditionType,
    rule: &RuleRun,
) -> Option<Effect> {
    let Work::Job { not_before, .. } = rule.work else {
        return None;
    };
    let job = Performer {
        name: &rule.name,
        condition: Some(condition),
        id: rule.id,
        input: &rule.input,
        work: &rule.work,
        expires: rule.expires,
    }
    .job(state, execution, stage)?;
    Some(Effect::Dispatch {
        job: Box::new(job),
        not_before,
    })
}

/// The newest job of an action, if a provider or a worker does it.
pub(crate) fn job_of(
    state: &PipelineState,
    execution: &Execution,
    stage: &StageRun,
    action: &ActionRun,
) -> Option<Job> {
    Performer {
        name: &action.name,
        condition: None,
        id: action.id,
        input: &action.input,
        work: &action.work,
        expires: action.overdue(),
    }
    .job(state, execution, stage)
}

/// What a job is made of, whether it is an action's or a rule's.
struct Performer<'a> {
    name: &'a str,
    condition: Option<ConditionType>,
    id: ActionExecutionId,
    input: &'a ResolvedAction,
    work: &'a Work,
    expires: Timestamp,
}

impl Performer<'_> {
    fn job(self, state: &PipelineState, execution: &Execution, stage: &StageRun) -> Option<Job> {
        let Work::Job {
            id,
            attempt,
            continuation,
            ..
        } = self.work
        else {
            return None;
        };
        Some(Job {
            id: *id,
            action_execution: self.id,
            attempt: *attempt,
            tenant: state.tenant.clone(),
            pipeline: state.name.clone(),
            execution: execution.id,
            stage: stage.name.clone(),
            action: self.name.to_owned(),
            condition: self.condition,
            action_type: self.input.action_type.clone(),
            configuration: self.input.configuration.clone(),
            input_artifacts: self.input.input_artifacts.clone(),
            output_artifacts: self.input.output_artifacts.clone(),
            environment_variables: self.input.environment_variables.clone(),
            commands: self.input.commands.clone(),
            output_variables: self.input.output_variables.clone(),
            revision: self.input.revision.clone(),
            continuation: continuation.clone(),
            deadline: self.expires,
        })
    }
}
