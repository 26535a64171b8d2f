//! Starting an execution, once for each token. Asked for by faces through the
//! orchestrator's handle, and by schedules.

use crate::error::OrchestratorError;
use crate::orchestrator::{Start, answered, request};
use crate::owners::Key;
use crate::shared::Shared;
use lockgate_execution::Command;
use lockgate_model::id::{ExecutionId, Principal, TenantId};
use lockgate_store::{Idempotency, StoreError};

/// Starts an execution and returns its id; with a token that was used, the id
/// that was returned then.
pub(crate) async fn start_execution(
    shared: &Shared,
    tenant: &TenantId,
    name: &str,
    start: Start,
    by: &Principal,
) -> Result<ExecutionId, OrchestratorError> {
    let id = ExecutionId(uuid::Uuid::now_v7());
    let token = start
        .token
        .map(|token| format!("StartPipelineExecution {name} {token}"));
    // Asked before the core, which may have room for no other execution.
    if let Some(token) = &token
        && let Some(known) = started_with(shared, tenant, token).await?
    {
        return Ok(known);
    }
    let idempotency = token.clone().map(|token| Idempotency {
        token,
        result: id.to_string(),
    });
    let command = Command::StartExecution {
        id,
        trigger: start.trigger,
        variables: start.variables,
        source_revisions: start.source_revisions,
    };
    let (message, answer) = request(by, command, idempotency);
    let key: Key = (tenant.clone(), name.to_owned());
    shared.owners.send(&key, message)?;
    match (answered(answer).await?, token) {
        (Ok(()), _) => Ok(id),
        // Somebody sent the same at the same time.
        (Err(OrchestratorError::Store(StoreError::TokenUsed { .. })), Some(token)) => {
            let known = started_with(shared, tenant, &token).await?;
            known.ok_or_else(|| {
                StoreError::Contradiction("a used token has no execution".into()).into()
            })
        }
        (Err(error), _) => Err(error),
    }
}

async fn started_with(
    shared: &Shared,
    tenant: &TenantId,
    token: &str,
) -> Result<Option<ExecutionId>, OrchestratorError> {
    let known = shared.store.idempotent_result(tenant, token).await?;
    Ok(known.and_then(|id| id.parse().ok()))
}
