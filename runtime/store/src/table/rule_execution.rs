//! `rule_execution`: one row for each rule that a condition of an execution has
//! started.

use super::{execute, list, word};
use crate::change::Change;
use crate::record::RuleExecution;
use lockgate_model::id::{ActionExecutionId, ExecutionId, TenantId};
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, params};

const PUT: &str = "INSERT INTO rule_execution \
    (tenant, execution, id, stage, condition, rule, status, started_at, updated_at, json) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
    ON CONFLICT (tenant, execution, id) DO UPDATE SET status = excluded.status, \
    updated_at = excluded.updated_at, json = excluded.json";
const LIST: &str = "SELECT id, stage, condition, rule, status, started_at, updated_at, json \
    FROM rule_execution WHERE tenant = $1 AND execution = $2 ORDER BY started_at, id";
const DELETE: &str = "DELETE FROM rule_execution WHERE tenant = $1 AND execution = $2";

/// Makes or replaces the change's rules.
pub(crate) fn put(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    for rule in &change.rules {
        execute(
            connection,
            PUT,
            params![
                change.tenant.as_str(),
                rule.execution.0,
                rule.id.0,
                rule.stage,
                rule.condition.as_str(),
                rule.rule,
                rule.status.as_str(),
                rule.started.0,
                rule.updated.0,
                rule.json
            ],
        )?;
    }
    Ok(())
}

/// An execution's rules in the order they started.
pub(crate) fn of_execution(
    connection: &Connection,
    tenant: &TenantId,
    execution: ExecutionId,
) -> rusqlite::Result<Vec<RuleExecution>> {
    list(
        connection,
        LIST,
        params![tenant.as_str(), execution.0],
        |row| {
            Ok(RuleExecution {
                id: ActionExecutionId(row.get(0)?),
                execution,
                stage: row.get(1)?,
                condition: word(row, 2)?,
                rule: row.get(3)?,
                status: word(row, 4)?,
                started: Timestamp(row.get(5)?),
                updated: Timestamp(row.get(6)?),
                json: row.get(7)?,
            })
        },
    )
}

/// Removes an execution's rules.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    execution: ExecutionId,
) -> rusqlite::Result<()> {
    execute(connection, DELETE, params![tenant.as_str(), execution.0])?;
    Ok(())
}
