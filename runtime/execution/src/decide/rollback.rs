//! Rolling back a stage by hand (user guide, "Roll back a stage manually").

use super::Decision;
use super::follow::taken_over;
use crate::event::Event;
use crate::execution::Execution;
use crate::mode;
use crate::rejected::Rejected;
use lockgate_model::definition::PipelineType;
use lockgate_model::id::ExecutionId;
use lockgate_model::status::StageStatus;
use lockgate_model::trigger::{ExecutionType, Trigger, TriggerType};
use std::sync::Arc;

impl Decision<'_> {
    pub(super) fn rollback(
        &mut self,
        id: ExecutionId,
        stage: &str,
        target: &Execution,
    ) -> Result<(), Rejected> {
        let definition = self.definition()?.clone();
        let (index, declared) = self.stage(stage)?;
        if self.state.execution(id).is_some() {
            return Err(Rejected::ExecutionAlreadyStarted { execution: id });
        }
        if !self.state.is_valid(target.version) {
            return Err(Rejected::ExecutionOutdated {
                stage: stage.to_owned(),
                target: target.id,
                version: target.version,
                current: definition.version,
            });
        }
        let no = |why: String| Rejected::UnableToRollback {
            stage: stage.to_owned(),
            target: target.id,
            why,
        };
        if !mode::locks(definition.execution_mode) {
            return Err(no(
                "nothing is rolled back in PARALLEL mode; start a new execution".to_owned(),
            ));
        }
        if definition.pipeline_type == PipelineType::V1 {
            return Err(no(
                "a pipeline of type V1 has no rollback; make it V2, or start a new execution"
                    .to_owned(),
            ));
        }
        if index == 0 {
            return Err(no(
                "it is the source stage; start a new execution with the revision you want"
                    .to_owned(),
            ));
        }
        if target.kind() == ExecutionType::Rollback {
            return Err(no(
                "that execution is a rollback itself; choose the one that it went back to"
                    .to_owned(),
            ));
        }
        match target.stage(stage).map(|run| run.status) {
            Some(StageStatus::Succeeded) => {}
            Some(status) => {
                return Err(no(format!(
                    "the stage is {status} there; choose an execution that succeeded in it"
                )));
            }
            None => {
                return Err(no(
                    "it never entered the stage; choose an execution that succeeded in it"
                        .to_owned(),
                ));
            }
        }
        if let Some(holder) = self.state.gates.get(stage).and_then(|gate| gate.holder) {
            return Err(no(format!(
                "execution {holder} is in the stage; wait for its end, or stop it"
            )));
        }
        let rollback = taken_over(
            declared,
            target.id,
            None,
            &target.products,
            target.fetched().collect(),
        )
        .map_err(|why| no(format!("{why}; choose an execution that did")))?;
        self.record(Event::ExecutionStarted {
            execution: id,
            version: definition.version,
            trigger: Trigger {
                trigger_type: TriggerType::ManualRollback,
                trigger_detail: self.request.by.to_string(),
            },
            variables: target.variables.clone(),
            source_revisions: target.source_revisions.clone(),
            change: None,
            rollback: Some(Arc::new(rollback)),
        })
    }
}
