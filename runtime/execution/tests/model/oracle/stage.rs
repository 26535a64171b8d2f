//! Laws of stages: who enters, and what a stage that ended has to show.

use super::run::{Place, StageRun};
use super::{Oracle, law, locks};
use crate::world::Broken;
use lockgate_execution::Event;
use lockgate_model::definition::{ConditionResult, ConditionType, ExecutionMode, RetryMode};
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ActionStatus, ConditionStatus, ExecutionStatus, StageStatus};
use lockgate_model::trigger::RetryTrigger;

impl Oracle {
    pub(super) fn stage(&mut self, id: ExecutionId, event: &Event) -> Result<(), Broken> {
        match event {
            Event::StageEntered { stage, .. } => self.enter(id, stage),
            Event::StageRetried {
                stage,
                mode,
                attempt,
                trigger,
                ..
            } => self.retry(id, stage, *mode, *attempt, *trigger),
            Event::StageSucceeded { stage, .. } => {
                self.check_success(id, stage)?;
                let clock = self.clock;
                let run = self.run(id);
                let had = run.artifacts.clone();
                let index = run.place.stage();
                let inside = run.stages.entry(index).or_default();
                inside.success = Some((clock, had));
                self.leave(id, stage, StageStatus::Succeeded)?;
                self.run(id).place = Place::Between(index + 1);
                Ok(())
            }
            Event::StageSkipped { stage, .. } => {
                let run = self.run(id);
                let index = run.place.stage();
                let inside = run.inside();
                law!(
                    inside.is_some_and(|inside| {
                        inside.fell(ConditionType::BeforeEntry) == Some(ConditionResult::Skip)
                            && inside.actions.is_empty()
                    }),
                    "a stage is skipped by its entry condition alone, before any action",
                    "{stage} of {}",
                    run.number
                );
                self.leave(id, stage, StageStatus::Skipped)?;
                self.run(id).place = Place::Between(index + 1);
                Ok(())
            }
            Event::StageFailed { stage, .. } => {
                self.check_failure(id, stage)?;
                self.leave(id, stage, StageStatus::Failed)
            }
            Event::StageStopped { stage, .. } => {
                let run = self.run(id);
                law!(
                    run.asked_to_stop && !run.cancelling,
                    "a stage is Stopped when its execution was asked to stop",
                    "{stage} of {}",
                    run.number
                );
                self.leave(id, stage, StageStatus::Stopped)
            }
            Event::StageCancelled { stage, .. } => {
                let run = self.run(id);
                law!(
                    run.cancelling,
                    "a stage is Cancelled by an update or a deletion",
                    "{stage} of {}",
                    run.number
                );
                self.leave(id, stage, StageStatus::Cancelled)
            }
            _ => Ok(()),
        }
    }

    fn enter(&mut self, id: ExecutionId, stage: &str) -> Result<(), Broken> {
        let run = &self.runs[&id];
        let index = run.place.stage();
        law!(
            !matches!(run.place, Place::In(_)) && run.stage_name() == Some(stage),
            "stages are entered one after the other, in order",
            "{} enters {stage} and is {:?}",
            run.number,
            run.place
        );
        law!(
            run.ending.is_none(),
            "what is asked to end enters no stage",
            "{} enters {stage}",
            run.number
        );
        law!(
            run.rollback.is_some() || !self.gates.keeps_out(&run.definition, index),
            "nobody passes a disabled transition",
            "{} enters {stage}",
            run.number
        );
        if locks(run.mode()) {
            let holder = self.gates.holders.get(stage);
            law!(
                holder.is_none(),
                "a stage never holds two executions",
                "{} enters {stage}, which {} holds",
                run.number,
                self.runs[holder.unwrap_or(&id)].number
            );
            let first = self
                .gates
                .queue(stage)
                .iter()
                .find(|waiting| locks(self.runs[waiting].mode()));
            law!(
                first.is_none_or(|first| *first == id),
                "nobody is overtaken at a stage",
                "{} enters {stage} before {}",
                run.number,
                self.runs[first.unwrap_or(&id)].number
            );
            if index == 0 && run.mode() == ExecutionMode::Queued && run.rollback.is_none() {
                let older = self.live.iter().map(|id| &self.runs[id]).find(|other| {
                    other.number < run.number
                        && other.mode() == ExecutionMode::Queued
                        && other.stages.is_empty()
                        && other.rollback.is_none()
                });
                law!(
                    older.is_none(),
                    "QUEUED executions begin in the order in which they started",
                    "{} before {}",
                    run.number,
                    older.map_or(0, |older| older.number)
                );
            }
            self.gates.holders.insert(stage.to_owned(), id);
            self.gates.latest.insert(stage.to_owned(), id);
        }
        self.gates.leave_queues(id);
        let run = self.run(id);
        run.place = Place::In(index);
        run.stages.insert(
            index,
            StageRun {
                status: Some(StageStatus::InProgress),
                attempt: 1,
                ..StageRun::default()
            },
        );
        Ok(())
    }

    fn check_success(&mut self, id: ExecutionId, stage: &str) -> Result<(), Broken> {
        let run = self.run(id);
        let definition = run.definition.clone();
        let (Some(inside), Some((_, declared))) = (run.inside(), definition.stage(stage)) else {
            law!(false, "a stage that succeeds was entered", "{stage}");
            return Ok(());
        };
        law!(
            run.ending.is_none(),
            "no stage succeeds when its execution was asked to end",
            "{stage} of {}",
            run.number
        );
        for action in &declared.actions {
            let status = inside.actions.get(&action.name).map(|action| action.status);
            law!(
                status == Some(ActionStatus::Succeeded),
                "a stage succeeds when all its actions have",
                "{stage}.{} of {} is {status:?}",
                action.name,
                run.number
            );
        }
        for condition in [ConditionType::BeforeEntry, ConditionType::OnSuccess] {
            law!(
                declared.conditions(condition).is_empty() || inside.passed(condition),
                "a stage succeeds when its conditions at entry and success are met or overridden",
                "{stage} {condition:?} of {}",
                run.number
            );
        }
        Ok(())
    }

    fn check_failure(&mut self, id: ExecutionId, stage: &str) -> Result<(), Broken> {
        let run = self.run(id);
        let definition = run.definition.clone();
        let (Some(inside), Some((_, declared))) = (run.inside(), definition.stage(stage)) else {
            law!(false, "a stage that fails was entered", "{stage}");
            return Ok(());
        };
        law!(
            run.ending.is_none(),
            "a stage whose execution was asked to end does not fail",
            "{stage} of {}",
            run.number
        );
        let entry = inside.fell(ConditionType::BeforeEntry);
        let success = inside.fell(ConditionType::OnSuccess);
        law!(
            inside.actions_in(ActionStatus::Failed) > 0
                || entry.is_some_and(|result| result != ConditionResult::Skip)
                || success.is_some(),
            "a stage fails by an action or by a condition",
            "{stage} of {}",
            run.number
        );
        if let Some(on_failure) = &declared.on_failure
            && success != Some(ConditionResult::Rollback)
        {
            law!(
                on_failure.conditions.is_empty()
                    || inside.conditions.contains_key(&ConditionType::OnFailure),
                "the condition at failure is judged before the stage fails",
                "{stage} of {}",
                run.number
            );
            law!(
                on_failure.result != Some(ConditionResult::Retry) || inside.automatic == 1,
                "a stage that retries by itself does so exactly once",
                "{stage} of {}: {} times",
                run.number,
                inside.automatic
            );
        }
        Ok(())
    }

    /// It leaves the stage, in which nothing runs any more.
    fn leave(&mut self, id: ExecutionId, stage: &str, status: StageStatus) -> Result<(), Broken> {
        let run = self.run(id);
        law!(
            matches!(run.place, Place::In(_)) && run.stage_name() == Some(stage),
            "a stage ends when its execution is in it",
            "{} is {:?}, {stage} ends",
            run.number,
            run.place
        );
        law!(
            run.running().next().is_none(),
            "a stage ends when nothing in it runs",
            "{stage} of {}",
            run.number
        );
        let index = run.place.stage();
        let inside = run.stages.entry(index).or_default();
        law!(
            inside.status == Some(StageStatus::InProgress),
            "a stage ends once",
            "{stage} of {}: {:?}, then {status}",
            run.number,
            inside.status
        );
        inside.status = Some(status);
        self.gates.leave(stage, id);
        Ok(())
    }

    fn retry(
        &mut self,
        id: ExecutionId,
        stage: &str,
        mode: RetryMode,
        attempt: u32,
        trigger: RetryTrigger,
    ) -> Result<(), Broken> {
        let run = &self.runs[&id];
        let number = run.number;
        law!(
            matches!(run.place, Place::In(_)) && run.stage_name() == Some(stage),
            "a retry is of the stage that the execution is in",
            "{stage} of {number}, {:?}",
            run.place
        );
        law!(
            run.lifetime == self.lifetime
                && (run.definition.version >= self.valid_from
                    || trigger == RetryTrigger::AutomatedStageRetry && !locks(run.mode())),
            "nothing is retried that an update has ended",
            "{stage} of {number}"
        );
        let holder = self.gates.holders.get(stage);
        law!(
            !locks(run.mode()) || holder.is_none_or(|holder| *holder == id),
            "a stage never holds two executions",
            "{number} retries {stage}"
        );
        law!(
            !locks(run.mode()) || self.gates.latest.get(stage).is_none_or(|last| *last == id),
            "only the last execution in a stage is retried",
            "{number} retries {stage}"
        );
        let declared = run.definition.stage(stage).map(|(_, stage)| stage.clone());
        let locking = locks(run.mode());
        let run = self.run(id);
        let over = run.is_over();
        let inside = run.stages.entry(run.place.stage()).or_default();
        let running = inside.running().count();
        let ended = matches!(
            inside.status,
            Some(StageStatus::Failed | StageStatus::Stopped)
        );
        match trigger {
            RetryTrigger::AutomatedStageRetry => {
                inside.automatic += 1;
                let wanted = declared.and_then(|stage| stage.on_failure?.result);
                law!(
                    inside.automatic == 1 && wanted == Some(ConditionResult::Retry) && !over,
                    "a stage that retries by itself does so exactly once",
                    "{stage} of {number}"
                );
                law!(
                    running == 0,
                    "nothing runs at an automatic retry",
                    "{stage} of {number}"
                );
            }
            RetryTrigger::ManualStageRetry => law!(
                ended || inside.actions_in(ActionStatus::Failed) > 0,
                "what is retried has failed or was stopped",
                "{stage} of {number} is {:?}",
                inside.status
            ),
        }
        law!(
            attempt == inside.attempt + 1,
            "attempts are counted one by one",
            "{} then {attempt}",
            inside.attempt
        );
        inside.attempt = attempt;
        inside.status = Some(StageStatus::InProgress);
        match mode {
            RetryMode::AllActions => {
                law!(
                    running == 0,
                    "ALL_ACTIONS needs that nothing runs",
                    "{stage} of {number}"
                );
                inside.actions.clear();
                let kept = |status| status == ConditionStatus::Overridden;
                inside
                    .conditions
                    .retain(|which, run| *which == ConditionType::BeforeEntry && kept(run.status));
            }
            RetryMode::FailedActions => {
                inside.actions.retain(|_, action| {
                    matches!(
                        action.status,
                        ActionStatus::Succeeded | ActionStatus::InProgress
                    )
                });
                let passed = inside.passed(ConditionType::BeforeEntry);
                inside
                    .conditions
                    .retain(|which, _| *which == ConditionType::BeforeEntry && passed);
            }
        }
        run.status = ExecutionStatus::InProgress;
        run.asked_to_stop = false;
        run.ending = None;
        if locking {
            self.gates.holders.insert(stage.to_owned(), id);
        }
        Ok(())
    }
}
