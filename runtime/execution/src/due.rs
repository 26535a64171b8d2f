//! What a state owes: jobs to hand out, approvals to announce, a time to wake.
//! Remembers nothing: asked twice it says the same. Called by the orchestrator
//! on start (`due`) and after every commit (`owed`).

use crate::effect::Effect;
use crate::event::Recorded;
use crate::state::PipelineState;
use lockgate_model::id::JobId;

/// Everything that the state owes. Empty when nothing is in progress.
#[must_use]
pub fn due(state: &PipelineState) -> Vec<Effect> {
    let _ = state;
    vec![]
}

/// What these events newly owe: the part of `due(after)` that is about the
/// actions they started or continued, `Cancel` for the jobs they gave up, and the
/// next `WakeAt` whenever one is owed. `after` is the state with all of `events`
/// applied.
#[must_use]
pub fn owed(after: &PipelineState, events: &[Recorded]) -> Vec<Effect> {
    let _ = (after, events);
    vec![]
}

/// The jobs that somebody waits for, with their attempts. Whatever else runs may
/// be ended.
pub fn due_jobs(state: &PipelineState) -> impl Iterator<Item = (JobId, u32)> {
    let _ = state;
    std::iter::empty()
}
