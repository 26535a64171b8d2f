//! Stopping an execution: once to wait for its running actions, once more to
//! abandon them.

use super::Decision;
use crate::event::Event;
use crate::execution::{Ending, Execution};
use crate::rejected::Rejected;
use lockgate_model::id::ExecutionId;

impl Decision<'_> {
    pub(super) fn stop(
        &mut self,
        id: ExecutionId,
        abandon: bool,
        reason: &str,
    ) -> Result<(), Rejected> {
        self.definition()?;
        let execution = self.held(id)?;
        if execution.status.is_final() {
            return Err(Rejected::NotStoppable {
                execution: id,
                status: execution.status.as_str(),
            });
        }
        if let Some(Ending::Stop { abandon: asked, .. }) = execution.ending
            && (asked || !abandon)
        {
            return Err(Rejected::DuplicatedStopRequest { execution: id });
        }
        self.record(Event::ExecutionStopping {
            execution: id,
            abandon,
            reason: reason.to_owned(),
        })
    }

    /// An execution that the machine holds, or the refusal.
    pub(super) fn held(&self, id: ExecutionId) -> Result<&Execution, Rejected> {
        self.state
            .execution(id)
            .ok_or_else(|| Rejected::ExecutionNotFound {
                pipeline: self.state.name.clone(),
                execution: id,
            })
    }
}
