//! Laws of reasons: whatever has not ended waits for something that the machine
//! can name, and what it names is so.

use super::run::{Doer, Place, Run, Worker};
use super::{Oracle, law, locks};
use crate::world::Broken;
use lockgate_execution::{Direction, PipelineState, Wait, WaitReason, waits};
use lockgate_model::definition::ExecutionMode;
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ActionStatus, JobStatus};
use std::collections::BTreeSet;

impl Oracle {
    pub(super) fn check_waits(&self, state: &PipelineState) -> Result<(), Broken> {
        let mut named = BTreeSet::new();
        for wait in waits(state) {
            law!(
                self.live.contains(&wait.execution),
                "only what lives waits",
                "{wait:?}"
            );
            let run = &self.runs[&wait.execution];
            law!(
                run.stage_name() == Some(&wait.stage) && self.is_so(wait.execution, run, &wait),
                "the reason that is named for a wait is so",
                "{}: {wait:?}",
                run.number
            );
            named.insert(wait.execution);
        }
        let unnamed = self.live.iter().find(|id| !named.contains(id));
        law!(
            unnamed.is_none(),
            "nothing waits without a reason that can be named",
            "{:?}",
            unnamed.map(|id| self.runs[id].number)
        );
        Ok(())
    }

    fn is_so(&self, id: ExecutionId, run: &Run, wait: &Wait) -> bool {
        let inside = matches!(run.place, Place::In(_));
        let does = |wanted: &dyn Fn(&Doer, Worker) -> bool| {
            inside
                && run
                    .running()
                    .any(|action| wanted(&action.doer, action.worker))
        };
        match &wait.reason {
            WaitReason::StageHeldBy(other) => {
                !inside && locks(run.mode()) && self.gates.holders.get(&wait.stage) == Some(other)
            }
            WaitReason::BehindInQueue(other) => {
                let queue = self.gates.queue(&wait.stage);
                let at = |id: ExecutionId| queue.iter().position(|waiting| *waiting == id);
                !inside && at(*other).is_some() && at(*other) < at(id)
            }
            WaitReason::TransitionDisabled {
                stage, direction, ..
            } => {
                let at = match direction {
                    Direction::Inbound => run.place.stage(),
                    Direction::Outbound => run.place.stage().wrapping_sub(1),
                };
                let named = run.definition.stages.get(at).map(|stage| &stage.name);
                !inside
                    && named == Some(stage)
                    && self.gates.may_keep_out(&run.definition, run.place.stage())
            }
            WaitReason::Approval { token, .. } => {
                does(&|doer, _| matches!(doer, Doer::Approval(own, None) if own == token))
            }
            WaitReason::Job { job, attempt, .. } => {
                does(&|doer, worker| *doer == Doer::Job(*job, *attempt) && worker == Worker::None)
            }
            WaitReason::Poll { job, .. } => {
                does(&|doer, _| matches!(doer, Doer::Job(own, 2..) if own == job))
            }
            WaitReason::Worker { job, status } => does(&|doer, worker| {
                let so = match worker {
                    Worker::None => None,
                    Worker::Queued => Some(JobStatus::Queued),
                    Worker::Dispatched(_) => Some(JobStatus::Dispatched),
                    Worker::Acknowledged => Some(JobStatus::InProgress),
                };
                matches!(doer, Doer::Job(own, _) if own == job) && so == Some(*status)
            }),
            WaitReason::ParallelLimit(most) => {
                let running = run
                    .inside()
                    .map(|inside| inside.actions_in(ActionStatus::InProgress));
                run.mode() == ExecutionMode::Parallel && running == Some(*most)
            }
        }
    }
}
