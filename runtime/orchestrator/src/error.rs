//! What can go wrong with a request to the orchestrator.

use lockgate_execution::Rejected;
use lockgate_model::definition::Problem;
use lockgate_store::StoreError;

/// A request that was not carried out; nothing of it was kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OrchestratorError {
    /// The definition is wrong; everything that is wrong with it.
    #[error("the definition has {} problem(s)", .0.len())]
    Definition(Vec<Problem>),
    /// The core said no.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The disk said no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What is on disk cannot be read.
    #[error("{what} is damaged ({reason}); restore the data directory from a backup")]
    Damaged {
        /// Which pipeline or execution, and which event.
        what: String,
        /// How.
        reason: String,
    },
    /// A notification rule or a schedule is wrong; everything that is wrong with
    /// it, each in a sentence that begins with the key.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
    /// There is no notification rule, or schedule, of that name.
    #[error("{0}")]
    NotFound(String),
    /// There is no such custom action type.
    #[error("{0}")]
    ActionTypeNotFound(String),
    /// There are as many as there may be.
    #[error("{0}")]
    LimitExceeded(String),
    /// There is one of that name already.
    #[error("{0}")]
    NameInUse(String),
    /// The server is ending.
    #[error("the server is shutting down; try again when it is back")]
    ShuttingDown,
}
