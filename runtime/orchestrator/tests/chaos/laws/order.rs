//! What may follow what, in the log alone: who holds a stage, what runs in it,
//! and how each action execution ends, once.

use super::log::Log;
use lockgate_execution::{Event, Recorded, StartedWork};
use lockgate_model::definition::{ConditionType, ExecutionMode};
use lockgate_model::id::{ActionExecutionId, ExecutionId, JobId};
use std::collections::{BTreeMap, BTreeSet};

/// What became of one job: of an attempt at an action or a rule.
#[derive(Debug, Clone)]
pub(crate) struct JobRun {
    /// Of which action execution: the idempotency key.
    pub(crate) key: ActionExecutionId,
    pub(crate) attempt: u32,
    /// By which event it came to be, counted from 0.
    pub(crate) began: usize,
    /// By which event nobody waited for it any more.
    pub(crate) ended: Option<usize>,
}

/// One action execution.
#[derive(Debug, Clone)]
pub(crate) struct ActionRun {
    pub(crate) execution: ExecutionId,
    pub(crate) is_rule: bool,
    pub(crate) ended: bool,
}

/// What the log tells.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pub(crate) jobs: BTreeMap<JobId, JobRun>,
    pub(crate) actions: BTreeMap<ActionExecutionId, ActionRun>,
    /// The last word about each execution.
    pub(crate) executions: BTreeMap<ExecutionId, &'static str>,
}

type Place = (ExecutionId, String, Option<ConditionType>, String);

struct Open {
    id: ActionExecutionId,
    job: Option<(JobId, u32)>,
    approval: bool,
    answered: bool,
    /// How far it is with a worker.
    worker: &'static str,
}

#[derive(Default)]
struct Walk {
    runs: Runs,
    modes: BTreeMap<u32, ExecutionMode>,
    mode: BTreeMap<ExecutionId, ExecutionMode>,
    ended: BTreeSet<ExecutionId>,
    holds: BTreeMap<ExecutionId, String>,
    open: BTreeMap<Place, Open>,
    now: usize,
    wrong: Vec<String>,
}

/// Walks through the log.
pub(crate) fn hold(log: &Log, wrong: &mut Vec<String>) -> Runs {
    let mut walk = Walk::default();
    for (index, recorded) in log.events.iter().enumerate() {
        walk.now = index;
        walk.step(recorded);
    }
    for execution in walk.runs.executions.keys() {
        if !walk.ended.contains(execution) {
            walk.wrong.push(format!("{execution} never ends"));
        }
    }
    for place in walk.open.keys() {
        walk.wrong.push(format!("{place:?} never ends"));
    }
    for (execution, stage) in &walk.holds {
        walk.wrong
            .push(format!("{execution} holds {stage} for ever"));
    }
    let name = &log.pipeline;
    wrong.extend(walk.wrong.into_iter().map(|text| format!("{name} {text}")));
    walk.runs
}

impl Walk {
    fn wrong(&mut self, text: &str) {
        let number = self.now + 1;
        self.wrong.push(format!("event {number}: {text}"));
    }

    fn step(&mut self, recorded: &Recorded) {
        let event = &recorded.event;
        if let (Some(execution), false) = (
            event.execution(),
            matches!(event, Event::ExecutionStarted { .. }),
        ) {
            if !self.runs.executions.contains_key(&execution) {
                self.wrong("is of an execution that never started");
            }
            let goes_on = matches!(
                event,
                Event::StageRetried { .. } | Event::ConditionOverridden { .. }
            );
            if self.ended.contains(&execution) && !goes_on {
                self.wrong("is of an execution that has ended");
            }
        }
        self.executions(event);
        self.stages(event);
        self.actions(event);
    }

    fn executions(&mut self, event: &Event) {
        match event {
            Event::PipelineCreated { definition } | Event::PipelineUpdated { definition, .. } => {
                self.modes
                    .insert(definition.version, definition.execution_mode);
            }
            Event::ExecutionStarted {
                execution, version, ..
            } => {
                let known = self.runs.executions.insert(*execution, event.name());
                if known.is_some() {
                    self.wrong("starts an execution a second time");
                }
                match self.modes.get(version) {
                    Some(mode) => {
                        self.mode.insert(*execution, *mode);
                    }
                    None => self.wrong("runs a definition that never was"),
                }
            }
            Event::ExecutionSucceeded { execution }
            | Event::ExecutionFailed { execution, .. }
            | Event::ExecutionStopped { execution }
            | Event::ExecutionCancelled { execution, .. }
            | Event::ExecutionSuperseded { execution, .. } => {
                if self.holds.contains_key(execution) {
                    self.wrong("ends an execution that holds a stage");
                }
                self.ended.insert(*execution);
                self.runs.executions.insert(*execution, event.name());
            }
            _ => {}
        }
    }

    fn stages(&mut self, event: &Event) {
        match event {
            Event::StageEntered { execution, stage }
            | Event::StageRetried {
                execution, stage, ..
            }
            | Event::ConditionOverridden {
                execution,
                stage,
                resumed: true,
                ..
            } => {
                self.ended.remove(execution);
                self.enter(*execution, stage);
            }
            Event::StageSucceeded { execution, stage }
            | Event::StageFailed {
                execution, stage, ..
            }
            | Event::StageSkipped { execution, stage }
            | Event::StageStopped { execution, stage }
            | Event::StageCancelled { execution, stage } => {
                if self.holds.remove(execution).as_ref() != Some(stage) {
                    self.wrong("leaves a stage that it does not hold");
                }
                if self.open.keys().any(|place| place.0 == *execution) {
                    self.wrong("leaves a stage in which something runs");
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, execution: ExecutionId, stage: &str) {
        let parallel = |id: &ExecutionId| self.mode.get(id) == Some(&ExecutionMode::Parallel);
        let taken = self
            .holds
            .iter()
            .any(|(id, held)| held == stage && *id != execution && !parallel(id));
        if taken && !parallel(&execution) {
            self.wrong("enters a stage that another execution holds");
        }
        self.holds.insert(execution, stage.to_owned());
    }

    fn actions(&mut self, event: &Event) {
        let Some(place) = place(event) else {
            return;
        };
        match event {
            Event::ActionStarted { id, work, .. } | Event::RuleStarted { id, work, .. } => {
                self.start(place, *id, work);
            }
            Event::ActionPending { job, attempt, .. } | Event::RulePending { job, attempt, .. } => {
                self.go_on(&place, *job, *attempt);
            }
            Event::JobQueued { job, .. } => self.hand(&place, *job, "queued", &["", "dispatched"]),
            Event::JobDispatched { job, .. } => self.hand(&place, *job, "dispatched", &["queued"]),
            Event::JobAcknowledged { job, .. } => {
                self.hand(&place, *job, "begun", &["dispatched"]);
            }
            Event::ApprovalAnswered { .. } => match self.open.get_mut(&place) {
                Some(open) if open.approval && !open.answered => open.answered = true,
                _ => self.wrong("answers what nobody asked, or asked once"),
            },
            Event::ActionSucceeded { .. }
            | Event::ActionFailed { .. }
            | Event::ActionAbandoned { .. }
            | Event::RuleSucceeded { .. }
            | Event::RuleFailed { .. }
            | Event::RuleAbandoned { .. } => match self.open.remove(&place) {
                Some(open) => {
                    self.end_job(open.job);
                    if let Some(action) = self.runs.actions.get_mut(&open.id) {
                        action.ended = true;
                    }
                }
                None => self.wrong("ends what does not run: applied twice"),
            },
            _ => {}
        }
    }

    fn start(&mut self, place: Place, id: ActionExecutionId, work: &StartedWork) {
        if self.holds.get(&place.0) != Some(&place.1) {
            self.wrong("starts in a stage that is not held");
        }
        let run = ActionRun {
            execution: place.0,
            is_rule: place.2.is_some(),
            ended: false,
        };
        if self.runs.actions.insert(id, run).is_some() {
            self.wrong("starts an action execution a second time");
        }
        let job = match work {
            StartedWork::Job(job) => Some((*job, 1)),
            StartedWork::Approval(_) | StartedWork::Impossible(_) => None,
        };
        if let Some((job, attempt)) = job {
            self.begin_job(id, job, attempt);
        }
        let open = Open {
            id,
            job,
            approval: matches!(work, StartedWork::Approval(_)),
            answered: false,
            worker: "",
        };
        if self.open.insert(place, open).is_some() {
            self.wrong("starts what runs already");
        }
    }

    fn go_on(&mut self, place: &Place, job: JobId, attempt: u32) {
        let Some(open) = self.open.get_mut(place) else {
            return self.wrong("goes on with what does not run");
        };
        open.worker = "";
        let (id, before) = (open.id, open.job.replace((job, attempt)));
        if before.is_none_or(|(_, before)| before + 1 != attempt) {
            self.wrong("goes on with another attempt than the next");
        }
        self.end_job(before);
        self.begin_job(id, job, attempt);
    }

    /// A worker's job goes from hand to hand, and never to two.
    fn hand(&mut self, place: &Place, job: JobId, to: &'static str, from: &[&str]) {
        match self.open.get_mut(place) {
            Some(open) if open.job.map(|(job, _)| job) == Some(job) => {
                let was = std::mem::replace(&mut open.worker, to);
                if !from.contains(&was) {
                    self.wrong("gives a worker a job that is not to be had");
                }
            }
            _ => self.wrong("gives a worker a job that nobody waits for"),
        }
    }

    fn begin_job(&mut self, key: ActionExecutionId, job: JobId, attempt: u32) {
        let run = JobRun {
            key,
            attempt,
            began: self.now,
            ended: None,
        };
        if self.runs.jobs.insert(job, run).is_some() {
            self.wrong("owes a job that there was already");
        }
    }

    fn end_job(&mut self, job: Option<(JobId, u32)>) {
        if let Some(run) = job.and_then(|(job, _)| self.runs.jobs.get_mut(&job)) {
            run.ended = Some(self.now);
        }
    }
}

/// Of which action or rule an event is.
fn place(event: &Event) -> Option<Place> {
    let (execution, stage) = (event.execution()?, event.stage()?.to_owned());
    match event {
        Event::RuleStarted {
            condition, rule, ..
        }
        | Event::RulePending {
            condition, rule, ..
        }
        | Event::RuleSucceeded {
            condition, rule, ..
        }
        | Event::RuleFailed {
            condition, rule, ..
        }
        | Event::RuleAbandoned {
            condition, rule, ..
        } => Some((execution, stage, Some(*condition), rule.clone())),
        _ => Some((execution, stage, None, event.action()?.to_owned())),
    }
}
