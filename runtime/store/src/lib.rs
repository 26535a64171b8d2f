//! What survives a crash: events, projections, jobs with leases. Knows no
//! decision: events, states and payloads are JSON text with a few typed columns
//! beside them. The orchestrator writes through it; faces read through it.

mod change;
mod error;
mod installation;
mod lease;
mod log;
mod record;
mod store;

pub use change::{Change, FinishedJob, Idempotency, LeasedJob, NewDefinition, NewJob};
pub use error::StoreError;
pub use installation::{AccessKey, InstalledPlugin, PluginWithGrant};
pub use lease::{Claim, ClaimedJob, Lease, LeaseToken};
pub use log::StoredLine;
pub use record::{
    ActionExecution, Approval, ArtifactRecord, Definition, Event, Execution, ExecutionDetail, Job,
    Loaded, PipelineSummary, Snapshot, SourceCursor, StageExecution, StageLock, StoredEvent,
};
pub use store::{Options, Store};
