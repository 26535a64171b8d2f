//! `pipeline_version`: every version of every definition.

use super::{execute, find, list};
use crate::change::{Change, NewDefinition};
use crate::record::{Definition, PipelineVersion};
use lockgate_model::id::TenantId;
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, params};

const INSERT: &str = "INSERT INTO pipeline_version (tenant, pipeline, version, at, json) \
    VALUES ($1, $2, $3, $4, $5)";
const FIND: &str = "SELECT version, at, json FROM pipeline_version \
    WHERE tenant = $1 AND pipeline = $2 AND version = $3";
const NEWEST: &str = "SELECT version, at, json FROM pipeline_version \
    WHERE tenant = $1 AND pipeline = $2 ORDER BY version DESC LIMIT 1";
// The event that made a version is of the same change, and so of the same time.
const BEFORE: &str = "SELECT v.version, v.at, (SELECT e.cause FROM event e \
    WHERE e.tenant = v.tenant AND e.pipeline = v.pipeline \
    AND e.kind IN ('PipelineCreated', 'PipelineUpdated') \
    AND e.at = v.at ORDER BY e.sequence DESC LIMIT 1) FROM pipeline_version v \
    WHERE v.tenant = $1 AND v.pipeline = $2 AND v.version < $3 \
    ORDER BY v.version DESC LIMIT $4";
const DELETE: &str = "DELETE FROM pipeline_version WHERE tenant = $1 AND pipeline = $2";

/// Adds a version.
pub(crate) fn insert(
    connection: &Connection,
    change: &Change,
    definition: &NewDefinition,
) -> rusqlite::Result<()> {
    execute(
        connection,
        INSERT,
        params![
            change.tenant.as_str(),
            change.pipeline,
            definition.version,
            change.at.0,
            definition.json
        ],
    )?;
    Ok(())
}

/// One version, or the newest.
pub(crate) fn get(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    version: Option<u32>,
) -> rusqlite::Result<Option<Definition>> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Definition {
            version: row.get(0)?,
            at: Timestamp(row.get(1)?),
            json: row.get(2)?,
        })
    };
    let tenant = tenant.as_str();
    match version {
        Some(version) => find(connection, FIND, params![tenant, pipeline, version], read),
        None => find(connection, NEWEST, params![tenant, pipeline], read),
    }
}

/// Those before `before`, newest first.
pub(crate) fn before(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    before: Option<u32>,
    limit: u32,
) -> rusqlite::Result<Vec<PipelineVersion>> {
    let before = before.map_or(i64::MAX, i64::from);
    list(
        connection,
        BEFORE,
        params![tenant.as_str(), pipeline, before, limit],
        |row| {
            Ok(PipelineVersion {
                version: row.get(0)?,
                at: Timestamp(row.get(1)?),
                cause: row.get(2)?,
            })
        },
    )
}

/// Removes them all.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
) -> rusqlite::Result<()> {
    execute(connection, DELETE, params![tenant.as_str(), pipeline])?;
    Ok(())
}
