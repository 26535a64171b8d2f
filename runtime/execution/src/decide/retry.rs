//! Running a failed or stopped stage again (user guide, "Retry a failed stage").

use super::Decision;
use crate::event::Event;
use crate::execution::{Execution, Position};
use crate::mode;
use crate::rejected::Rejected;
use crate::stage::StageRun;
use lockgate_model::definition::{Action, RetryMode, Stage};
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ActionStatus, StageStatus};
use lockgate_model::trigger::RetryTrigger;

impl Decision<'_> {
    pub(super) fn retry(
        &mut self,
        id: ExecutionId,
        stage: &str,
        how: RetryMode,
    ) -> Result<(), Rejected> {
        let (_, current) = self.stage(stage)?;
        let definition = self.definition()?.clone();
        let execution = self.held(id)?;
        let no = |why: &str| {
            Err(Rejected::StageNotRetryable {
                stage: stage.to_owned(),
                execution: id,
                why: why.to_owned(),
            })
        };
        if !self.state.is_valid(execution.version) {
            return no("the pipeline was updated since it started; start a new execution");
        }
        let own = self.state.definition_of(execution);
        let Some((index, own)) = own.and_then(|own| own.stage(stage)) else {
            return no("the pipeline had no such stage when it started; start a new execution");
        };
        if !same_structure(own, current) {
            return no("the stage was changed since it started; start a new execution");
        }
        if let Some(latest) = self.newer(execution, stage) {
            return Err(Rejected::NotLatestExecution {
                stage: stage.to_owned(),
                execution: id,
                latest,
            });
        }
        let Some(run) = execution.stage(stage) else {
            return no("it never entered that stage; retry the stage that failed");
        };
        if let Some(why) = why_not(execution, run, index, how) {
            return no(why);
        }
        let attempt = run.attempt.saturating_add(1);
        if execution.status.is_final() {
            self.check_room(&definition)?;
        }
        self.record(Event::StageRetried {
            execution: id,
            stage: stage.to_owned(),
            mode: how,
            attempt,
            trigger: RetryTrigger::ManualStageRetry,
        })
    }

    /// The execution that entered the stage after this one.
    pub(super) fn newer(&self, execution: &Execution, stage: &str) -> Option<ExecutionId> {
        execution.stage(stage)?;
        self.state
            .gates
            .get(stage)?
            .latest
            .filter(|latest| *latest != execution.id && mode::locks(execution.mode))
    }
}

/// The same actions in the same order, taking and making the same. Their
/// settings may differ: an execution keeps those that it started with.
fn same_structure(one: &Stage, other: &Stage) -> bool {
    let alike = |(one, other): (&Action, &Action)| {
        one.name == other.name
            && one.action_type_id == other.action_type_id
            && one.run_order == other.run_order
            && one.input_artifacts == other.input_artifacts
            && one.output_artifacts == other.output_artifacts
    };
    one.actions.len() == other.actions.len() && one.actions.iter().zip(&other.actions).all(alike)
}

/// Why this stage cannot be run again, if it cannot.
fn why_not(
    execution: &Execution,
    run: &StageRun,
    index: usize,
    how: RetryMode,
) -> Option<&'static str> {
    match run.status {
        StageStatus::Succeeded => Some("it succeeded; retry a stage that failed or was stopped"),
        StageStatus::Skipped => Some("it was skipped; start a new execution"),
        StageStatus::Cancelled => Some("it was cancelled; start a new execution"),
        StageStatus::Stopping => Some("it is being stopped; retry it when it has stopped"),
        StageStatus::Failed | StageStatus::Stopped => None,
        StageStatus::InProgress if execution.ending.is_some() => {
            Some("its execution is about to end; start a new one")
        }
        StageStatus::InProgress if run.running_rules().next().is_some() => {
            Some("a condition of it is being judged; wait for its end")
        }
        StageStatus::InProgress if how == RetryMode::AllActions => {
            Some("an action of it is still running; wait for its end, or retry FAILED_ACTIONS only")
        }
        StageStatus::InProgress if run.retry.is_some() => {
            Some("a retry of it is in progress; wait for its end")
        }
        StageStatus::InProgress
            if run
                .actions
                .iter()
                .all(|action| action.status != ActionStatus::Failed) =>
        {
            Some("it is still running and no action of it has failed; wait for its end")
        }
        StageStatus::InProgress => None,
    }
    .or_else(|| {
        (execution.position != Position::In(index))
            .then_some("the execution is in another stage; retry that one")
    })
}
