//! The deletion of a pipeline, in steps that are small enough to go between
//! other changes. The first step hides the pipeline; the last one frees its
//! name. Steps may be repeated, so a crash only delays them.

use crate::fault::Fault;
use crate::table::{
    action_execution, approval, artifact, cursor, event, execution, job, log_chunk, pipeline,
    pipeline_version, rule_execution, schedule, stage_execution,
};
use lockgate_model::id::TenantId;
use rusqlite::Connection;

/// Executions removed in one step, with all that hangs on them.
const EXECUTIONS: u32 = 16;
/// Events removed in one step.
const EVENTS: u32 = 1000;

/// Hides the pipeline, cancels its jobs, and removes its schedules.
pub(crate) fn begin(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
    expected: u64,
) -> Result<(), Fault> {
    pipeline::mark_deleting(connection, tenant, name, expected)?;
    job::delete(connection, tenant, name)?;
    schedule::delete_of(connection, tenant, name)?;
    Ok(())
}

/// Removes some more; says whether that was all.
pub(crate) fn step(connection: &Connection, tenant: &TenantId, name: &str) -> Result<bool, Fault> {
    let executions = execution::some_ids(connection, tenant, name, EXECUTIONS)?;
    for id in &executions {
        // Logs first: they are found through the actions and rules.
        log_chunk::delete(connection, tenant, *id)?;
        action_execution::delete(connection, tenant, *id)?;
        rule_execution::delete(connection, tenant, *id)?;
        stage_execution::delete(connection, tenant, *id)?;
        approval::delete(connection, tenant, *id)?;
        artifact::delete(connection, tenant, *id)?;
        execution::delete(connection, tenant, name, *id)?;
    }
    if !executions.is_empty() || event::delete_some(connection, tenant, name, EVENTS)? {
        return Ok(false);
    }
    pipeline_version::delete(connection, tenant, name)?;
    cursor::delete(connection, tenant, name)?;
    pipeline::delete(connection, tenant, name)?;
    Ok(true)
}
