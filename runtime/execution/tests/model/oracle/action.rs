//! Laws of actions, approvals and the jobs of job workers.

use super::run::{ActionRun, Doer, Place, Worker};
use super::{Oracle, law};
use crate::world::Broken;
use lockgate_execution::{Event, Recorded, StartedWork};
use lockgate_model::action_type::Category;
use lockgate_model::definition::{Action, ConditionType, ExecutionMode};
use lockgate_model::id::{ExecutionId, JobId};
use lockgate_model::status::{ActionStatus, StageStatus};
use lockgate_model::time::Timestamp;

/// Of one execution in PARALLEL mode.
const MOST_ACTIONS: usize = 5;

/// In which an invoked function answers, or says that it goes on.
const FUNCTION_SECONDS: u64 = 20 * 60;

fn is_function(action: &Action) -> bool {
    let id = &action.action_type_id;
    id.category == Category::Invoke && id.owner == "AWS" && id.provider == "Lambda"
}

impl Oracle {
    pub(super) fn action(&mut self, id: ExecutionId, recorded: &Recorded) -> Result<(), Broken> {
        let event = &recorded.event;
        let (Some(stage), Some(action)) = (event.stage(), event.action()) else {
            law!(false, "every event is known here", "{event:?}");
            return Ok(());
        };
        let run = self.run(id);
        law!(
            matches!(run.place, Place::In(_)) && run.stage_name() == Some(stage),
            "actions happen in the stage that the execution is in",
            "{stage}.{action} of {}, {:?}",
            run.number,
            run.place
        );
        match event {
            Event::ActionStarted { .. } => self.action_starts(id, recorded),
            Event::ActionPending {
                job,
                attempt,
                not_before,
                ..
            } => {
                self.fresh_job(*job)?;
                let run = self.action_run(id, action)?;
                let before = run.doer.clone();
                law!(
                    matches!(before, Doer::Job(_, last) if last + 1 == *attempt),
                    "attempts of an action are counted one by one",
                    "{before:?} then {attempt}"
                );
                run.doer = Doer::Job(*job, *attempt);
                run.worker = Worker::None;
                if let Some(silent) = &mut run.silent {
                    *silent = not_before.plus_seconds(FUNCTION_SECONDS);
                }
                Ok(())
            }
            Event::ActionSucceeded { artifacts, .. } => {
                let run = self.action_run(id, action)?;
                law!(
                    !matches!(
                        run.doer,
                        Doer::Nobody | Doer::Approval(_, None | Some(false))
                    ),
                    "an action succeeds by its job or by an approval",
                    "{action}: {:?}",
                    run.doer
                );
                law!(
                    matches!(run.worker, Worker::None | Worker::Acknowledged),
                    "a worker acknowledges a job before it answers",
                    "{action}: {:?}",
                    run.worker
                );
                run.status = ActionStatus::Succeeded;
                let run = self.run(id);
                let index = run.place.stage();
                let declared = run.definition.stages[index].action(action);
                let mut wanted: Vec<_> = declared
                    .iter()
                    .flat_map(|action| &action.output_artifacts)
                    .map(|wanted| wanted.name.clone())
                    .collect();
                let mut made: Vec<_> = artifacts.iter().map(|made| made.name.clone()).collect();
                wanted.sort();
                made.sort();
                law!(
                    wanted == made,
                    "an action makes exactly the artifacts that it names",
                    "{action}: {made:?} for {wanted:?}"
                );
                for artifact in artifacts {
                    run.artifacts.insert(artifact.name.clone(), artifact.digest);
                }
                Ok(())
            }
            Event::ActionFailed { .. } => {
                self.action_run(id, action)?.status = ActionStatus::Failed;
                Ok(())
            }
            Event::ActionAbandoned { .. } => {
                let ending = self.runs[&id].ending;
                let cancelling = self.runs[&id].cancelling;
                let run = self.action_run(id, action)?;
                let approval = matches!(run.doer, Doer::Approval(_, None));
                law!(
                    ending == Some(true) || cancelling && approval,
                    "only a stop that abandons, an update or a deletion abandons",
                    "{action}"
                );
                run.status = ActionStatus::Abandoned;
                Ok(())
            }
            Event::ApprovalAnswered { approved, .. } => {
                let run = self.action_run(id, action)?;
                law!(
                    matches!(run.doer, Doer::Approval(_, None)),
                    "an approval is answered once",
                    "{action}: {:?}",
                    run.doer
                );
                if let Doer::Approval(_, answer) = &mut run.doer {
                    *answer = Some(*approved);
                }
                Ok(())
            }
            Event::JobQueued { job, .. } => {
                let now = recorded.at;
                self.worker(id, action, *job, |worker| match worker {
                    Worker::None => Some(Worker::Queued),
                    Worker::Dispatched(until) if until <= now => Some(Worker::Queued),
                    _ => None,
                })
            }
            Event::JobDispatched { job, until, .. } => {
                let until: Timestamp = *until;
                self.worker(id, action, *job, |worker| {
                    (worker == Worker::Queued).then_some(Worker::Dispatched(until))
                })
            }
            Event::JobAcknowledged { job, .. } => self.worker(id, action, *job, |worker| {
                matches!(worker, Worker::Dispatched(_)).then_some(Worker::Acknowledged)
            }),
            _ => Ok(()),
        }
    }

    fn action_starts(&mut self, id: ExecutionId, recorded: &Recorded) -> Result<(), Broken> {
        let Event::ActionStarted {
            stage,
            action,
            work,
            expires,
            input,
            ..
        } = &recorded.event
        else {
            return Ok(());
        };
        let doer = self.doer(work)?;
        law!(
            *expires > recorded.at,
            "an action has time to be done",
            "{stage}.{action}"
        );
        let run = self.run(id);
        let number = run.number;
        let definition = run.definition.clone();
        let (Some((_, declared)), Some(inside)) = (definition.stage(stage), run.inside()) else {
            return Ok(());
        };
        let Some(own) = declared.action(action) else {
            law!(
                false,
                "what starts stands in the definition",
                "{stage}.{action}"
            );
            return Ok(());
        };
        law!(
            run.ending.is_none() && inside.status == Some(StageStatus::InProgress),
            "what is asked to end starts nothing",
            "{stage}.{action} of {number}"
        );
        law!(
            declared.conditions(ConditionType::BeforeEntry).is_empty()
                || inside.passed(ConditionType::BeforeEntry),
            "no action starts before the entry condition is met or overridden",
            "{stage}.{action} of {number}"
        );
        law!(
            !inside.actions.contains_key(action),
            "no action is done twice, and a retry does not repeat what succeeded",
            "{stage}.{action} of {number}"
        );
        law!(
            inside.actions_in(ActionStatus::Failed) == 0,
            "nothing starts in a stage in which an action failed",
            "{stage}.{action} of {number}"
        );
        for earlier in declared
            .actions
            .iter()
            .filter(|a| a.run_order < own.run_order)
        {
            let status = inside.actions.get(&earlier.name).map(|run| run.status);
            law!(
                status == Some(ActionStatus::Succeeded),
                "a group starts when every action before it has succeeded",
                "{stage}.{action} of {number} before {}",
                earlier.name
            );
        }
        law!(
            definition.execution_mode != ExecutionMode::Parallel
                || inside.actions_in(ActionStatus::InProgress) < MOST_ACTIONS,
            "an execution in PARALLEL mode runs 5 actions at a time at the most",
            "{stage}.{action} of {number}"
        );
        if doer != Doer::Nobody {
            for taken in &own.input_artifacts {
                let given = input.input_artifacts.iter().find(|a| a.name == taken.name);
                law!(
                    given.map(|given| &given.digest) == run.artifacts.get(&taken.name)
                        && given.is_some(),
                    "no artifact is read before it exists, and always the newest",
                    "'{}' by {stage}.{action} of {number}",
                    taken.name
                );
            }
            law!(
                input
                    .configuration
                    .values()
                    .all(|value| !value.contains("#{")),
                "every variable is replaced before an action starts",
                "{stage}.{action} of {number}: {:?}",
                input.configuration
            );
        }
        let index = run.place.stage();
        run.stages.entry(index).or_default().actions.insert(
            action.clone(),
            ActionRun {
                status: ActionStatus::InProgress,
                silent: is_function(own).then(|| recorded.at.plus_seconds(FUNCTION_SECONDS)),
                doer,
                expires: *expires,
                worker: Worker::None,
            },
        );
        Ok(())
    }

    /// A running action of the stage that the execution is in.
    fn action_run(&mut self, id: ExecutionId, action: &str) -> Result<&mut ActionRun, Broken> {
        let run = self.run(id);
        let index = run.place.stage();
        let found = run.stages.entry(index).or_default().actions.get_mut(action);
        match found {
            Some(run) if run.status == ActionStatus::InProgress => Ok(run),
            _ => Err(Broken {
                law: "things happen to actions that run",
                what: format!("{action} does not"),
            }),
        }
    }

    fn worker(
        &mut self,
        id: ExecutionId,
        action: &str,
        job: JobId,
        next: impl Fn(Worker) -> Option<Worker>,
    ) -> Result<(), Broken> {
        let run = self.action_run(id, action)?;
        law!(
            matches!(run.doer, Doer::Job(own, _) if own == job),
            "workers get jobs that are owed",
            "{action}"
        );
        let before = run.worker;
        match next(before) {
            Some(worker) => {
                run.worker = worker;
                Ok(())
            }
            None => Err(Broken {
                law: "a worker's job is queued, dispatched, acknowledged, in this order",
                what: format!("{action} is {before:?}"),
            }),
        }
    }

    /// Who has to do what starts; under an id that nothing had before.
    pub(super) fn doer(&mut self, work: &StartedWork) -> Result<Doer, Broken> {
        match work {
            StartedWork::Job(job) => {
                self.fresh_job(*job)?;
                Ok(Doer::Job(*job, 1))
            }
            StartedWork::Approval(token) => {
                law!(
                    self.tokens.insert(*token),
                    "no approval token is given out twice",
                    "{token}"
                );
                Ok(Doer::Approval(*token, None))
            }
            StartedWork::Impossible(_) => Ok(Doer::Nobody),
        }
    }

    pub(super) fn fresh_job(&mut self, job: JobId) -> Result<(), Broken> {
        law!(
            self.jobs.insert(job),
            "no job id is given out twice",
            "{job}"
        );
        Ok(())
    }
}
