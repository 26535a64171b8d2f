//! `access_key`: who is let in.

use super::{execute, find, parse};
use crate::installation::AccessKey;
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, params};

const PUT: &str = "INSERT INTO access_key (id, tenant, principal, secret, created_at) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET tenant = excluded.tenant, \
    principal = excluded.principal, secret = excluded.secret, created_at = excluded.created_at";
const FIND: &str = "SELECT id, tenant, principal, secret, created_at FROM access_key WHERE id = $1";

/// Makes or replaces a key.
pub(crate) fn put(connection: &Connection, key: &AccessKey) -> rusqlite::Result<()> {
    execute(
        connection,
        PUT,
        params![
            key.id,
            key.tenant.as_str(),
            key.principal,
            key.secret,
            key.created.0
        ],
    )?;
    Ok(())
}

/// The key of this id.
pub(crate) fn get(connection: &Connection, id: &str) -> rusqlite::Result<Option<AccessKey>> {
    find(connection, FIND, params![id], |row| {
        Ok(AccessKey {
            id: row.get(0)?,
            tenant: parse(1, row.get::<_, String>(1)?.parse())?,
            principal: row.get(2)?,
            secret: row.get(3)?,
            created: Timestamp(row.get(4)?),
        })
    })
}
