//! The shell: owns pipelines, puts on disk what the core decides, and performs
//! it. Knows no Wasm and no web: jobs leave through [`Runner`], faces come in
//! through [`Orchestrator`].
//!
//! Each pipeline has one owner, a task that takes commands one after the other.
//! A command becomes events, the events become one durable commit together with
//! the jobs they owe, and only then anything is performed. A restart loads the
//! state, asks what is due, and carries on.

mod action_type;
mod announce;
mod attempt;
mod background;
mod board;
mod cache;
mod clock;
mod commit;
mod conceal;
mod delivery;
mod doorbell;
mod error;
mod explain;
mod follow;
mod history;
mod housekeeping;
mod iso;
mod job_log;
mod log;
mod notification;
mod orchestrator;
mod owner;
mod owners;
mod poll;
mod recover;
mod runner;
mod schedule;
mod shared;
mod start;
mod watch;
mod worker;
mod workspace;

pub use action_type::{
    ActionTypeSettings, ArtifactDetails, ConfigurationProperty, CustomActionType,
    CustomActionTypeView,
};
pub use cache::CACHE_LIMITS;
pub use clock::Clock;
pub use delivery::{Delivered, Delivery, DeliveryError, JudgedChange};
pub use error::OrchestratorError;
pub use explain::{Asked, Explained};
pub use follow::{Entry, Follow};
pub use history::{
    ActionDetail, ApprovalDetail, ConditionDetail, ConditionRule, ExecutionDetail, RollbackDetail,
    RuleDetail, StageDetail, StopDetail,
};
pub use notification::{
    NotificationDetail, NotificationFormat, NotificationRule, NotificationRuleView,
    NotificationTest,
};
pub use orchestrator::{Orchestrator, Settings, Start, WeakOrchestrator};
pub use runner::{Directory, LogSink, Runner};
pub use schedule::{Schedule, ScheduleView};
pub use worker::PutRevision;
