//! Pipelines: definitions in and out, and their versions.

use super::Face;
use super::auth::Caller;
use super::path::Path;
use super::refusal::Refused;
use crate::api::{
    Created, PipelineDocument, PipelineList, PipelineMetadata, PipelineSummary, PipelineVersion,
    PipelineVersionList,
};
use axum::Json;
use axum::extract::rejection::{QueryRejection, StringRejection};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use lockgate_model::definition::{Format, Pipeline, load, masked};
use lockgate_model::trigger::{Cause, Trigger, TriggerType};
use lockgate_orchestrator::{OrchestratorError, Start};
use serde::Deserialize;

/// The most pipelines in one answer.
const LIST_LIMIT: u32 = 1000;
/// The most versions in one answer.
const VERSION_LIMIT: u32 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    after: Option<String>,
    limit: Option<u32>,
}

pub(super) async fn list(
    caller: Caller,
    State(face): State<Face>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<PipelineList>, Refused> {
    let Query(page) = page?;
    let limit = page.limit.unwrap_or(LIST_LIMIT).clamp(1, LIST_LIMIT);
    let store = face.orchestrator.store();
    let rows = store
        .list_pipelines(&caller.tenant, page.after.as_deref(), limit)
        .await?;
    let pipelines = rows
        .into_iter()
        .map(|row| PipelineSummary {
            name: row.pipeline,
            version: row.definition_version,
            created: row.created,
            updated: row.updated,
        })
        .collect();
    Ok(Json(PipelineList { pipelines }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Versions {
    before: Option<u32>,
    limit: Option<u32>,
}

pub(super) async fn versions(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
    page: Result<Query<Versions>, QueryRejection>,
) -> Result<Json<PipelineVersionList>, Refused> {
    let Query(page) = page?;
    let state = face.orchestrator.state(&caller.tenant, &name).await?;
    let current = state.definition().map(|definition| definition.version);
    let limit = page.limit.unwrap_or(VERSION_LIMIT).clamp(1, VERSION_LIMIT);
    let store = face.orchestrator.store();
    let rows = store
        .definition_versions(&caller.tenant, &name, page.before, limit)
        .await?;
    let versions = rows
        .into_iter()
        .map(|row| PipelineVersion {
            version: row.version,
            created: row.at,
            created_by: row
                .cause
                .and_then(|cause| serde_json::from_str::<Cause>(&cause).ok())
                .map(|cause| cause.by.to_string()),
            current: Some(row.version) == current,
        })
        .collect();
    Ok(Json(PipelineVersionList { versions }))
}

pub(super) async fn create(
    caller: Caller,
    State(face): State<Face>,
    headers: HeaderMap,
    body: Result<String, StringRejection>,
) -> Result<Json<Created>, Refused> {
    let definition = definition(&face, &caller, &headers, &body?)?;
    let name = definition.name.clone();
    let orchestrator = &face.orchestrator;
    orchestrator
        .create_pipeline(&caller.tenant, definition, &caller.principal)
        .await?;
    // As CodePipeline does; a pipeline that needs values for its variables
    // cannot start by itself.
    let start = Start {
        trigger: Trigger {
            trigger_type: TriggerType::CreatePipeline,
            trigger_detail: caller.principal.to_string(),
        },
        ..Start::by(&caller.principal)
    };
    let started = orchestrator
        .start_execution(&caller.tenant, &name, start, &caller.principal)
        .await;
    let (pipeline_execution_id, not_started) = match started {
        Ok(id) => (Some(id.to_string()), None),
        Err(OrchestratorError::Rejected(rejected)) => (None, Some(rejected.to_string())),
        Err(error) => return Err(error.into()),
    };
    Ok(Json(Created {
        name,
        version: 1,
        pipeline_execution_id,
        not_started,
    }))
}

pub(super) async fn update(
    caller: Caller,
    State(face): State<Face>,
    headers: HeaderMap,
    body: Result<String, StringRejection>,
) -> Result<Json<Created>, Refused> {
    let definition = definition(&face, &caller, &headers, &body?)?;
    let name = definition.name.clone();
    face.orchestrator
        .update_pipeline(&caller.tenant, definition, &caller.principal)
        .await?;
    let state = face.orchestrator.state(&caller.tenant, &name).await?;
    let version = state
        .definition()
        .map_or(0, |definition| definition.version);
    Ok(Json(Created {
        name,
        version,
        pipeline_execution_id: None,
        not_started: None,
    }))
}

fn definition(
    face: &Face,
    caller: &Caller,
    headers: &HeaderMap,
    body: &str,
) -> Result<Pipeline, Refused> {
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let format = match media_type.map(|text| text.split(';').next().unwrap_or(text).trim()) {
        Some("application/json") => Format::Json,
        Some("application/toml") => Format::Toml,
        other => {
            return Err(Refused::invalid(format!(
                "Content-Type '{}': send a definition as application/json or application/toml",
                other.unwrap_or_default()
            )));
        }
    };
    load(body, format, &face.orchestrator.catalogue(&caller.tenant))
        .map_err(|problems| Refused::definition(&problems))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Version {
    version: Option<u32>,
}

pub(super) async fn show(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
    version: Result<Query<Version>, QueryRejection>,
) -> Result<Json<PipelineDocument>, Refused> {
    let Query(Version { version }) = version?;
    let state = face.orchestrator.state(&caller.tenant, &name).await?;
    let stored = face
        .orchestrator
        .store()
        .definition(&caller.tenant, &name, version)
        .await?;
    let Some(stored) = stored else {
        let version = version.map_or_else(|| "newest".to_owned(), |version| version.to_string());
        return Err(Refused::not_found(
            "PipelineVersionNotFoundException",
            format!("pipeline '{name}' has no version {version}; its versions begin with 1"),
        ));
    };
    let pipeline: Pipeline =
        serde_json::from_str(&stored.json).map_err(|error| Refused::ours(&error))?;
    let pipeline = masked(&pipeline, &face.orchestrator.catalogue(&caller.tenant));
    let metadata = PipelineMetadata {
        pipeline_arn: format!(
            "arn:aws:codepipeline:{}:{}:{name}",
            face.orchestrator.region(),
            caller.tenant
        ),
        created: state.created(),
        updated: stored.at,
    };
    Ok(Json(PipelineDocument { pipeline, metadata }))
}

pub(super) async fn delete(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
) -> Result<Json<serde_json::Value>, Refused> {
    face.orchestrator
        .delete_pipeline(&caller.tenant, &name, &caller.principal)
        .await?;
    Ok(Json(serde_json::json!({})))
}
