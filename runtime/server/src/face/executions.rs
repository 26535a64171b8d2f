//! Executions: started, shown, stopped, retried, approved, and fed live.

use super::Face;
use super::auth::Caller;
use super::path::Path;
use super::refusal::Refused;
use crate::api::{
    ActionSummary, ApprovalAnswer, ApprovalList, ExecutionDocument, ExecutionList,
    ExecutionSummary, FeedEntry, OpenApproval, RetryRequest, StageSummary, StartRequest, Started,
    StopRequest,
};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use lockgate_model::definition::Pipeline;
use lockgate_model::id::{ApprovalToken, ExecutionId};
use lockgate_model::trigger::SourceRevision;
use lockgate_orchestrator::Start;
use lockgate_store::{Execution, ExecutionDetail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::convert::Infallible;

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
        source_revisions: request
            .source_revisions
            .into_iter()
            .map(|(action_name, revision_id)| SourceRevision {
                action_name,
                revision_id,
                revision_type: None,
            })
            .collect(),
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
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    before: Option<String>,
    limit: Option<u32>,
}

pub(super) async fn list(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<ExecutionList>, Refused> {
    let Query(page) = page?;
    // An unknown pipeline is an error, not an empty list.
    face.orchestrator.state(&caller.tenant, &name).await?;
    let before = page.before.as_deref().map(parse_id).transpose()?;
    let limit = page.limit.unwrap_or(LIST_LIMIT).clamp(1, LIST_LIMIT);
    let rows = face
        .orchestrator
        .store()
        .executions(&caller.tenant, &name, before, limit)
        .await?;
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
    if let Some(stored) = stored {
        let definition: Pipeline = detail(&stored.json)?;
        // Those of one moment stand as the definition has them.
        found.actions.sort_by_key(|action| {
            let place = place(&definition, &action.stage, &action.action);
            (action.started, place)
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
    let execution = summary(&found.execution)?;
    Ok(Json(ExecutionDocument {
        pipeline_name: found.pipeline,
        execution,
        stages,
        actions,
    }))
}

/// Stage, run order, and place within the stage.
fn place(definition: &Pipeline, stage: &str, action: &str) -> Option<(usize, u32, usize)> {
    let (position, stage) = definition.stage(stage)?;
    let mut actions = stage.actions.iter().enumerate();
    let (index, action) = actions.find(|(_, known)| known.name == action)?;
    Some((position, action.run_order, index))
}

pub(super) async fn stop(
    caller: Caller,
    State(face): State<Face>,
    Path(id): Path<String>,
    body: Result<Json<StopRequest>, JsonRejection>,
) -> Result<Json<Started>, Refused> {
    let Json(StopRequest { abandon, reason }) = body?;
    let (id, found) = find(&face, &caller, &id).await?;
    face.orchestrator
        .stop_execution(
            &caller.tenant,
            &found.pipeline,
            id,
            abandon,
            reason,
            &caller.principal,
        )
        .await?;
    Ok(Json(Started {
        pipeline_execution_id: id.to_string(),
    }))
}

pub(super) async fn retry(
    caller: Caller,
    State(face): State<Face>,
    Path(id): Path<String>,
    body: Result<Json<RetryRequest>, JsonRejection>,
) -> Result<Json<Started>, Refused> {
    let Json(RetryRequest { stage, mode }) = body?;
    let (id, found) = find(&face, &caller, &id).await?;
    face.orchestrator
        .retry_stage(
            &caller.tenant,
            &found.pipeline,
            id,
            stage,
            mode,
            &caller.principal,
        )
        .await?;
    Ok(Json(Started {
        pipeline_execution_id: id.to_string(),
    }))
}

pub(super) async fn approvals(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
) -> Result<Json<ApprovalList>, Refused> {
    face.orchestrator.state(&caller.tenant, &name).await?;
    let mut rows = face
        .orchestrator
        .store()
        .open_approvals(&caller.tenant, Some(&name))
        .await?;
    // Those of one commit are as old as each other.
    rows.sort_by(|a, b| (a.opened, &a.stage, &a.action).cmp(&(b.opened, &b.stage, &b.action)));
    let approvals = rows
        .into_iter()
        .map(|row| {
            Ok(OpenApproval {
                pipeline_name: row.pipeline,
                pipeline_execution_id: row.execution.to_string(),
                stage: row.stage,
                action: row.action,
                token: row.token.to_string(),
                opened: row.opened,
                detail: detail(&row.json)?,
            })
        })
        .collect::<Result<_, Refused>>()?;
    Ok(Json(ApprovalList { approvals }))
}

pub(super) async fn answer(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
    body: Result<Json<ApprovalAnswer>, JsonRejection>,
) -> Result<Json<serde_json::Value>, Refused> {
    let Json(answer) = body?;
    let token: ApprovalToken = answer
        .token
        .parse()
        .map_err(|error| Refused::invalid(format!("token: {error}")))?;
    face.orchestrator
        .answer_approval(
            &caller.tenant,
            &name,
            answer.stage,
            answer.action,
            token,
            answer.approved,
            answer.summary,
            &caller.principal,
        )
        .await?;
    Ok(Json(serde_json::json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feed {
    #[serde(default)]
    follow: bool,
}

/// Server-sent events (WHATWG HTML, "Server-sent events"), one `FeedEntry` each.
pub(super) async fn feed(
    caller: Caller,
    State(face): State<Face>,
    Path(id): Path<String>,
    query: Result<Query<Feed>, QueryRejection>,
) -> Result<Response, Refused> {
    let Query(Feed { follow }) = query?;
    let (id, _) = find(&face, &caller, &id).await?;
    let reader = face.orchestrator.follow(&caller.tenant, id, follow);
    let stream = futures::stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        let (entry, rest) = match reader.next().await {
            Ok(Some(entry)) => (FeedEntry::from(entry), Some(reader)),
            Ok(None) => return None,
            Err(error) => (
                FeedEntry::Broken {
                    message: error.to_string(),
                },
                None,
            ),
        };
        let json = serde_json::to_string(&entry).unwrap_or_default();
        Some((
            Ok::<_, Infallible>(Bytes::from(format!("data: {json}\n\n"))),
            rest,
        ))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

async fn find(
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

fn parse_id(text: &str) -> Result<ExecutionId, Refused> {
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

fn detail<T: DeserializeOwned>(json: &str) -> Result<T, Refused> {
    serde_json::from_str(json).map_err(|error| Refused::ours(&error))
}
