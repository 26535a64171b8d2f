//! `source_cursor` and `event_cursor`: how far somebody has read.

use super::{execute, list, parse, signed, unsigned};
use crate::change::Change;
use crate::record::{OutboxPosition, SourceCursor};
use lockgate_model::id::TenantId;
use rusqlite::{Connection, params};

const PUT: &str = "INSERT INTO source_cursor (tenant, pipeline, source, cursor) \
    VALUES ($1, $2, $3, $4) \
    ON CONFLICT (tenant, pipeline, source) DO UPDATE SET cursor = excluded.cursor";
const LIST: &str = "SELECT source, cursor FROM source_cursor \
    WHERE tenant = $1 AND pipeline = $2 ORDER BY source";
const DELETE: &str = "DELETE FROM source_cursor WHERE tenant = $1 AND pipeline = $2";
const ADVANCE: &str = "INSERT INTO event_cursor (tenant, pipeline, consumer, sequence) \
    VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, pipeline, consumer) \
    DO UPDATE SET sequence = excluded.sequence WHERE excluded.sequence > event_cursor.sequence";
const BEHIND: &str = "SELECT p.tenant, p.name, coalesce(c.sequence, 0), p.version \
    FROM pipeline p LEFT JOIN event_cursor c \
    ON c.tenant = p.tenant AND c.pipeline = p.name AND c.consumer = $1 \
    WHERE p.version > coalesce(c.sequence, 0) AND p.deleting_at IS NULL \
    ORDER BY p.updated_at LIMIT $2";
const DELETE_EVENT: &str = "DELETE FROM event_cursor WHERE tenant = $1 AND pipeline = $2";

/// Keeps what sources answered.
pub(crate) fn put(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    for cursor in &change.cursors {
        let tenant = change.tenant.as_str();
        execute(
            connection,
            PUT,
            params![tenant, change.pipeline, cursor.source, cursor.cursor],
        )?;
    }
    Ok(())
}

/// What a pipeline's sources answered last.
pub(crate) fn of_pipeline(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
) -> rusqlite::Result<Vec<SourceCursor>> {
    list(
        connection,
        LIST,
        params![tenant.as_str(), pipeline],
        |row| {
            Ok(SourceCursor {
                source: row.get(0)?,
                cursor: row.get(1)?,
            })
        },
    )
}

/// Notes how far a consumer has come; never backwards.
pub(crate) fn advance(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    consumer: &str,
    sequence: u64,
) -> rusqlite::Result<()> {
    let tenant = tenant.as_str();
    execute(
        connection,
        ADVANCE,
        params![tenant, pipeline, consumer, signed(sequence)],
    )?;
    Ok(())
}

/// The pipelines that have events which a consumer has not seen.
pub(crate) fn behind(
    connection: &Connection,
    consumer: &str,
    limit: u32,
) -> rusqlite::Result<Vec<OutboxPosition>> {
    list(connection, BEHIND, params![consumer, limit], |row| {
        Ok(OutboxPosition {
            tenant: parse(0, row.get::<_, String>(0)?.parse())?,
            pipeline: row.get(1)?,
            seen: unsigned(row.get(2)?),
            version: unsigned(row.get(3)?),
        })
    })
}

/// Removes a pipeline's cursors.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
) -> rusqlite::Result<()> {
    execute(connection, DELETE, params![tenant.as_str(), pipeline])?;
    execute(connection, DELETE_EVENT, params![tenant.as_str(), pipeline])?;
    Ok(())
}
