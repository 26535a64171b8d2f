//! Webhook deliveries, `/webhooks/<account>/<pipeline>/<source action>`. Anybody
//! can send one: whether it is genuine the source component says, by its
//! signature. Whoever is not genuine learns nothing of what there is.

use super::Face;
use super::path::Path;
use super::refusal::Refused;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use lockgate_model::id::TenantId;
use lockgate_model::job::FailureType;
use lockgate_orchestrator::{Delivery, DeliveryError, JudgedChange};
use serde::Serialize;

/// A larger delivery is refused unread: no source component is given more.
pub(super) const BODY_LIMIT: usize = 12 << 20;

/// What a delivery led to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivered {
    /// What it announces; none where it is of no interest.
    summary: Option<String>,
    changes: Vec<Change>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    revision: String,
    /// None where the pipeline's triggers do not let the change pass.
    pipeline_execution_id: Option<String>,
}

impl From<JudgedChange> for Change {
    fn from(judged: JudgedChange) -> Self {
        Self {
            revision: judged.change.revision.id,
            pipeline_execution_id: judged.execution.map(|id| id.to_string()),
        }
    }
}

pub(super) async fn deliver(
    State(face): State<Face>,
    Path((account, pipeline, action)): Path<(String, String, String)>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Delivered>, Refused> {
    let tenant: TenantId = account.parse().map_err(|_| no_source())?;
    let delivery = Delivery {
        method: method.to_string(),
        headers: headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.to_string(), value)
            })
            .collect(),
        body: body.as_ref().into(),
    };
    let delivered = face
        .orchestrator
        .deliver(&tenant, &pipeline, &action, delivery)
        .await
        .map_err(refused)?;
    Ok(Json(Delivered {
        summary: delivered.summary,
        changes: delivered.changes.into_iter().map(Change::from).collect(),
    }))
}

fn refused(error: DeliveryError) -> Refused {
    match error {
        DeliveryError::NoSource => no_source(),
        DeliveryError::Refused(failure) => match failure.kind {
            FailureType::PermissionError => Refused::forbidden(failure.message),
            FailureType::SystemUnavailable => Refused::ours(&failure.message),
            _ => Refused::invalid(failure.message),
        },
        DeliveryError::Failed(error) => error.into(),
    }
}

fn no_source() -> Refused {
    Refused::not_found(
        "WebhookNotFoundException",
        DeliveryError::NoSource.to_string(),
    )
}
