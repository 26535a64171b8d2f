//! `approval`: questions to people, open and answered.

use super::{execute, list};
use crate::change::Change;
use crate::record::Approval;
use lockgate_model::id::{ActionExecutionId, ApprovalToken, ExecutionId, TenantId};
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, params};

const PUT: &str = "INSERT INTO approval (tenant, execution, token, pipeline, action_execution, \
    stage, action, opened_at, closed_at, json) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
    ON CONFLICT (tenant, execution, token) DO UPDATE SET closed_at = excluded.closed_at, \
    json = excluded.json";
const OPEN: &str = "SELECT execution, token, pipeline, action_execution, stage, action, \
    opened_at, json FROM approval WHERE tenant = $1 AND closed_at IS NULL \
    AND ($2 = '' OR pipeline = $2) ORDER BY opened_at";
const DELETE: &str = "DELETE FROM approval WHERE tenant = $1 AND execution = $2";

/// Makes or replaces the change's approvals.
pub(crate) fn put(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    for approval in &change.approvals {
        execute(
            connection,
            PUT,
            params![
                change.tenant.as_str(),
                approval.execution.0,
                approval.token.0,
                change.pipeline,
                approval.action_execution.0,
                approval.stage,
                approval.action,
                approval.opened.0,
                approval.closed.map(|at| at.0),
                approval.json
            ],
        )?;
    }
    Ok(())
}

/// Those that wait, oldest first; of every pipeline where none is named.
pub(crate) fn open(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: Option<&str>,
) -> rusqlite::Result<Vec<Approval>> {
    let pipeline = pipeline.unwrap_or("");
    list(
        connection,
        OPEN,
        params![tenant.as_str(), pipeline],
        |row| {
            Ok(Approval {
                execution: ExecutionId(row.get(0)?),
                token: ApprovalToken(row.get(1)?),
                pipeline: row.get(2)?,
                action_execution: ActionExecutionId(row.get(3)?),
                stage: row.get(4)?,
                action: row.get(5)?,
                opened: Timestamp(row.get(6)?),
                closed: None,
                json: row.get(7)?,
            })
        },
    )
}

/// Removes an execution's approvals.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    execution: ExecutionId,
) -> rusqlite::Result<()> {
    execute(connection, DELETE, params![tenant.as_str(), execution.0])?;
    Ok(())
}
