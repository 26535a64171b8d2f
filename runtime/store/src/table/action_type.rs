//! `action_type`: what a tenant's own job workers do.

use super::{execute, list};
use crate::action_type::CustomActionType;
use lockgate_model::id::TenantId;
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, Row, params};

const INSERT: &str = "INSERT INTO action_type \
    (tenant, category, provider, version, created_at, json) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (tenant, category, provider, version) DO NOTHING";
const DELETE: &str = "DELETE FROM action_type \
    WHERE tenant = $1 AND category = $2 AND provider = $3 AND version = $4";
const LIST: &str = "SELECT tenant, category, provider, version, created_at, json FROM action_type \
    ORDER BY tenant, category, provider, version";

/// Makes one; false where it is there already.
pub(crate) fn insert(connection: &Connection, made: &CustomActionType) -> rusqlite::Result<bool> {
    let rows = execute(
        connection,
        INSERT,
        params![
            made.tenant.as_str(),
            made.category,
            made.provider,
            made.version,
            made.created.0,
            made.json
        ],
    )?;
    Ok(rows > 0)
}

/// Removes one; false where there was none.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    category: &str,
    provider: &str,
    version: &str,
) -> rusqlite::Result<bool> {
    let key = params![tenant.as_str(), category, provider, version];
    Ok(execute(connection, DELETE, key)? > 0)
}

/// Those of every tenant.
pub(crate) fn all(connection: &Connection) -> rusqlite::Result<Vec<CustomActionType>> {
    list(connection, LIST, [], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<CustomActionType> {
    Ok(CustomActionType {
        tenant: super::parse(0, row.get::<_, String>(0)?.parse())?,
        category: row.get(1)?,
        provider: row.get(2)?,
        version: row.get(3)?,
        created: Timestamp(row.get(4)?),
        json: row.get(5)?,
    })
}
