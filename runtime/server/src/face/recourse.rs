//! What people do about an execution: stop it, run a stage again, take a stage
//! back, go past a condition.

use super::Face;
use super::auth::Caller;
use super::executions::{find, parse_id};
use super::path::Path;
use super::refusal::Refused;
use crate::api::{OverrideRequest, RetryRequest, RollbackRequest, Started, StopRequest};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;

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

pub(super) async fn rollback(
    caller: Caller,
    State(face): State<Face>,
    Path((name, stage)): Path<(String, String)>,
    body: Result<Json<RollbackRequest>, JsonRejection>,
) -> Result<Json<Started>, Refused> {
    let Json(request) = body?;
    let target = parse_id(&request.target_pipeline_execution_id)?;
    let id = face
        .orchestrator
        .rollback_stage(&caller.tenant, &name, stage, target, &caller.principal)
        .await?;
    Ok(Json(Started {
        pipeline_execution_id: id.to_string(),
    }))
}

pub(super) async fn override_condition(
    caller: Caller,
    State(face): State<Face>,
    Path(id): Path<String>,
    body: Result<Json<OverrideRequest>, JsonRejection>,
) -> Result<Json<Started>, Refused> {
    let Json(OverrideRequest { stage, condition }) = body?;
    let (id, found) = find(&face, &caller, &id).await?;
    face.orchestrator
        .override_condition(
            &caller.tenant,
            &found.pipeline,
            id,
            stage,
            condition,
            &caller.principal,
        )
        .await?;
    Ok(Json(Started {
        pipeline_execution_id: id.to_string(),
    }))
}
