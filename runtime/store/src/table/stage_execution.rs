//! `stage_execution`: one row for each stage that an execution has entered.

use super::{execute, list, word};
use crate::change::Change;
use crate::record::StageExecution;
use lockgate_model::id::{ExecutionId, TenantId};
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, params};

const PUT: &str = "INSERT INTO stage_execution \
    (tenant, execution, stage, position, status, updated_at, json) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) \
    ON CONFLICT (tenant, execution, stage) DO UPDATE SET position = excluded.position, \
    status = excluded.status, updated_at = excluded.updated_at, json = excluded.json";
const LIST: &str = "SELECT stage, position, status, updated_at, json FROM stage_execution \
    WHERE tenant = $1 AND execution = $2 ORDER BY position";
const DELETE: &str = "DELETE FROM stage_execution WHERE tenant = $1 AND execution = $2";

/// Makes or replaces the change's stages.
pub(crate) fn put(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    for stage in &change.stages {
        execute(
            connection,
            PUT,
            params![
                change.tenant.as_str(),
                stage.execution.0,
                stage.stage,
                stage.position,
                stage.status.as_str(),
                stage.updated.0,
                stage.json
            ],
        )?;
    }
    Ok(())
}

/// An execution's stages by position.
pub(crate) fn of_execution(
    connection: &Connection,
    tenant: &TenantId,
    execution: ExecutionId,
) -> rusqlite::Result<Vec<StageExecution>> {
    list(
        connection,
        LIST,
        params![tenant.as_str(), execution.0],
        |row| {
            Ok(StageExecution {
                execution,
                stage: row.get(0)?,
                position: row.get(1)?,
                status: word(row, 2)?,
                updated: Timestamp(row.get(3)?),
                json: row.get(4)?,
            })
        },
    )
}

/// Removes an execution's stages.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    execution: ExecutionId,
) -> rusqlite::Result<()> {
    execute(connection, DELETE, params![tenant.as_str(), execution.0])?;
    Ok(())
}
