//! `artifact`: what actions made, for lists. The content lives elsewhere.

use super::{execute, list, parse};
use crate::change::Change;
use crate::record::ArtifactRecord;
use lockgate_model::id::{ActionExecutionId, ExecutionId, TenantId};
use rusqlite::{Connection, params};

const PUT: &str = "INSERT INTO artifact \
    (tenant, execution, action_execution, name, digest, json) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (tenant, execution, action_execution, name) DO UPDATE SET \
    digest = excluded.digest, json = excluded.json";
const LIST: &str = "SELECT action_execution, name, digest, json FROM artifact \
    WHERE tenant = $1 AND execution = $2 ORDER BY action_execution, name";
const DELETE: &str = "DELETE FROM artifact WHERE tenant = $1 AND execution = $2";

/// Adds the change's artifacts.
pub(crate) fn put(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    for artifact in &change.artifacts {
        execute(
            connection,
            PUT,
            params![
                change.tenant.as_str(),
                artifact.execution.0,
                artifact.action_execution.0,
                artifact.name,
                artifact.digest.to_string(),
                artifact.json
            ],
        )?;
    }
    Ok(())
}

/// What an execution's actions made.
pub(crate) fn of_execution(
    connection: &Connection,
    tenant: &TenantId,
    execution: ExecutionId,
) -> rusqlite::Result<Vec<ArtifactRecord>> {
    list(
        connection,
        LIST,
        params![tenant.as_str(), execution.0],
        |row| {
            Ok(ArtifactRecord {
                execution,
                action_execution: ActionExecutionId(row.get(0)?),
                name: row.get(1)?,
                digest: parse(2, row.get::<_, String>(2)?.parse())?,
                json: row.get(3)?,
            })
        },
    )
}

/// Removes an execution's artifacts from the list.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    execution: ExecutionId,
) -> rusqlite::Result<()> {
    execute(connection, DELETE, params![tenant.as_str(), execution.0])?;
    Ok(())
}
