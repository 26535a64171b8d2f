//! What the stages of a pipeline are doing, and the transitions between them.

use super::Face;
use super::auth::Caller;
use super::executions::detail;
use super::path::Path;
use super::refusal::Refused;
use crate::api::{PipelineState, StageState, TransitionRequest, TransitionState};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use lockgate_execution::{Gate, Rejected, Transition};
use lockgate_model::definition::{ExecutionMode, Stage};
use lockgate_model::id::ExecutionId;
use lockgate_orchestrator::{ConditionDetail, OrchestratorError, StageDetail};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

pub(super) async fn show(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
) -> Result<Json<PipelineState>, Refused> {
    let state = face.orchestrator.state(&caller.tenant, &name).await?;
    let definition = state.definition().ok_or_else(|| {
        OrchestratorError::from(Rejected::PipelineNotFound { name: name.clone() })
    })?;
    let mut shown = PipelineState {
        version: definition.version,
        execution_mode: definition.execution_mode,
        note: None,
        stages: vec![],
        name,
    };
    if definition.execution_mode == ExecutionMode::Parallel {
        shown.note = Some(format!(
            "pipeline '{0}' runs its executions in PARALLEL mode and has no pipeline state; list them with: lockgate execution list {0}",
            shown.name
        ));
        return Ok(Json(shown));
    }
    let closed = Gate::default();
    let gates: Vec<(&Stage, &Gate)> = definition
        .stages
        .iter()
        .map(|stage| (stage, state.gate(&stage.name).unwrap_or(&closed)))
        .collect();
    let mut entered = Entered::default();
    for (stage, gate) in gates {
        let (status, conditions) = match gate.latest {
            Some(latest) => entered.look(&face, &caller, latest, &stage.name).await?,
            None => (None, vec![]),
        };
        shown.stages.push(StageState {
            name: stage.name.clone(),
            inbound: side(&gate.inbound),
            outbound: side(&gate.outbound),
            holder: gate.holder.map(|id| id.to_string()),
            waiting: gate
                .waiting
                .iter()
                .map(|waiting| waiting.execution.to_string())
                .collect(),
            waiting_since: gate.waiting.iter().map(|waiting| waiting.since).collect(),
            latest: gate.latest.map(|id| id.to_string()),
            status,
            conditions,
        });
    }
    Ok(Json(shown))
}

/// How stages stood in the executions that entered them last, each execution
/// read once.
#[derive(Default)]
struct Entered(BTreeMap<ExecutionId, Vec<(String, String, StageDetail)>>);

impl Entered {
    async fn look(
        &mut self,
        face: &Face,
        caller: &Caller,
        execution: ExecutionId,
        stage: &str,
    ) -> Result<(Option<String>, Vec<ConditionDetail>), Refused> {
        let stages = match self.0.entry(execution) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let store = face.orchestrator.store();
                let found = store.execution(&caller.tenant, execution).await?;
                let stages = found
                    .iter()
                    .flat_map(|found| &found.stages)
                    .map(|row| {
                        let detail = detail(&row.json)?;
                        Ok((row.stage.clone(), row.status.to_string(), detail))
                    })
                    .collect::<Result<_, Refused>>()?;
                new.insert(stages)
            }
        };
        let found = stages.iter().find(|(name, ..)| name == stage);
        Ok(match found {
            Some((_, status, detail)) => (Some(status.clone()), detail.conditions.clone()),
            None => (None, vec![]),
        })
    }
}

fn side(transition: &Transition) -> TransitionState {
    TransitionState {
        enabled: transition.enabled,
        reason: transition.reason.clone(),
        changed_by: transition.changed_by.as_ref().map(ToString::to_string),
        changed_at: transition.changed_at,
    }
}

pub(super) async fn transition(
    caller: Caller,
    State(face): State<Face>,
    Path((name, stage)): Path<(String, String)>,
    body: Result<Json<TransitionRequest>, JsonRejection>,
) -> Result<Json<serde_json::Value>, Refused> {
    let Json(TransitionRequest {
        direction,
        disabled,
    }) = body?;
    face.orchestrator
        .set_transition(
            &caller.tenant,
            &name,
            stage,
            direction,
            disabled,
            &caller.principal,
        )
        .await?;
    Ok(Json(serde_json::json!({})))
}
