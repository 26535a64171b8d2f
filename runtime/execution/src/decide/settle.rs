//! Which executions a decision has to look at again, so that one outcome costs
//! what it changes and not what there is.

use super::{Decision, follow};
use crate::event::Event;
use crate::execution::Position;
use crate::mode;
use crate::rejected::Rejected;
use lockgate_model::id::ExecutionId;
use std::ops::Bound;

impl Decision<'_> {
    /// Adds what follows until nothing follows any more. Ends: every event that
    /// follows brings an execution forward, and it can only go so far.
    pub(super) fn settle(&mut self) -> Result<(), Rejected> {
        let mut last = Bound::Unbounded;
        loop {
            let next = self.unsettled.range((last, Bound::Unbounded)).next();
            let Some(id) = next.copied() else {
                if self.unsettled.is_empty() {
                    return Ok(());
                }
                last = Bound::Unbounded;
                continue;
            };
            last = Bound::Excluded(id);
            while let Some(event) = self
                .state
                .execution(id)
                .and_then(|execution| follow::follow(&self.state, execution, self.request))
            {
                self.record(event)?;
            }
            self.unsettled.remove(&id);
            let arriving = self.state.execution(id).is_some_and(|execution| {
                !execution.status.is_final() && matches!(execution.position, Position::Arriving(_))
            });
            if arriving {
                self.arriving.insert(id);
            }
        }
    }

    /// Something may happen to every execution.
    pub(super) fn unsettle_all(&mut self) {
        self.unsettled
            .extend(self.state.live().map(|execution| execution.id));
    }

    /// To whom something may happen because of this event, which is applied.
    pub(super) fn unsettle(&mut self, event: &Event) {
        self.unsettled.append(&mut self.arriving);
        match event {
            Event::PipelineCreated { .. }
            | Event::PipelineUpdated { .. }
            | Event::PipelineDeleted
            | Event::TransitionEnabled { .. } => self.unsettle_all(),
            // The stage is free: the first that waits for it may enter.
            Event::StageSucceeded { stage, .. }
            | Event::StageFailed { stage, .. }
            | Event::StageSkipped { stage, .. }
            | Event::StageStopped { stage, .. }
            | Event::StageCancelled { stage, .. } => {
                let first = self.first_waiting(stage);
                self.unsettled.extend(first);
            }
            // Whoever stood behind it stands first now.
            Event::ExecutionSuperseded { execution, .. }
            | Event::ExecutionStopped { execution }
            | Event::ExecutionCancelled { execution, .. } => {
                let first = self.left(*execution).and_then(|at| self.first_waiting(at));
                self.unsettled.extend(first);
            }
            _ => {}
        }
        self.unsettled.extend(event.execution());
    }

    /// In front of which stage an execution ended, if in front of one.
    fn left(&self, id: ExecutionId) -> Option<&str> {
        let execution = self.state.execution(id)?;
        let Position::Before(index) = execution.position else {
            return None;
        };
        let definition = self.state.definition_of(execution)?;
        definition
            .stages
            .get(index)
            .map(|stage| stage.name.as_str())
    }

    fn first_waiting(&self, stage: &str) -> Option<ExecutionId> {
        self.state
            .gates
            .get(stage)?
            .waiting
            .iter()
            .map(|waiting| waiting.execution)
            .find(|id| {
                self.state
                    .execution(*id)
                    .is_some_and(|run| mode::locks(run.mode))
            })
    }
}
