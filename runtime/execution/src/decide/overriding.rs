//! Going past a condition by hand (user guide, "Override a stage condition").

use super::Decision;
use super::follow::declared_condition;
use crate::event::Event;
use crate::rejected::Rejected;
use lockgate_model::definition::{ConditionResult, ConditionType};
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ConditionStatus, StageStatus};

impl Decision<'_> {
    pub(super) fn override_condition(
        &mut self,
        id: ExecutionId,
        stage: &str,
        condition: ConditionType,
    ) -> Result<(), Rejected> {
        self.stage(stage)?;
        let execution = self.held(id)?;
        let no = |why: &str| {
            Err(Rejected::ConditionNotOverridable {
                stage: stage.to_owned(),
                execution: id,
                condition,
                why: why.to_owned(),
            })
        };
        if let Some(latest) = self.newer(execution, stage) {
            return Err(Rejected::NotLatestExecution {
                stage: stage.to_owned(),
                execution: id,
                latest,
            });
        }
        if condition == ConditionType::OnFailure {
            return no(
                "the condition at failure decides about a rollback only; wait for its end, or retry the stage",
            );
        }
        let definition = self.state.definition_of(execution);
        let declared = definition
            .and_then(|definition| definition.stage(stage))
            .and_then(|(_, stage)| declared_condition(stage, condition));
        let Some(declared) = declared else {
            return no("the stage has no such condition; name the one that holds it");
        };
        if declared.result == Some(ConditionResult::Skip) {
            return no("its result is SKIP, which cannot be overridden; start a new execution");
        }
        let run = execution.stage(stage);
        let Some((run, asked)) = run.and_then(|run| Some((run, run.condition(condition)?))) else {
            return no("it was not judged in this execution; wait until it is");
        };
        if execution.ending.is_some() && !execution.status.is_final() {
            return no("its execution is about to end; start a new one");
        }
        let resumed = match (asked.status, run.status) {
            (ConditionStatus::InProgress, _) => false,
            (ConditionStatus::Failed | ConditionStatus::Errored, StageStatus::Failed) => true,
            (ConditionStatus::Failed | ConditionStatus::Errored, _) => {
                return no("its failure is being dealt with; wait for the end of the stage");
            }
            (ConditionStatus::Succeeded, _) => {
                return no("it was met; nothing is to be overridden");
            }
            (ConditionStatus::Overridden, _) => return no("it was overridden already"),
            (ConditionStatus::Cancelled | ConditionStatus::Abandoned, _) => {
                return no("its execution was ended while it was judged; retry the stage");
            }
        };
        if resumed {
            if !self.state.is_valid(execution.version) {
                return no("the pipeline was updated since it started; start a new execution");
            }
            let definition = self.definition()?.clone();
            self.check_room(&definition)?;
        }
        self.record(Event::ConditionOverridden {
            execution: id,
            stage: stage.to_owned(),
            condition,
            resumed,
        })
    }
}
