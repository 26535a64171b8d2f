//! Loading a pipeline: the newest snapshot, and the events after it folded over
//! it.

use crate::commit::recorded;
use crate::error::OrchestratorError;
use crate::owner::Beginning;
use lockgate_execution::{PipelineState, apply};
use lockgate_model::id::TenantId;
use lockgate_store::Store;

/// A pipeline as it is on disk.
///
/// # Errors
/// `Damaged` where what is stored cannot be read or does not fit together.
pub(crate) async fn load(
    store: &Store,
    tenant: &TenantId,
    name: &str,
) -> Result<Option<Beginning>, OrchestratorError> {
    let Some(loaded) = store.load(tenant, name).await? else {
        return Ok(None);
    };
    let damaged = |what: &str, sequence: u64, reason: String| OrchestratorError::Damaged {
        what: format!("{what} {sequence} of pipeline '{name}'"),
        reason,
    };
    let (mut state, snapshot_version) = match &loaded.snapshot {
        Some(snapshot) => (
            serde_json::from_str(&snapshot.json).map_err(|e: serde_json::Error| {
                damaged("snapshot", snapshot.version, e.to_string())
            })?,
            snapshot.version,
        ),
        None => (PipelineState::new(tenant.clone(), name), 0),
    };
    for stored in &loaded.events {
        let event =
            recorded(stored).map_err(|e| damaged("event", stored.sequence, e.to_string()))?;
        apply(&mut state, &event).map_err(|e| damaged("event", stored.sequence, e.to_string()))?;
    }
    Ok(Some(Beginning {
        state,
        version: loaded.version,
        snapshot_version,
        jobs: loaded.jobs.iter().map(|job| job.id).collect(),
        cursors: loaded.cursors,
    }))
}
