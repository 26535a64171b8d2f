//! A change, put into the tables inside an open transaction. Called by the
//! writer; the order here is: refuse early, then write.

use crate::change::Change;
use crate::error::StoreError;
use crate::fault::Fault;
use crate::table::{
    action_execution, approval, artifact, cursor, event, execution, idempotency, job, pipeline,
    pipeline_version, rule_execution, stage_execution,
};
use rusqlite::Connection;

/// Writes all of a change; returns the pipeline's new version. On an error the
/// caller takes back what was written.
pub(crate) fn apply(connection: &Connection, change: &Change) -> Result<u64, Fault> {
    if change.new_version() == 0 {
        // Version 0 stands for no pipeline.
        let reason = format!("pipeline '{}' has no first event", change.pipeline);
        return Err(StoreError::Contradiction(reason).into());
    }
    pipeline::advance(connection, change)?;
    if let Some(answer) = &change.idempotency {
        idempotency::insert(connection, change, answer)?;
    }
    job::apply(connection, change)?;
    event::append(connection, change)?;
    execution::put(connection, change)?;
    stage_execution::put(connection, change)?;
    action_execution::put(connection, change)?;
    rule_execution::put(connection, change)?;
    approval::put(connection, change)?;
    artifact::put(connection, change)?;
    cursor::put(connection, change)?;
    if let Some(definition) = &change.definition {
        pipeline_version::insert(connection, change, definition)?;
    }
    if let Some(state) = &change.snapshot {
        pipeline::put_snapshot(connection, change, state)?;
    }
    Ok(change.new_version())
}
