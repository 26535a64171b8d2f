//! `idempotency`: answers to requests that may be repeated.

use super::{execute, find};
use crate::change::{Change, Idempotency};
use crate::error::StoreError;
use crate::fault::Fault;
use lockgate_model::id::TenantId;
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, params};

const INSERT: &str = "INSERT INTO idempotency (tenant, token, at, result) \
    VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, token) DO NOTHING";
const FIND: &str = "SELECT result FROM idempotency WHERE tenant = $1 AND token = $2";
const FORGET: &str = "DELETE FROM idempotency WHERE at < $1";

/// Remembers an answer.
pub(crate) fn insert(
    connection: &Connection,
    change: &Change,
    idempotency: &Idempotency,
) -> Result<(), Fault> {
    let rows = execute(
        connection,
        INSERT,
        params![
            change.tenant.as_str(),
            idempotency.token,
            change.at.0,
            idempotency.result
        ],
    )?;
    if rows == 0 {
        let token = idempotency.token.clone();
        return Err(StoreError::TokenUsed { token }.into());
    }
    Ok(())
}

/// The answer under a token.
pub(crate) fn get(
    connection: &Connection,
    tenant: &TenantId,
    token: &str,
) -> rusqlite::Result<Option<String>> {
    find(connection, FIND, params![tenant.as_str(), token], |row| {
        row.get(0)
    })
}

/// Forgets old answers; returns how many.
pub(crate) fn forget(connection: &Connection, before: Timestamp) -> rusqlite::Result<u64> {
    let rows = execute(connection, FORGET, params![before.0])?;
    Ok(u64::try_from(rows).unwrap_or(u64::MAX))
}
