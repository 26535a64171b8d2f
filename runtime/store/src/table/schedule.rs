//! `schedule`: what starts by the clock.

use super::{execute, list, parse};
use crate::schedule::{Fired, Schedule};
use lockgate_model::id::{ExecutionId, TenantId};
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

// From the pipeline's row: a schedule is never there without its pipeline.
const INSERT: &str = "INSERT INTO schedule \
    (tenant, name, id, pipeline, created_at, updated_at, json, next_due) \
    SELECT tenant, $1, $2, name, $3, $4, $5, $6 FROM pipeline \
    WHERE tenant = $7 AND name = $8 AND deleting_at IS NULL \
    ON CONFLICT (tenant, name) DO NOTHING";
const UPDATE: &str = "UPDATE schedule SET pipeline = $1, updated_at = $2, json = $3, \
    next_due = $4 WHERE tenant = $5 AND name = $6 AND id = $7 AND EXISTS \
    (SELECT 1 FROM pipeline p WHERE p.tenant = $5 AND p.name = $1 AND p.deleting_at IS NULL)";
const DELETE: &str = "DELETE FROM schedule WHERE tenant = $1 AND name = $2";
const DELETE_OF: &str = "DELETE FROM schedule WHERE tenant = $1 AND pipeline = $2";
const OF_TENANT: &str = "SELECT tenant, name, id, pipeline, created_at, updated_at, json, \
    next_due, last_due, last_execution, error FROM schedule WHERE tenant = $1 ORDER BY name";
const NEXT: &str = "SELECT tenant, name, id, pipeline, created_at, updated_at, json, \
    next_due, last_due, last_execution, error FROM schedule \
    WHERE next_due IS NOT NULL ORDER BY next_due LIMIT $1";
const FIRED: &str = "UPDATE schedule SET next_due = $1, last_due = $2, last_execution = $3, \
    error = $4 WHERE tenant = $5 AND name = $6 AND id = $7 AND updated_at = $8 AND next_due = $9";

/// Makes one; false where the name is taken or the pipeline not there.
pub(crate) fn insert(connection: &Connection, schedule: &Schedule) -> rusqlite::Result<bool> {
    let rows = execute(
        connection,
        INSERT,
        params![
            schedule.name,
            schedule.id,
            schedule.created.0,
            schedule.updated.0,
            schedule.json,
            schedule.next_due.map(|due| due.0),
            schedule.tenant.as_str(),
            schedule.pipeline
        ],
    )?;
    Ok(rows > 0)
}

/// Replaces one; false where it or its pipeline is not there.
pub(crate) fn update(connection: &Connection, schedule: &Schedule) -> rusqlite::Result<bool> {
    let rows = execute(
        connection,
        UPDATE,
        params![
            schedule.pipeline,
            schedule.updated.0,
            schedule.json,
            schedule.next_due.map(|due| due.0),
            schedule.tenant.as_str(),
            schedule.name,
            schedule.id
        ],
    )?;
    Ok(rows > 0)
}

/// Removes one; false where there is none.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
) -> rusqlite::Result<bool> {
    Ok(execute(connection, DELETE, params![tenant.as_str(), name])? > 0)
}

/// Removes those of a pipeline.
pub(crate) fn delete_of(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
) -> rusqlite::Result<()> {
    execute(connection, DELETE_OF, params![tenant.as_str(), pipeline])?;
    Ok(())
}

/// A tenant's schedules by name.
pub(crate) fn of_tenant(
    connection: &Connection,
    tenant: &TenantId,
) -> rusqlite::Result<Vec<Schedule>> {
    list(connection, OF_TENANT, params![tenant.as_str()], read)
}

/// Those that are due next, the first first.
pub(crate) fn next(connection: &Connection, limit: u32) -> rusqlite::Result<Vec<Schedule>> {
    list(connection, NEXT, params![limit], read)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Schedule> {
    let time = |column| -> rusqlite::Result<Option<Timestamp>> {
        Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp))
    };
    Ok(Schedule {
        tenant: parse(0, row.get::<_, String>(0)?.parse())?,
        name: row.get(1)?,
        id: row.get(2)?,
        pipeline: row.get(3)?,
        created: Timestamp(row.get(4)?),
        updated: Timestamp(row.get(5)?),
        json: row.get(6)?,
        next_due: time(7)?,
        last_due: time(8)?,
        last_execution: row.get::<_, Option<Uuid>>(9)?.map(ExecutionId),
        error: row.get(10)?,
    })
}

/// Notes what came of a due time; false where the schedule is another by now.
pub(crate) fn fired(
    connection: &Connection,
    schedule: &Schedule,
    fired: &Fired,
) -> rusqlite::Result<bool> {
    let rows = execute(
        connection,
        FIRED,
        params![
            fired.next_due.map(|due| due.0),
            fired.due.0,
            fired.result.as_ref().ok().map(|id| id.0),
            fired.result.as_ref().err(),
            schedule.tenant.as_str(),
            schedule.name,
            schedule.id,
            schedule.updated.0,
            schedule.next_due.map(|due| due.0)
        ],
    )?;
    Ok(rows > 0)
}
