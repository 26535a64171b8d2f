//! Notification rules: who is told of which events.

use super::Face;
use super::auth::Caller;
use super::path::Path;
use super::refusal::Refused;
use crate::api::NotificationRuleList;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use lockgate_orchestrator::{NotificationRule, NotificationRuleView, NotificationTest};

type Body = Result<Json<NotificationRule>, JsonRejection>;

pub(super) async fn list(
    caller: Caller,
    State(face): State<Face>,
) -> Result<Json<NotificationRuleList>, Refused> {
    let rules = face.orchestrator.notification_rules(&caller.tenant).await?;
    Ok(Json(NotificationRuleList {
        notification_rules: rules,
    }))
}

pub(super) async fn create(
    caller: Caller,
    State(face): State<Face>,
    body: Body,
) -> Result<Json<NotificationRuleView>, Refused> {
    let Json(rule) = body?;
    let made = face
        .orchestrator
        .create_notification_rule(&caller.tenant, rule, &caller.principal)
        .await?;
    Ok(Json(made))
}

pub(super) async fn show(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
) -> Result<Json<NotificationRuleView>, Refused> {
    let rule = face.orchestrator.notification_rule(&caller.tenant, &name);
    Ok(Json(rule.await?))
}

pub(super) async fn update(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
    body: Body,
) -> Result<Json<NotificationRuleView>, Refused> {
    let Json(rule) = body?;
    super::path::same_name(&name, &rule.name)?;
    let changed = face
        .orchestrator
        .update_notification_rule(&caller.tenant, rule)
        .await?;
    Ok(Json(changed))
}

pub(super) async fn delete(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
) -> Result<Json<serde_json::Value>, Refused> {
    face.orchestrator
        .delete_notification_rule(&caller.tenant, &name)
        .await?;
    Ok(Json(serde_json::json!({})))
}

pub(super) async fn test(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
) -> Result<Json<NotificationTest>, Refused> {
    let test = face
        .orchestrator
        .test_notification_rule(&caller.tenant, &name)
        .await?;
    Ok(Json(test))
}
