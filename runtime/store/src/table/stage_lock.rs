//! `stage_lock`: which execution is inside a stage.

use super::{execute, list};
use crate::change::Change;
use crate::record::StageLock;
use lockgate_model::id::{ExecutionId, TenantId};
use rusqlite::{Connection, params};

const PUT: &str = "INSERT INTO stage_lock (tenant, pipeline, stage, execution) \
    VALUES ($1, $2, $3, $4) \
    ON CONFLICT (tenant, pipeline, stage) DO UPDATE SET execution = excluded.execution";
const RELEASE: &str = "DELETE FROM stage_lock WHERE tenant = $1 AND pipeline = $2 AND stage = $3";
const LIST: &str = "SELECT stage, execution FROM stage_lock WHERE tenant = $1 AND pipeline = $2";
const DELETE: &str = "DELETE FROM stage_lock WHERE tenant = $1 AND pipeline = $2";

/// Takes and frees the change's stages.
pub(crate) fn put(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    let tenant = change.tenant.as_str();
    for lock in &change.stage_locks {
        match lock.holder {
            Some(holder) => execute(
                connection,
                PUT,
                params![tenant, change.pipeline, lock.stage, holder.0],
            )?,
            None => execute(
                connection,
                RELEASE,
                params![tenant, change.pipeline, lock.stage],
            )?,
        };
    }
    Ok(())
}

/// The stages that are taken.
pub(crate) fn of_pipeline(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
) -> rusqlite::Result<Vec<StageLock>> {
    list(
        connection,
        LIST,
        params![tenant.as_str(), pipeline],
        |row| {
            Ok(StageLock {
                stage: row.get(0)?,
                holder: Some(ExecutionId(row.get(1)?)),
            })
        },
    )
}

/// Frees them all.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
) -> rusqlite::Result<()> {
    execute(connection, DELETE, params![tenant.as_str(), pipeline])?;
    Ok(())
}
