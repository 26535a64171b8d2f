//! Loading a pipeline: the newest snapshot, and the events after it folded over
//! it. And so when to make the next snapshot.

use crate::commit::{recorded, snapshot_of};
use crate::error::OrchestratorError;
use crate::owner::Owner;
use crate::owners::{Key, Place};
use crate::shared::Shared;
use lockgate_execution::{PipelineState, apply};
use lockgate_model::id::{JobId, TenantId};
use lockgate_store::{Change, Event, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Events between two snapshots at least.
const EVENTS_PER_SNAPSHOT: usize = 100;

/// What an owner begins with: nothing, or what was loaded.
pub(crate) struct Beginning {
    pub(crate) state: PipelineState,
    pub(crate) version: u64,
    pub(crate) snapshot: SnapshotDue,
    /// Jobs on disk.
    pub(crate) jobs: BTreeSet<JobId>,
    /// What sources answered last, by action.
    pub(crate) cursors: BTreeMap<String, String>,
}

impl Beginning {
    /// Of a pipeline that is not there.
    pub(crate) fn nothing((tenant, name): &Key) -> Self {
        Self {
            state: PipelineState::new(tenant.clone(), name.clone()),
            version: 0,
            snapshot: SnapshotDue::default(),
            jobs: BTreeSet::new(),
            cursors: BTreeMap::new(),
        }
    }
}

/// When the next snapshot is due: when the events since the last one outgrow
/// it. So snapshots at most double what is written, however large the state,
/// and loading reads at most about twice the state.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SnapshotDue {
    events: usize,
    event_bytes: usize,
    snapshot_bytes: usize,
}

impl SnapshotDue {
    /// Puts a snapshot into the change where one is due; returns how things are
    /// once the change is on disk.
    pub(crate) fn prepare(self, after: &PipelineState, change: &mut Change) -> Self {
        let next = self.and(&change.events);
        if next.events < EVENTS_PER_SNAPSHOT || next.event_bytes < next.snapshot_bytes {
            return next;
        }
        let snapshot = snapshot_of(after);
        let snapshot_bytes = snapshot.len();
        change.snapshot = Some(snapshot);
        Self {
            snapshot_bytes,
            ..Self::default()
        }
    }

    fn and<'a>(mut self, events: impl IntoIterator<Item = &'a Event>) -> Self {
        for event in events {
            self.events += 1;
            self.event_bytes += event.json.len() + event.cause.len();
        }
        self
    }
}

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
    let mut snapshot = SnapshotDue::default();
    let mut state = match &loaded.snapshot {
        Some(stored) => {
            snapshot.snapshot_bytes = stored.json.len();
            serde_json::from_str(&stored.json).map_err(|e: serde_json::Error| {
                damaged("snapshot", stored.version, e.to_string())
            })?
        }
        None => PipelineState::new(tenant.clone(), name),
    };
    for stored in &loaded.events {
        let event =
            recorded(stored).map_err(|e| damaged("event", stored.sequence, e.to_string()))?;
        apply(&mut state, &event).map_err(|e| damaged("event", stored.sequence, e.to_string()))?;
    }
    Ok(Some(Beginning {
        state,
        version: loaded.version,
        snapshot: snapshot.and(loaded.events.iter().map(|stored| &stored.event)),
        jobs: loaded.jobs.iter().map(|job| job.id).collect(),
        cursors: loaded
            .cursors
            .into_iter()
            .map(|cursor| (cursor.source, cursor.cursor))
            .collect(),
    }))
}

/// Gives every pipeline its owner. One that is damaged does not hold up the others.
pub(crate) async fn everything(shared: &Arc<Shared>) -> Result<(), OrchestratorError> {
    const PAGE: u32 = 200;
    let mut after = None;
    loop {
        let page = shared.store.pipelines(after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = Some((last.tenant.clone(), last.pipeline.clone()));
        for summary in page {
            let key = (summary.tenant, summary.pipeline);
            let place = match load(&shared.store, &key.0, &key.1).await {
                Ok(Some(beginning)) => Place::Owner(Owner::start(shared, key.clone(), beginning)),
                Ok(None) => continue,
                Err(error @ OrchestratorError::Damaged { .. }) => {
                    tracing::error!(pipeline = key.1, %error, "a pipeline cannot go on");
                    Place::Damaged(error)
                }
                Err(error) => return Err(error),
            };
            shared.owners.add(key, place);
        }
    }
}
