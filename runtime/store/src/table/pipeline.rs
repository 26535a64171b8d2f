//! `pipeline` and `snapshot`: the version that every change is checked against,
//! and the state it can be recovered from.

use super::{execute, find, list, parse, signed, unsigned};
use crate::change::Change;
use crate::error::StoreError;
use crate::fault::Fault;
use crate::record::{PipelineSummary, Snapshot};
use lockgate_model::id::TenantId;
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, Row, params};

const VERSION: &str = "SELECT version, deleting_at FROM pipeline WHERE tenant = $1 AND name = $2";
const CREATED: &str = "SELECT created_at FROM pipeline \
    WHERE tenant = $1 AND name = $2 AND deleting_at IS NULL";
const ADVANCE: &str = "UPDATE pipeline SET version = $1, updated_at = $2 \
    WHERE tenant = $3 AND name = $4 AND version = $5 AND deleting_at IS NULL";
const ADVANCE_DEFINITION: &str = "UPDATE pipeline SET version = $1, updated_at = $2, definition_version = $3 \
    WHERE tenant = $4 AND name = $5 AND version = $6 AND deleting_at IS NULL";
const INSERT: &str = "INSERT INTO pipeline \
    (tenant, name, version, definition_version, created_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (tenant, name) DO NOTHING";
const PUT_SNAPSHOT: &str = "INSERT INTO snapshot (tenant, pipeline, version, json) \
    VALUES ($1, $2, $3, $4) \
    ON CONFLICT (tenant, pipeline) DO UPDATE SET version = excluded.version, json = excluded.json";
const SNAPSHOT: &str = "SELECT version, json FROM snapshot WHERE tenant = $1 AND pipeline = $2";
const LIST: &str = "SELECT tenant, name, version, definition_version, created_at, updated_at \
    FROM pipeline WHERE tenant = $1 AND name > $2 AND deleting_at IS NULL ORDER BY name LIMIT $3";
const LIST_ALL: &str = "SELECT tenant, name, version, definition_version, created_at, updated_at \
    FROM pipeline WHERE (tenant, name) > ($1, $2) AND deleting_at IS NULL \
    ORDER BY tenant, name LIMIT $3";
// A deletion that a full disk interrupted may be begun again.
const MARK: &str = "UPDATE pipeline SET deleting_at = updated_at \
    WHERE tenant = $1 AND name = $2 AND version = $3";
const MARKED: &str = "SELECT tenant, name FROM pipeline WHERE deleting_at IS NOT NULL";
const DELETE_SNAPSHOT: &str = "DELETE FROM snapshot WHERE tenant = $1 AND pipeline = $2";
const DELETE: &str = "DELETE FROM pipeline WHERE tenant = $1 AND name = $2";

/// Compare and set: moves the pipeline from the version that the change was
/// decided on to the one after it.
pub(crate) fn advance(connection: &Connection, change: &Change) -> Result<(), Fault> {
    let tenant = change.tenant.as_str();
    let name = change.pipeline.as_str();
    let at = change.at.0;
    let next = signed(change.new_version());
    let expected = signed(change.expected_version);
    let definition = change.definition.as_ref().map(|d| d.version);
    let rows = match (change.expected_version, definition) {
        (0, definition) => execute(
            connection,
            INSERT,
            params![tenant, name, next, definition.unwrap_or(0), at],
        )?,
        (_, None) => execute(
            connection,
            ADVANCE,
            params![next, at, tenant, name, expected],
        )?,
        (_, Some(definition)) => execute(
            connection,
            ADVANCE_DEFINITION,
            params![next, at, definition, tenant, name, expected],
        )?,
    };
    if rows == 1 {
        return Ok(());
    }
    Err(conflict(connection, &change.tenant, name, change.expected_version)?.into())
}

/// Why the version was not the expected one.
fn conflict(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
    expected: u64,
) -> rusqlite::Result<StoreError> {
    let found = find(connection, VERSION, params![tenant.as_str(), name], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
    })?;
    let pipeline = name.to_owned();
    Ok(match found {
        Some((_, Some(_))) => StoreError::Deleting { pipeline },
        found => StoreError::Conflict {
            pipeline,
            expected,
            found: found.map_or(0, |(version, _)| unsigned(version)),
        },
    })
}

/// The version; nothing where there is no pipeline, or no longer.
pub(crate) fn version(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
) -> rusqlite::Result<Option<u64>> {
    let found = find(connection, VERSION, params![tenant.as_str(), name], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?))
    })?;
    Ok(found
        .filter(|(_, deleting)| deleting.is_none())
        .map(|(version, _)| unsigned(version)))
}

/// When it was made; nothing where there is no pipeline, or no longer.
pub(crate) fn created(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
) -> rusqlite::Result<Option<Timestamp>> {
    let key = params![tenant.as_str(), name];
    find(connection, CREATED, key, |row| row.get(0).map(Timestamp))
}

/// Replaces the snapshot.
pub(crate) fn put_snapshot(
    connection: &Connection,
    change: &Change,
    json: &str,
) -> rusqlite::Result<()> {
    let version = signed(change.new_version());
    let key = (change.tenant.as_str(), change.pipeline.as_str());
    execute(
        connection,
        PUT_SNAPSHOT,
        params![key.0, key.1, version, json],
    )?;
    Ok(())
}

/// The snapshot, where one was made.
pub(crate) fn snapshot(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
) -> rusqlite::Result<Option<Snapshot>> {
    find(
        connection,
        SNAPSHOT,
        params![tenant.as_str(), name],
        |row| {
            Ok(Snapshot {
                version: unsigned(row.get(0)?),
                json: row.get(1)?,
            })
        },
    )
}

/// A tenant's pipelines by name.
pub(crate) fn list_of(
    connection: &Connection,
    tenant: &TenantId,
    after: &str,
    limit: u32,
) -> rusqlite::Result<Vec<PipelineSummary>> {
    list(
        connection,
        LIST,
        params![tenant.as_str(), after, limit],
        read,
    )
}

/// All pipelines by tenant and name.
pub(crate) fn list_all(
    connection: &Connection,
    tenant: &str,
    after: &str,
    limit: u32,
) -> rusqlite::Result<Vec<PipelineSummary>> {
    list(connection, LIST_ALL, params![tenant, after, limit], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<PipelineSummary> {
    Ok(PipelineSummary {
        tenant: parse(0, row.get::<_, String>(0)?.parse())?,
        pipeline: row.get(1)?,
        version: unsigned(row.get(2)?),
        definition_version: row.get(3)?,
        created: Timestamp(row.get(4)?),
        updated: Timestamp(row.get(5)?),
    })
}

/// From now on the pipeline does not exist, but for the deletion.
pub(crate) fn mark_deleting(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
    expected: u64,
) -> Result<(), Fault> {
    let rows = execute(
        connection,
        MARK,
        params![tenant.as_str(), name, signed(expected)],
    )?;
    if rows == 1 {
        return Ok(());
    }
    Err(conflict(connection, tenant, name, expected)?.into())
}

/// The pipelines whose deletion has begun.
pub(crate) fn deleting(connection: &Connection) -> rusqlite::Result<Vec<(TenantId, String)>> {
    list(connection, MARKED, [], |row| {
        let tenant = parse(0, row.get::<_, String>(0)?.parse())?;
        Ok((tenant, row.get(1)?))
    })
}

/// The last step of a deletion.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
) -> rusqlite::Result<()> {
    execute(connection, DELETE_SNAPSHOT, params![tenant.as_str(), name])?;
    execute(connection, DELETE, params![tenant.as_str(), name])?;
    Ok(())
}
