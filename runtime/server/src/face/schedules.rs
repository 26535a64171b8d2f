//! Schedules: pipelines that start by the clock.

use super::Face;
use super::auth::Caller;
use super::path::Path;
use super::refusal::Refused;
use crate::api::ScheduleList;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use lockgate_orchestrator::{Schedule, ScheduleView};

type Body = Result<Json<Schedule>, JsonRejection>;

pub(super) async fn list(
    caller: Caller,
    State(face): State<Face>,
) -> Result<Json<ScheduleList>, Refused> {
    let schedules = face.orchestrator.schedules(&caller.tenant).await?;
    Ok(Json(ScheduleList { schedules }))
}

pub(super) async fn create(
    caller: Caller,
    State(face): State<Face>,
    body: Body,
) -> Result<Json<ScheduleView>, Refused> {
    let Json(schedule) = body?;
    let made = face
        .orchestrator
        .create_schedule(&caller.tenant, schedule, &caller.principal)
        .await?;
    Ok(Json(made))
}

pub(super) async fn show(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, Refused> {
    let schedule = face.orchestrator.schedule(&caller.tenant, &name).await?;
    Ok(Json(schedule))
}

pub(super) async fn update(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
    body: Body,
) -> Result<Json<ScheduleView>, Refused> {
    let Json(schedule) = body?;
    super::path::same_name(&name, &schedule.name)?;
    let changed = face
        .orchestrator
        .update_schedule(&caller.tenant, schedule)
        .await?;
    Ok(Json(changed))
}

pub(super) async fn delete(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
) -> Result<Json<serde_json::Value>, Refused> {
    face.orchestrator
        .delete_schedule(&caller.tenant, &name)
        .await?;
    Ok(Json(serde_json::json!({})))
}

pub(super) async fn enable(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, Refused> {
    switch(&caller, &face, &name, true).await
}

pub(super) async fn disable(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
) -> Result<Json<ScheduleView>, Refused> {
    switch(&caller, &face, &name, false).await
}

async fn switch(
    caller: &Caller,
    face: &Face,
    name: &str,
    enabled: bool,
) -> Result<Json<ScheduleView>, Refused> {
    let schedule = face
        .orchestrator
        .enable_schedule(&caller.tenant, name, enabled)
        .await?;
    Ok(Json(schedule))
}
