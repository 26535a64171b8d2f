//! Questions and their answers: why, why not, what would start, and where
//! webhooks are delivered to. Nothing here changes anything.

use super::Face;
use super::auth::Caller;
use super::executions::find;
use super::path::Path;
use super::refusal::Refused;
use crate::api::{ExplainRequest, Explanations, WebhookDocument};
use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use lockgate_execution::Rejected;
use lockgate_execution::why::{Answer, Question, RevisionAnswer};
use lockgate_model::action_type::Category;
use lockgate_model::definition::{Action, Pipeline};
use lockgate_orchestrator::{Asked, Delivery, OrchestratorError, Runner};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    stage: Option<String>,
    action: Option<String>,
}

pub(super) async fn why(
    caller: Caller,
    State(face): State<Face>,
    Path(id): Path<String>,
    part: Result<Query<Part>, QueryRejection>,
) -> Result<Json<Answer>, Refused> {
    let Query(part) = part?;
    let (execution, found) = find(&face, &caller, &id).await?;
    let question = match (part.stage, part.action) {
        (None, None) => Question::Execution { execution },
        (Some(stage), None) => Question::Stage { execution, stage },
        (Some(stage), Some(action)) => Question::Action {
            execution,
            stage,
            action,
        },
        (None, Some(action)) => {
            return Err(Refused::invalid(format!(
                "action: '{action}' is in a stage; name that as well"
            )));
        }
    };
    let answer = face
        .orchestrator
        .why(&caller.tenant, &found.pipeline, &question)
        .await?;
    if answer.found {
        return Ok(Json(answer));
    }
    let kind = match question {
        Question::Execution { .. } => "PipelineExecutionNotFoundException",
        Question::Stage { .. } => "StageNotFoundException",
        Question::Action { .. } => "ActionNotFoundException",
    };
    Err(Refused::not_found(kind, answer.now.sentence))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revision {
    revision: String,
}

pub(super) async fn why_not(
    caller: Caller,
    State(face): State<Face>,
    Path(name): Path<String>,
    revision: Result<Query<Revision>, QueryRejection>,
) -> Result<Json<RevisionAnswer>, Refused> {
    let Query(Revision { revision }) = revision?;
    let answer = face
        .orchestrator
        .why_not(&caller.tenant, &name, &revision)
        .await?;
    Ok(Json(answer))
}

pub(super) async fn trigger(
    caller: Caller,
    State(face): State<Face>,
    body: Result<Json<ExplainRequest>, JsonRejection>,
) -> Result<Json<Explanations>, Refused> {
    let Json(request) = body?;
    let asked = Asked {
        pipeline: request.pipeline,
        source_action: request.source_action,
    };
    let orchestrator = &face.orchestrator;
    let explanations = match (request.change, request.delivery) {
        (Some(change), None) => {
            orchestrator
                .explain_change(&caller.tenant, &asked, &change)
                .await?
        }
        (None, Some(given)) => {
            let delivery = Delivery {
                method: "POST".to_owned(),
                headers: given.headers,
                body: given.body.into_bytes().into(),
            };
            orchestrator
                .explain_delivery(&caller.tenant, &asked, &delivery, given.verify)
                .await?
        }
        _ => {
            return Err(Refused::invalid(
                "give either 'change' or 'delivery', and not both",
            ));
        }
    };
    if explanations.is_empty()
        && let Some(action) = &asked.source_action
    {
        let place = match &asked.pipeline {
            Some(name) => format!("pipeline '{name}' has"),
            None => "no pipeline has".to_owned(),
        };
        let no = if asked.pipeline.is_some() { "no" } else { "a" };
        return Err(Refused::not_found(
            "ActionNotFoundException",
            format!("{place} {no} source action '{action}'; leave it out to ask all sources"),
        ));
    }
    Ok(Json(Explanations { explanations }))
}

pub(super) async fn webhook(
    caller: Caller,
    State(face): State<Face>,
    Path((name, action)): Path<(String, String)>,
) -> Result<Json<WebhookDocument>, Refused> {
    let state = face.orchestrator.state(&caller.tenant, &name).await?;
    let definition = state.definition().ok_or_else(|| {
        OrchestratorError::from(Rejected::PipelineNotFound { name: name.clone() })
    })?;
    let Some(source) = sources(definition).find(|source| source.name == action) else {
        let names: Vec<&str> = sources(definition).map(|it| it.name.as_str()).collect();
        return Err(Refused::not_found(
            "ActionNotFoundException",
            format!(
                "pipeline '{name}' has no source action '{action}'; its source actions are {}",
                names.join(", ")
            ),
        ));
    };
    if !face
        .plugins
        .can_receive(&caller.tenant, &source.action_type_id)
    {
        return Err(Refused::invalid(format!(
            "provider {} of source action '{action}' takes no webhook deliveries, or is not granted what it needs; the source is polled instead",
            source.action_type_id
        )));
    }
    let address = face.orchestrator.settings().address.clone();
    let url = format!(
        "{}/webhooks/{}/{}/{}",
        address.as_deref().unwrap_or_default().trim_end_matches('/'),
        caller.tenant,
        crate::cli::client::segment(&name),
        crate::cli::client::segment(&action)
    );
    let secret = source.configuration.get("WebhookSecret").cloned();
    let unsigned = source
        .configuration
        .get("WebhookUnauthenticated")
        .is_some_and(|value| value == "true");
    let mut notes = vec![];
    if secret.is_none() {
        notes.push(if unsigned {
            "the action takes deliveries that nobody signed: whoever knows the address can start the pipeline".to_owned()
        } else {
            "the action names no WebhookSecret, so deliveries are refused; add it to its configuration, naming a secret that the server holds".to_owned()
        });
    }
    if let Some(address) = address
        && ["http://127.", "http://localhost", "http://[::1]"]
            .iter()
            .any(|own| address.starts_with(own))
    {
        notes.push(
            "the address is of this machine alone; give 'serve' --public-url with the one that the forge reaches"
                .to_owned(),
        );
    }
    let filters = definition
        .triggers
        .iter()
        .map(|trigger| &trigger.git_configuration)
        .find(|filters| filters.source_action_name == action);
    let pull_requests = filters.is_some_and(|filters| !filters.pull_request.is_empty());
    let pushes = !pull_requests || filters.is_some_and(|filters| !filters.push.is_empty());
    Ok(Json(WebhookDocument {
        pipeline_name: name,
        source_action: action,
        url,
        secret,
        pushes,
        pull_requests,
        notes,
    }))
}

fn sources(definition: &Pipeline) -> impl Iterator<Item = &Action> {
    definition
        .stages
        .iter()
        .flat_map(|stage| &stage.actions)
        .filter(|action| action.action_type_id.category == Category::Source)
}
