//! `execution`: newest first by id, whose first bits are the time.

use super::{execute, find, list, signed, unsigned, word};
use crate::change::Change;
use crate::record::Execution;
use lockgate_model::id::{ExecutionId, TenantId};
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, Row, params};

const PUT: &str = "INSERT INTO execution (tenant, pipeline, id, status, definition_version, \
    started_at, updated_at, first_event, last_event, json) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
    ON CONFLICT (tenant, pipeline, id) DO UPDATE SET status = excluded.status, \
    definition_version = excluded.definition_version, updated_at = excluded.updated_at, \
    last_event = excluded.last_event, json = excluded.json";
const LIST: &str = "SELECT id, status, definition_version, started_at, updated_at, json \
    FROM execution WHERE tenant = $1 AND pipeline = $2 AND id < $3 ORDER BY id DESC LIMIT $4";
const SUCCEEDED: &str = "SELECT e.id, e.status, e.definition_version, e.started_at, e.updated_at, \
    e.json FROM execution e JOIN stage_execution s \
    ON s.tenant = e.tenant AND s.execution = e.id AND s.stage = $1 AND s.status = 'Succeeded' \
    WHERE e.tenant = $2 AND e.pipeline = $3 AND e.id < $4 ORDER BY e.id DESC LIMIT $5";
const FIND: &str = "SELECT id, status, definition_version, started_at, updated_at, json, \
    pipeline, first_event, last_event FROM execution WHERE tenant = $1 AND id = $2";
const IDS: &str = "SELECT id FROM execution WHERE tenant = $1 AND pipeline = $2 LIMIT $3";
const DELETE: &str = "DELETE FROM execution WHERE tenant = $1 AND pipeline = $2 AND id = $3";

/// An execution and where it belongs.
pub(crate) struct Placed {
    pub(crate) pipeline: String,
    pub(crate) execution: Execution,
    /// Its events have sequence numbers from here…
    pub(crate) first_event: u64,
    /// …to here.
    pub(crate) last_event: u64,
}

/// Makes or replaces the change's executions.
pub(crate) fn put(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    for execution in &change.executions {
        execute(
            connection,
            PUT,
            params![
                change.tenant.as_str(),
                change.pipeline,
                execution.id.0,
                execution.status.as_str(),
                execution.definition_version,
                execution.started.0,
                execution.updated.0,
                signed(change.expected_version.saturating_add(1)),
                signed(change.new_version()),
                execution.json
            ],
        )?;
    }
    Ok(())
}

/// Newest first, those before `before`.
pub(crate) fn before(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    before: Option<ExecutionId>,
    limit: u32,
) -> rusqlite::Result<Vec<Execution>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    list(
        connection,
        LIST,
        params![tenant.as_str(), pipeline, before, limit],
        read,
    )
}

/// Newest first, those before `before` that succeeded in the stage.
pub(crate) fn succeeded_in(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    stage: &str,
    before: Option<ExecutionId>,
    limit: u32,
) -> rusqlite::Result<Vec<Execution>> {
    let before = before.map_or(uuid::Uuid::max(), |id| id.0);
    list(
        connection,
        SUCCEEDED,
        params![stage, tenant.as_str(), pipeline, before, limit],
        read,
    )
}

/// The one of this id.
pub(crate) fn get(
    connection: &Connection,
    tenant: &TenantId,
    id: ExecutionId,
) -> rusqlite::Result<Option<Placed>> {
    find(connection, FIND, params![tenant.as_str(), id.0], |row| {
        Ok(Placed {
            execution: read(row)?,
            pipeline: row.get(6)?,
            first_event: unsigned(row.get(7)?),
            last_event: unsigned(row.get(8)?),
        })
    })
}

fn read(row: &Row<'_>) -> rusqlite::Result<Execution> {
    Ok(Execution {
        id: ExecutionId(row.get(0)?),
        status: word(row, 1)?,
        definition_version: row.get(2)?,
        started: Timestamp(row.get(3)?),
        updated: Timestamp(row.get(4)?),
        json: row.get(5)?,
    })
}

/// Some of a pipeline's executions.
pub(crate) fn some_ids(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    limit: u32,
) -> rusqlite::Result<Vec<ExecutionId>> {
    list(
        connection,
        IDS,
        params![tenant.as_str(), pipeline, limit],
        |row| Ok(ExecutionId(row.get(0)?)),
    )
}

/// Removes one.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    id: ExecutionId,
) -> rusqlite::Result<()> {
    execute(connection, DELETE, params![tenant.as_str(), pipeline, id.0])?;
    Ok(())
}
