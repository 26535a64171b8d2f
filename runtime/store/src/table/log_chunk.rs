//! `log_chunk`: runs of lines. Indexes are given here, one after the other
//! through all attempts at an action execution.

use super::{execute, find, signed, unsigned};
use crate::log::StoredLine;
use lockgate_model::id::{ActionExecutionId, ExecutionId, TenantId};
use lockgate_model::job::LogLine;
use rusqlite::types::Type;
use rusqlite::{Connection, params};

const NEXT: &str = "SELECT first_index + lines FROM log_chunk \
    WHERE tenant = $1 AND action_execution = $2 ORDER BY first_index DESC LIMIT 1";
const INSERT: &str = "INSERT INTO log_chunk \
    (tenant, action_execution, first_index, lines, attempt, json) VALUES ($1, $2, $3, $4, $5, $6)";
const START: &str = "SELECT first_index FROM log_chunk \
    WHERE tenant = $1 AND action_execution = $2 AND first_index <= $3 \
    ORDER BY first_index DESC LIMIT 1";
const FROM: &str = "SELECT first_index, attempt, json, lines FROM log_chunk \
    WHERE tenant = $1 AND action_execution = $2 AND first_index >= $3 \
    ORDER BY first_index LIMIT $4";
const DELETE: &str = "DELETE FROM log_chunk WHERE tenant = $1 AND action_execution IN \
    (SELECT id FROM action_execution WHERE tenant = $1 AND execution = $2 \
    UNION ALL SELECT id FROM rule_execution WHERE tenant = $1 AND execution = $2)";

/// Adds lines, already written as a JSON list.
pub(crate) fn append(
    connection: &Connection,
    tenant: &TenantId,
    action_execution: ActionExecutionId,
    attempt: u32,
    lines: u32,
    json: &str,
) -> rusqlite::Result<()> {
    let tenant = tenant.as_str();
    let key = params![tenant, action_execution.0];
    let next: i64 = find(connection, NEXT, key, |row| row.get(0))?.unwrap_or(0);
    execute(
        connection,
        INSERT,
        params![tenant, action_execution.0, next, lines, attempt, json],
    )?;
    Ok(())
}

/// Lines from index `from` on.
pub(crate) fn read(
    connection: &Connection,
    tenant: &TenantId,
    action_execution: ActionExecutionId,
    from: u64,
    limit: u32,
) -> rusqlite::Result<Vec<StoredLine>> {
    let tenant = tenant.as_str();
    let key = params![tenant, action_execution.0, signed(from)];
    let start: i64 = find(connection, START, key, |row| row.get(0))?.unwrap_or(0);
    // A chunk holds at least one line, so `limit` chunks and the one that
    // `from` may lie inside of are always enough.
    let chunks = limit.saturating_add(1);
    let mut found = Vec::new();
    let mut statement = connection.prepare_cached(FROM)?;
    let mut rows = statement.query(params![tenant, action_execution.0, start, chunks])?;
    while let Some(row) = rows.next()? {
        let first = unsigned(row.get(0)?);
        let attempt = row.get(1)?;
        let text = row.get_ref(2)?.as_str().map_err(super::from_sql(2))?;
        let lines: Vec<LogLine> = serde_json::from_str(text)
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(2, Type::Text, Box::new(e)))?;
        for (index, line) in (first..).zip(lines).filter(|(index, _)| *index >= from) {
            if found.len() >= limit as usize {
                return Ok(found);
            }
            found.push(StoredLine {
                index,
                attempt,
                line,
            });
        }
    }
    Ok(found)
}

/// Removes the logs of an execution's actions and rules.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    execution: ExecutionId,
) -> rusqlite::Result<()> {
    execute(connection, DELETE, params![tenant.as_str(), execution.0])?;
    Ok(())
}
