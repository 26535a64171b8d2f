//! `action_execution`: one row for each action that an execution has started.

use super::{execute, list, word};
use crate::change::Change;
use crate::record::ActionExecution;
use lockgate_model::id::{ActionExecutionId, ExecutionId, TenantId};
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, params};

const PUT: &str = "INSERT INTO action_execution \
    (tenant, execution, id, stage, action, status, started_at, updated_at, json) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
    ON CONFLICT (tenant, execution, id) DO UPDATE SET status = excluded.status, \
    updated_at = excluded.updated_at, json = excluded.json";
const LIST: &str = "SELECT id, stage, action, status, started_at, updated_at, json \
    FROM action_execution WHERE tenant = $1 AND execution = $2 ORDER BY started_at, id";
const DELETE: &str = "DELETE FROM action_execution WHERE tenant = $1 AND execution = $2";

/// Makes or replaces the change's actions.
pub(crate) fn put(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    for action in &change.actions {
        execute(
            connection,
            PUT,
            params![
                change.tenant.as_str(),
                action.execution.0,
                action.id.0,
                action.stage,
                action.action,
                action.status.as_str(),
                action.started.0,
                action.updated.0,
                action.json
            ],
        )?;
    }
    Ok(())
}

/// An execution's actions in the order they started.
pub(crate) fn of_execution(
    connection: &Connection,
    tenant: &TenantId,
    execution: ExecutionId,
) -> rusqlite::Result<Vec<ActionExecution>> {
    list(
        connection,
        LIST,
        params![tenant.as_str(), execution.0],
        |row| {
            Ok(ActionExecution {
                id: ActionExecutionId(row.get(0)?),
                execution,
                stage: row.get(1)?,
                action: row.get(2)?,
                status: word(row, 3)?,
                started: Timestamp(row.get(4)?),
                updated: Timestamp(row.get(5)?),
                json: row.get(6)?,
            })
        },
    )
}

/// Removes an execution's actions.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    execution: ExecutionId,
) -> rusqlite::Result<()> {
    execute(connection, DELETE, params![tenant.as_str(), execution.0])?;
    Ok(())
}
