//! What a state owes to the world. Made by `due` and `owed`; performed by the
//! orchestrator, after the events behind it are on disk. Everything here may be
//! performed twice: jobs by their id, approvals by their token.

use lockgate_model::id::{ActionExecutionId, ApprovalToken, ExecutionId, JobId};
use lockgate_model::job::Job;
use lockgate_model::time::Timestamp;

/// Something owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Hand the job to its provider, not before the time. The same job has the
    /// same id whenever it is asked for, also after a restart.
    Dispatch {
        /// The job.
        job: Box<Job>,
        /// Not earlier; in the past for the first attempt.
        not_before: Timestamp,
    },
    /// End the job if it runs: nobody waits for its answer. Only `owed` gives
    /// it. After a restart nothing runs, and a shell that is in doubt compares
    /// what runs with `due_jobs`.
    Cancel(JobId),
    /// Tell somebody that an answer is needed. `due` gives it for as long as the
    /// approval is open: tell once for each token.
    AnnounceApproval(Box<Approval>),
    /// Send `Command::TimePassed` at this time: something runs out then. At most
    /// one, the earliest.
    WakeAt(Timestamp),
}

/// An open approval, as told to people (user guide, "JSON data format for manual
/// approval notifications").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// To be presented with the answer.
    pub token: ApprovalToken,
    /// In which execution.
    pub execution: ExecutionId,
    /// The action execution that waits.
    pub id: ActionExecutionId,
    /// In which stage.
    pub stage: String,
    /// Which action.
    pub action: String,
    /// The definition's `CustomData`, resolved.
    pub custom_data: Option<String>,
    /// The definition's `ExternalEntityLink`, resolved.
    pub link: Option<String>,
    /// When it fails by itself.
    pub expires: Timestamp,
}
