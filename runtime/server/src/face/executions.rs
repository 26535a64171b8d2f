//! Executions: started, listed and shown.

use super::Face;
use super::auth::Caller;
use super::path::Path;
use super::refusal::Refused;
use crate::api::{
    ActionSummary, ExecutionDocument, ExecutionList, ExecutionSummary, RuleSummary, StageSummary,
    StartRequest, Started,
};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use lockgate_execution::{PipelineState, Rejected};
use lockgate_model::definition::{ConditionType, Pipeline};
use lockgate_model::id::ExecutionId;
use lockgate_orchestrator::{OrchestratorError, Start};
use lockgate_store::{Execution, ExecutionDetail};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The most executions in one answer.
const LIST_LIMIT: u32 = 100;

pub(super) async fn start(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
    body: Result<Json<StartRequest>, JsonRejection>,
) -> Result<Json<Started>, Refused> {
    let Json(request) = body?;
    let start = Start {
        variables: request.variables,
        source_revisions: request.source_revisions.into(),
        token: request.client_request_token,
        ..Start::by(&caller.principal)
    };
    let id = face
        .orchestrator
        .start_execution(&caller.tenant, &name, start, &caller.principal)
        .await?;
    Ok(Json(Started {
        pipeline_execution_id: id.to_string(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Page {
    before: Option<String>,
    limit: Option<u32>,
    /// Only those that succeeded in this stage.
    succeeded_in: Option<String>,
}

pub(super) async fn list(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<ExecutionList>, Refused> {
    let Query(page) = page?;
    // An unknown pipeline is an error, not an empty list.
    let state = face.orchestrator.state(&caller.tenant, &name).await?;
    let before = page.before.as_deref().map(parse_id).transpose()?;
    let limit = page.limit.unwrap_or(LIST_LIMIT).clamp(1, LIST_LIMIT);
    let store = face.orchestrator.store();
    let rows = match page.succeeded_in {
        None => {
            store
                .executions(&caller.tenant, &name, before, limit)
                .await?
        }
        Some(stage) => {
            known_stage(&state, &stage)?;
            store
                .executions_succeeded_in(&caller.tenant, &name, &stage, before, limit)
                .await?
        }
    };
    let executions = rows.iter().map(summary).collect::<Result<_, _>>()?;
    Ok(Json(ExecutionList { executions }))
}

pub(super) async fn show(
    caller: Caller,
    State(face): State<Face>,
    Path(id): Path<String>,
) -> Result<Json<ExecutionDocument>, Refused> {
    let (_, mut found) = find(&face, &caller, &id).await?;
    let version = found.execution.definition_version;
    let stored = face
        .orchestrator
        .store()
        .definition(&caller.tenant, &found.pipeline, Some(version))
        .await?;
    let mut execution_mode = None;
    if let Some(stored) = stored {
        let definition: Pipeline = detail(&stored.json)?;
        execution_mode = Some(definition.execution_mode);
        // Those of one moment stand as the definition has them.
        found.actions.sort_by_key(|action| {
            let place = place(&definition, &action.stage, &action.action);
            (action.started, place)
        });
        found.rules.sort_by_key(|rule| {
            let place = rule_place(&definition, &rule.stage, rule.condition, &rule.rule);
            (rule.started, place)
        });
    }
    let stages = found
        .stages
        .iter()
        .map(|stage| {
            Ok(StageSummary {
                name: stage.stage.clone(),
                status: stage.status.to_string(),
                updated: stage.updated,
                detail: detail(&stage.json)?,
            })
        })
        .collect::<Result<_, Refused>>()?;
    let actions = found
        .actions
        .iter()
        .map(|action| {
            Ok(ActionSummary {
                action_execution_id: action.id.to_string(),
                stage: action.stage.clone(),
                name: action.action.clone(),
                status: action.status.to_string(),
                started: action.started,
                updated: action.updated,
                detail: detail(&action.json)?,
            })
        })
        .collect::<Result<_, Refused>>()?;
    let rules = found
        .rules
        .iter()
        .map(|rule| {
            Ok(RuleSummary {
                rule_execution_id: rule.id.to_string(),
                stage: rule.stage.clone(),
                condition: rule.condition,
                name: rule.rule.clone(),
                status: rule.status.to_string(),
                started: rule.started,
                updated: rule.updated,
                detail: detail(&rule.json)?,
            })
        })
        .collect::<Result<_, Refused>>()?;
    let execution = summary(&found.execution)?;
    Ok(Json(ExecutionDocument {
        pipeline_name: found.pipeline,
        execution_mode,
        execution,
        stages,
        actions,
        rules,
    }))
}

/// Stage, run order, and place within the stage.
fn place(definition: &Pipeline, stage: &str, action: &str) -> Option<(usize, u32, usize)> {
    let (position, stage) = definition.stage(stage)?;
    let mut actions = stage.actions.iter().enumerate();
    let (index, action) = actions.find(|(_, known)| known.name == action)?;
    Some((position, action.run_order, index))
}

/// Stage, condition, and place within the condition.
fn rule_place(
    definition: &Pipeline,
    stage: &str,
    condition: ConditionType,
    rule: &str,
) -> Option<(usize, ConditionType, usize)> {
    let (position, stage) = definition.stage(stage)?;
    let mut rules = stage
        .conditions(condition)
        .iter()
        .flat_map(|declared| &declared.rules);
    let index = rules.position(|known| known.name == rule)?;
    Some((position, condition, index))
}

/// A stage of the pipeline as it is now: a misspelt one is an error, not an
/// empty list.
fn known_stage(state: &PipelineState, stage: &str) -> Result<(), Refused> {
    let definition = state.definition();
    let stages = || definition.iter().flat_map(|it| &it.stages);
    if stages().any(|known| known.name == stage) {
        return Ok(());
    }
    Err(OrchestratorError::from(Rejected::StageNotFound {
        pipeline: state.name().to_owned(),
        stage: stage.to_owned(),
        stages: stages().map(|known| known.name.clone()).collect(),
    })
    .into())
}

pub(super) async fn find(
    face: &Face,
    caller: &Caller,
    id: &str,
) -> Result<(ExecutionId, ExecutionDetail), Refused> {
    let id = parse_id(id)?;
    let found = face
        .orchestrator
        .store()
        .execution(&caller.tenant, id)
        .await?;
    let found = found.ok_or_else(|| {
        Refused::not_found(
            "PipelineExecutionNotFoundException",
            format!("there is no execution {id}; list a pipeline's executions with: lockgate execution list PIPELINE"),
        )
    })?;
    Ok((id, found))
}

pub(super) fn parse_id(text: &str) -> Result<ExecutionId, Refused> {
    text.parse()
        .map_err(|error| Refused::invalid(format!("execution: {error}")))
}

fn summary(row: &Execution) -> Result<ExecutionSummary, Refused> {
    Ok(ExecutionSummary {
        pipeline_execution_id: row.id.to_string(),
        status: row.status.to_string(),
        pipeline_version: row.definition_version,
        started: row.started,
        updated: row.updated,
        detail: detail(&row.json)?,
    })
}

pub(super) fn detail<T: DeserializeOwned>(json: &str) -> Result<T, Refused> {
    serde_json::from_str(json).map_err(|error| Refused::ours(&error))
}
