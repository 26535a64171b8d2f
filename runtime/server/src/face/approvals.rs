//! Manual approvals: listed and answered.

use super::Face;
use super::auth::Caller;
use super::executions::detail;
use super::path::Path;
use super::refusal::Refused;
use crate::api::{ApprovalAnswer, ApprovalList, OpenApproval};
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use lockgate_model::id::ApprovalToken;

pub(super) async fn list(
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
