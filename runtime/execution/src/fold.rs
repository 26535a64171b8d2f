//! One execution out of a log, whenever it ran: what a rollback by hand goes
//! back to. Called by the orchestrator with the events that name it.

use crate::apply::apply;
use crate::event::{Event, Recorded};
use crate::execution::Execution;
use crate::state::PipelineState;
use lockgate_model::definition::Pipeline;
use lockgate_model::id::ExecutionId;
use std::sync::Arc;

/// The execution as its events left it; none where they do not begin with its
/// start, or do not fit together. Events of others are passed over.
/// `definitions` holds at least the version that it ran, unless `state` or an
/// event does.
#[must_use]
pub fn fold<'a>(
    state: &PipelineState,
    definitions: impl IntoIterator<Item = Arc<Pipeline>>,
    id: ExecutionId,
    events: impl IntoIterator<Item = &'a Recorded>,
) -> Option<Execution> {
    let mut alone = PipelineState::new(state.tenant.clone(), state.name.clone());
    let known = state.definitions.values().cloned();
    for definition in known.chain(definitions) {
        alone.know(definition);
    }
    for recorded in events {
        if let Event::PipelineCreated { definition } | Event::PipelineUpdated { definition, .. } =
            &recorded.event
        {
            alone.know(definition.clone());
        }
        if recorded.event.execution() == Some(id) {
            apply(&mut alone, recorded).ok()?;
        }
    }
    alone.executions.remove(&id).map(Arc::unwrap_or_clone)
}

impl PipelineState {
    fn know(&mut self, definition: Arc<Pipeline>) {
        for stage in &definition.stages {
            self.gates.entry(stage.name.clone()).or_default();
        }
        self.current = self.current.max(Some(definition.version));
        self.definitions.insert(definition.version, definition);
    }
}
