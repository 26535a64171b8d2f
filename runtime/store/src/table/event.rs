//! `event`: history and outbox.

use super::{execute, find, list, signed, unsigned};
use crate::change::Change;
use crate::record::{Event, StoredEvent};
use lockgate_model::id::{ExecutionId, TenantId};
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, Row, params};

const INSERT: &str = "INSERT INTO event \
    (tenant, pipeline, sequence, kind, execution, stage, action, cause, at, json) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const AFTER: &str = "SELECT sequence, kind, execution, stage, action, cause, at, json FROM event \
    WHERE tenant = $1 AND pipeline = $2 AND sequence > $3 ORDER BY sequence LIMIT $4";
const OF_EXECUTION: &str = "SELECT sequence, kind, execution, stage, action, cause, at, json FROM event \
    WHERE tenant = $1 AND pipeline = $2 AND sequence > $3 AND sequence <= $4 AND execution = $5 \
    ORDER BY sequence LIMIT $6";
const FIRST: &str = "SELECT min(sequence) FROM event WHERE tenant = $1 AND pipeline = $2";
const DELETE: &str = "DELETE FROM event WHERE tenant = $1 AND pipeline = $2 AND sequence <= $3";

/// Appends the change's events.
pub(crate) fn append(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    if change.events.is_empty() {
        return Ok(());
    }
    let mut statement = connection.prepare_cached(INSERT)?;
    let first = change.expected_version.saturating_add(1);
    for (sequence, event) in (first..).zip(&change.events) {
        statement.execute(params![
            change.tenant.as_str(),
            change.pipeline,
            signed(sequence),
            event.kind,
            event.execution.map(|id| id.0),
            event.stage,
            event.action,
            event.cause,
            event.at.0,
            event.json
        ])?;
    }
    Ok(())
}

/// Events after `after`, in order.
pub(crate) fn after(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    after: u64,
    limit: u32,
) -> rusqlite::Result<Vec<StoredEvent>> {
    let tenant = tenant.as_str();
    let after = signed(after);
    list(
        connection,
        AFTER,
        params![tenant, pipeline, after, limit],
        read,
    )
}

/// Events about one execution after `after` and up to `last`, in order.
pub(crate) fn of_execution(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    execution: ExecutionId,
    (after, last): (u64, u64),
    limit: u32,
) -> rusqlite::Result<Vec<StoredEvent>> {
    list(
        connection,
        OF_EXECUTION,
        params![
            tenant.as_str(),
            pipeline,
            signed(after),
            signed(last),
            execution.0,
            limit
        ],
        read,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    Ok(StoredEvent {
        sequence: unsigned(row.get(0)?),
        event: Event {
            kind: row.get(1)?,
            execution: row.get::<_, Option<uuid::Uuid>>(2)?.map(ExecutionId),
            stage: row.get(3)?,
            action: row.get(4)?,
            cause: row.get(5)?,
            at: Timestamp(row.get(6)?),
            json: row.get(7)?,
        },
    })
}

/// Removes the oldest events, at most `limit`; says whether there were any.
pub(crate) fn delete_some(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    limit: u32,
) -> rusqlite::Result<bool> {
    let key = params![tenant.as_str(), pipeline];
    let first: Option<i64> = find(connection, FIRST, key, |row| row.get(0))?.flatten();
    let Some(first) = first else {
        return Ok(false);
    };
    let last = first.saturating_add(i64::from(limit)).saturating_sub(1);
    execute(connection, DELETE, params![tenant.as_str(), pipeline, last])?;
    Ok(true)
}
