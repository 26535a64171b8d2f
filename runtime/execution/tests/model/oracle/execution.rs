//! Laws of whole executions: how they begin, wait and end.

use super::run::{Place, Run, Success};
use super::{Oracle, law, locks};
use crate::world::Broken;
use lockgate_execution::{Event, Recorded, Rollback};
use lockgate_model::definition::ExecutionMode;
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ExecutionStatus, StageStatus};
use lockgate_model::trigger::TriggerType;
use std::collections::BTreeMap;
use std::sync::Arc;

/// In QUEUED and PARALLEL mode.
const MOST_EXECUTIONS: usize = 50;

impl Oracle {
    pub(super) fn start(&mut self, event: &Event) -> Result<(), Broken> {
        let Event::ExecutionStarted {
            execution: id,
            version,
            trigger,
            variables,
            rollback,
            ..
        } = event
        else {
            return Ok(());
        };
        let Some(current) = self.current.clone() else {
            law!(
                false,
                "only a pipeline that exists starts executions",
                "{event:?}"
            );
            return Ok(());
        };
        law!(
            *version == current.version,
            "an execution starts under the current version",
            "{version} and not {}",
            current.version
        );
        law!(
            !self.runs.contains_key(id),
            "an execution starts once",
            "{id}"
        );
        match rollback {
            None => {
                let missing = current
                    .variables
                    .iter()
                    .find(|declared| !variables.contains_key(&declared.name));
                law!(
                    missing.is_none(),
                    "every pipeline variable has a value",
                    "{missing:?} has none"
                );
            }
            Some(rollback) => {
                let had = self.runs.get(&rollback.target).map(|run| &run.variables);
                let other = had
                    .into_iter()
                    .flat_map(|had| had.iter())
                    .find(|(name, value)| variables.get(*name) != Some(value));
                law!(
                    other.is_none(),
                    "a rollback has the pipeline variables that its target had",
                    "but for {other:?}"
                );
            }
        }
        let mut place = Place::Between(0);
        let mut artifacts = BTreeMap::new();
        match rollback {
            None => {
                let limited = matches!(
                    current.execution_mode,
                    ExecutionMode::Queued | ExecutionMode::Parallel
                );
                law!(
                    !limited || self.live.len() < MOST_EXECUTIONS,
                    "there are 50 executions at the most in QUEUED and PARALLEL mode",
                    "{} live, and another",
                    self.live.len()
                );
            }
            Some(rollback) => {
                self.check_rollback(rollback, trigger.trigger_type)?;
                let index = current.stage(&rollback.stage).map_or(0, |(index, _)| index);
                place = Place::Before(index);
                self.gates.arrive(&rollback.stage, *id, true);
                let taken = rollback.artifacts.iter();
                artifacts = taken.map(|a| (a.name.clone(), a.digest)).collect();
            }
        }
        let run = Run {
            number: self.runs.len() + 1,
            lifetime: self.lifetime,
            definition: current,
            status: ExecutionStatus::InProgress,
            place,
            rollback: rollback.clone(),
            variables: variables.clone(),
            artifacts,
            stages: BTreeMap::new(),
            asked_to_stop: false,
            ending: None,
            cancelling: false,
        };
        self.runs.insert(*id, run);
        self.live.insert(*id);
        Ok(())
    }

    fn check_rollback(&self, rollback: &Arc<Rollback>, kind: TriggerType) -> Result<(), Broken> {
        let Rollback {
            target,
            stage,
            failed,
            artifacts,
            ..
        } = rollback.as_ref();
        let mode = self.mode();
        law!(
            mode.is_some_and(locks),
            "nothing is rolled back in PARALLEL mode",
            "{stage}"
        );
        let index = self
            .current
            .as_ref()
            .and_then(|current| current.stage(stage));
        law!(
            index.is_some_and(|(index, _)| index > 0),
            "a rollback never touches a source stage",
            "{stage}"
        );
        let Some(run) = self.runs.get(target) else {
            law!(
                false,
                "the target of a rollback was an execution",
                "{target}"
            );
            return Ok(());
        };
        law!(
            run.rollback.is_none(),
            "a rollback does not go back to a rollback",
            "to {}",
            run.number
        );
        law!(
            run.lifetime == self.lifetime && run.definition.version >= self.valid_from,
            "a rollback goes back to a version that is still valid",
            "to {}, version {}",
            run.number,
            run.definition.version
        );
        let success = run.definition.stage(stage).and_then(|(index, _)| {
            let stage = run.stages.get(&index)?;
            (stage.status == Some(StageStatus::Succeeded)).then_some(stage.success.as_ref()?)
        });
        let Some((when, had)) = success else {
            law!(
                false,
                "a rollback goes back to an execution that succeeded in the stage",
                "to {} in {stage}",
                run.number
            );
            return Ok(());
        };
        for artifact in artifacts {
            law!(
                had.get(&artifact.name) == Some(&artifact.digest)
                    || run.artifacts.get(&artifact.name) == Some(&artifact.digest),
                "a rollback takes over what its target had",
                "'{}' of {}",
                artifact.name,
                run.number
            );
        }
        law!(
            failed.is_some() == (kind == TriggerType::AutomatedRollback),
            "a rollback that nobody asked for has a failure behind it",
            "{kind:?}"
        );
        if let Some(failed) = failed {
            let failing = &self.runs[failed];
            law!(
                failing.rollback.is_none(),
                "a rollback that fails is not rolled back",
                "{}",
                failing.number
            );
            let newest = self.newest_success(stage);
            law!(
                newest.is_some_and(|newest| newest.target == *target && newest.when == *when),
                "an automatic rollback goes back to the newest success",
                "to {}",
                run.number
            );
        } else {
            law!(
                !self.gates.holders.contains_key(stage),
                "a stage that is held is not rolled back by hand",
                "{stage}"
            );
        }
        Ok(())
    }

    fn newest_success(&self, stage: &str) -> Option<Success> {
        let valid = self.runs.iter().filter(|(_, run)| {
            run.lifetime == self.lifetime
                && run.definition.version >= self.valid_from
                && run.rollback.is_none()
                && locks(run.mode())
        });
        let successes = valid.filter_map(|(id, run)| {
            let (index, _) = run.definition.stage(stage)?;
            let (when, _) = run.stages.get(&index)?.success.as_ref()?;
            Some(Success {
                target: *id,
                when: *when,
            })
        });
        successes.max_by_key(|success| success.when)
    }

    pub(super) fn execution(&mut self, id: ExecutionId, recorded: &Recorded) -> Result<(), Broken> {
        match &recorded.event {
            Event::ExecutionWaiting { stage, .. } => {
                let run = self.run(id);
                law!(
                    matches!(run.place, Place::Between(_)) && run.stage_name() == Some(stage),
                    "an execution waits in front of the stage that comes next",
                    "{} at {stage}, {:?}",
                    run.number,
                    run.place
                );
                run.place = Place::Before(run.place.stage());
                self.gates.arrive(stage, id, false);
            }
            Event::ExecutionSuperseded { by, .. } => self.superseded(id, *by)?,
            Event::ExecutionStopping { abandon, .. } => {
                let run = self.run(id);
                law!(
                    !run.asked_to_stop || run.ending == Some(false) && *abandon,
                    "an execution is stopped once, and then abandoned at the most",
                    "{}",
                    run.number
                );
                run.asked_to_stop = true;
                run.cancelling = false;
                run.ending = Some(*abandon);
                run.status = ExecutionStatus::Stopping;
            }
            Event::ExecutionCancelling { abandon, .. } => {
                let run = self.run(id);
                run.cancelling = true;
                run.ending = Some(*abandon);
            }
            Event::ExecutionStopped { .. } => {
                let run = self.run(id);
                law!(
                    run.asked_to_stop && !run.cancelling,
                    "only what was asked to stop is Stopped",
                    "{}",
                    run.number
                );
                self.end(id, ExecutionStatus::Stopped, Some(StageStatus::Stopped))?;
            }
            Event::ExecutionCancelled { .. } => {
                let run = self.run(id);
                law!(
                    run.cancelling || matches!(run.place, Place::Before(_)),
                    "only an update, a deletion or a long hold cancels",
                    "{}",
                    run.number
                );
                self.end(id, ExecutionStatus::Cancelled, Some(StageStatus::Cancelled))?;
            }
            Event::ExecutionSucceeded { .. } => self.succeeded(id)?,
            Event::ExecutionFailed { stage, .. } => {
                let run = self.run(id);
                law!(
                    run.stage_name() == Some(stage),
                    "an execution fails by the stage that it is in",
                    "{} by {stage}",
                    run.number
                );
                self.end(id, ExecutionStatus::Failed, Some(StageStatus::Failed))?;
            }
            _ => {}
        }
        Ok(())
    }

    fn superseded(&mut self, id: ExecutionId, by: ExecutionId) -> Result<(), Broken> {
        let (old, new) = (&self.runs[&id], self.runs.get(&by));
        law!(
            !matches!(old.place, Place::In(_)),
            "superseding happens only between stages",
            "{} is in {:?}",
            old.number,
            old.stage_name()
        );
        law!(
            old.mode() == ExecutionMode::Superseded && old.rollback.is_none(),
            "only standard executions of SUPERSEDED mode are superseded",
            "{}",
            old.number
        );
        let Some(new) = new else {
            law!(false, "what supersedes was started", "{by}");
            return Ok(());
        };
        law!(
            new.number > old.number && !new.is_over(),
            "a newer execution supersedes an older one",
            "{} supersedes {}",
            new.number,
            old.number
        );
        law!(
            old.stage_name() == new.stage_name() && !matches!(new.place, Place::In(_)),
            "both stand in front of the same stage",
            "{:?} and {:?}",
            old.stage_name(),
            new.stage_name()
        );
        self.run(id).status = ExecutionStatus::Superseded;
        self.gates.leave_queues(id);
        Ok(())
    }

    fn succeeded(&mut self, id: ExecutionId) -> Result<(), Broken> {
        let run = self.run(id);
        let through = match (&run.rollback, run.place) {
            (Some(rollback), Place::Between(next)) => run
                .definition
                .stage(&rollback.stage)
                .is_some_and(|(index, _)| next == index + 1),
            (None, Place::Between(next)) => next == run.definition.stages.len(),
            _ => false,
        };
        law!(
            through,
            "an execution succeeds when it is through its last stage",
            "{} is at {:?}",
            run.number,
            run.place
        );
        for (index, stage) in &run.stages {
            law!(
                matches!(
                    stage.status,
                    Some(StageStatus::Succeeded | StageStatus::Skipped)
                ),
                "every stage of a success succeeded or was skipped",
                "{} of {}: {:?}",
                index,
                run.number,
                stage.status
            );
        }
        self.end(id, ExecutionStatus::Succeeded, None)
    }

    /// It ends; the stage that it is in has ended so before.
    fn end(
        &mut self,
        id: ExecutionId,
        status: ExecutionStatus,
        stage: Option<StageStatus>,
    ) -> Result<(), Broken> {
        let run = self.run(id);
        if let Some(inside) = run.inside() {
            law!(
                inside.status == stage && stage.is_some(),
                "the stage ends before its execution",
                "{} is {status} and its stage {:?}",
                run.number,
                inside.status
            );
        }
        run.status = status;
        self.gates.leave_queues(id);
        Ok(())
    }
}
