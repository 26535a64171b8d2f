//! What survives a crash: events, projections, jobs with leases. Knows no
//! decision: events, states and payloads are JSON text with a few typed columns
//! beside them. The orchestrator writes through it; faces read through it.

mod action_type;
mod apply;
mod change;
mod checkpoint;
mod deletion;
mod error;
mod fault;
mod injection;
mod installation;
mod lease;
mod log;
mod migration;
mod notification;
mod open;
mod queue;
mod read;
mod readers;
mod record;
mod schedule;
mod store;
mod table;
mod writer;

pub use action_type::CustomActionType;
pub use change::{Change, FinishedJob, Idempotency, LeasedJob, NewDefinition, NewJob};
pub use error::StoreError;
#[cfg(feature = "fault-injection")]
pub use injection::{Access, Hook, Operation};
pub use installation::{AccessKey, InstalledPlugin, PluginWithGrant};
pub use lease::{Claim, ClaimedJob, Lease, LeaseToken};
pub use log::StoredLine;
pub use notification::{NotificationRule, NotificationRuleState, Progress, Seen, Unseen};
pub use record::{
    ActionExecution, Approval, ArtifactRecord, Definition, Event, Execution, ExecutionDetail, Job,
    Loaded, OutboxPosition, PipelineSummary, PipelineVersion, RuleExecution, Snapshot,
    SourceCursor, StageExecution, StoredEvent,
};
pub use schedule::{Fired, Schedule};
pub use store::{Options, Store};
