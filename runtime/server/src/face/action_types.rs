//! Custom action types: what a tenant's own job workers do.

use super::Face;
use super::auth::Caller;
use super::path::Path;
use super::refusal::Refused;
use crate::api::ActionTypeList;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_orchestrator::{CustomActionType, CustomActionTypeView};

pub(super) async fn list(
    caller: Caller,
    State(face): State<Face>,
) -> Result<Json<ActionTypeList>, Refused> {
    Ok(Json(ActionTypeList {
        action_types: face.orchestrator.action_types(&caller.tenant),
    }))
}

pub(super) async fn create(
    caller: Caller,
    State(face): State<Face>,
    body: Result<Json<CustomActionType>, JsonRejection>,
) -> Result<Json<CustomActionTypeView>, Refused> {
    let Json(made) = body?;
    let made = face
        .orchestrator
        .create_action_type(&caller.tenant, made)
        .await?;
    Ok(Json(made))
}

pub(super) async fn delete(
    caller: Caller,
    State(face): State<Face>,
    Path((category, provider, version)): Path<(String, String, String)>,
) -> Result<Json<serde_json::Value>, Refused> {
    let known = Category::ACTIONS
        .into_iter()
        .find(|known| known.as_str() == category);
    let Some(category) = known else {
        return Err(Refused::invalid(format!(
            "category: '{category}' is none; write one of {}",
            Category::ACTIONS.map(Category::as_str).join(", ")
        )));
    };
    let id = ActionTypeId {
        category,
        owner: "Custom".to_owned(),
        provider,
        version,
    };
    face.orchestrator
        .delete_action_type(&caller.tenant, &id)
        .await?;
    Ok(Json(serde_json::json!({})))
}
