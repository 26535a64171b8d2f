//! The pure machine that decides what a pipeline does. Given a state and a
//! request it returns events or a refusal; it knows no clock, chance, disk,
//! network, Wasm or async. The orchestrator calls it, keeps what it decides, and
//! performs what it owes.
//!
//! ```text
//! decide(&PipelineState, &Request)      -> Result<Vec<Recorded>, Rejected>
//! apply (&mut PipelineState, &Recorded) -> Result<(), Inapplicable>
//! due   (&PipelineState)                -> Vec<Effect>      everything owed, for a restart
//! owed  (&PipelineState, &[Recorded])   -> Vec<Effect>      what these events newly owe
//! changes(&PipelineState, &[Recorded])  -> Changed          rows that these events changed
//! waits (&PipelineState)                -> Vec<Wait>        what everything waits for
//! ```
//!
//! How it works: a command adds one event of its own (`ExecutionStarted`,
//! `ActionSucceeded`, `PipelineUpdated`…), and everything else follows from the
//! state alone, one event at a time, until nothing follows any more. That is why
//! a log cut at any event recovers: [`Command::TimePassed`] lets it follow on.

mod apply;
mod command;
mod condition;
mod decide;
mod due;
mod effect;
mod event;
mod execution;
mod fold;
mod judge;
mod mode;
mod products;
mod rejected;
mod report;
mod stage;
mod state;
mod view;
mod wait;
pub mod why;
mod worker;

pub use apply::{Inapplicable, apply};
pub use command::{Command, Direction, Request, UpdatePolicy};
pub use condition::{ConditionRun, RuleRun};
pub use decide::{Step, decide, step};
pub use due::{due, due_jobs, owed};
pub use effect::{Approval, Effect};
pub use event::{
    Event, Fetched, Ignored, Recorded, ResolvedAction, Rollback, StartedChange, StartedWork,
};
pub use execution::{Ending, Execution, Position};
pub use fold::fold;
pub use judge::{
    FileVerdict, FilterList, FilterPart, Ground, ItemVerdict, Mismatch, PartGround, PartVerdict,
    Verdict, explain, judge,
};
pub use mode::MOST_PARALLEL_ACTIONS;
pub use products::Products;
pub use rejected::Rejected;
pub use report::{REPORTED_BY_WORKER, reference};
pub use stage::{ActionRun, Answer, Earlier, Retries, StageRun, Work, Worker};
pub use state::{Gate, Past, PipelineState, Reported, Transition, Waiting};
pub use view::{
    ActionView, ApprovalStatus, ApprovalView, Changed, ConditionView, ExecutionView, RuleView,
    StageView, StopView, changes,
};
pub use wait::{Wait, WaitReason, waits};
pub use worker::{ACKNOWLEDGE_SECONDS, WorkerJob, worker_job, worker_jobs};
