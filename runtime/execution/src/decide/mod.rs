//! The only place that says yes or no.

use crate::command::Request;
use crate::event::Recorded;
use crate::rejected::Rejected;
use crate::state::PipelineState;

/// A decision and the state after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What happened, in order. May be empty.
    pub events: Vec<Recorded>,
    /// The state with these events applied: a shell that keeps it once they are
    /// on disk need not apply them again.
    pub after: PipelineState,
}

/// What a request leads to. Changes nothing.
///
/// # Errors
/// Why it is refused.
pub fn decide(state: &PipelineState, request: &Request) -> Result<Vec<Recorded>, Rejected> {
    step(state, request).map(|step| step.events)
}

/// The same, with the state after it.
///
/// # Errors
/// Why the request is refused.
pub fn step(state: &PipelineState, request: &Request) -> Result<Step, Rejected> {
    let _ = request;
    Ok(Step {
        events: vec![],
        after: state.clone(),
    })
}
