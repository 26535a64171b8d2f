//! Laws of the state after a decision: the machine sees what its events say, and
//! nothing waits for nothing.

use super::run::{Doer, Place, Worker};
use super::{Oracle, law, locks};
use crate::world::Broken;
use lockgate_execution::{PipelineState, Position};
use lockgate_model::time::Timestamp;

impl Oracle {
    pub(super) fn check_settled(
        &self,
        state: &PipelineState,
        now: Option<Timestamp>,
    ) -> Result<(), Broken> {
        law!(
            state.live().map(|run| run.id).eq(self.live.iter().copied()),
            "the machine knows which executions live",
            "{} live",
            self.live.len()
        );
        for held in state.executions() {
            let run = &self.runs[&held.id];
            law!(
                held.status == run.status,
                "the machine knows how executions are",
                "{} is {} and not {}",
                run.number,
                run.status,
                held.status
            );
        }
        for id in &self.live {
            let run = &self.runs[id];
            let number = run.number;
            let running = run.running().count();
            let place = state.execution(*id).map(|held| held.position);
            match run.place {
                Place::Between(stage) => law!(
                    false,
                    "nothing waits without a reason",
                    "{number} neither waits nor runs, in front of {stage}"
                ),
                Place::Before(stage) => {
                    law!(
                        place == Some(Position::Before(stage)) && running == 0,
                        "what waits does nothing else",
                        "{number}: {place:?}"
                    );
                    self.check_wait(*id)?;
                }
                Place::In(stage) => law!(
                    place == Some(Position::In(stage)) && running > 0,
                    "nothing waits without a reason",
                    "{number} is in {:?} and nothing of it runs",
                    run.stage_name()
                ),
            }
            for action in run.running() {
                law!(
                    now.is_none_or(|now| action.ends() > now),
                    "what ran out of time has ended",
                    "{number}: {:?}",
                    action.doer
                );
                law!(
                    !matches!(action.worker, Worker::Dispatched(until) if now.is_some_and(|now| until <= now)),
                    "a job that no worker began is offered again",
                    "{number}: {:?}",
                    action.doer
                );
                law!(
                    !matches!(action.doer, Doer::Nobody | Doer::Approval(_, Some(_))),
                    "what nobody has to do ends at once",
                    "{number}"
                );
                law!(
                    run.ending != Some(true),
                    "nothing runs in an execution that was abandoned",
                    "{number}"
                );
            }
        }
        for (stage, queue) in self.gates.queues() {
            let told = state.gate(stage);
            let waiting = told.map(|gate| gate.waiting.iter().map(|w| w.execution));
            law!(
                waiting.into_iter().flatten().eq(queue.iter().copied()),
                "the machine knows who waits, in which order",
                "{stage}: {} wait",
                queue.len()
            );
            let holder = told.and_then(|gate| gate.holder);
            law!(
                holder == self.gates.holders.get(stage).copied(),
                "the machine knows who is in a stage",
                "{stage}"
            );
            let in_the_slot = queue.iter().filter(|id| {
                let run = &self.runs[id];
                run.rollback.is_none()
                    && run.mode() == lockgate_model::definition::ExecutionMode::Superseded
            });
            law!(
                in_the_slot.count() <= 1,
                "one execution waits in front of a stage in SUPERSEDED mode",
                "{stage}"
            );
        }
        Ok(())
    }

    /// Why an execution waits: the stage is held, a transition is disabled, or
    /// others are first.
    fn check_wait(&self, id: lockgate_model::id::ExecutionId) -> Result<(), Broken> {
        let run = &self.runs[&id];
        let stage = run.stage_name().unwrap_or_default();
        let kept_out =
            run.rollback.is_none() && self.gates.may_keep_out(&run.definition, run.place.stage());
        let locking = locks(run.mode());
        let held = locking && self.gates.holders.contains_key(stage);
        let queue = self.gates.queue(stage);
        let first = queue
            .iter()
            .find(|waiting| locks(self.runs[waiting].mode()));
        let behind = locking && first != Some(&id);
        law!(
            kept_out || held || behind,
            "nothing waits without a reason",
            "{} in front of {stage}",
            run.number
        );
        law!(
            run.ending.is_none(),
            "what is asked to end does not wait",
            "{} in front of {stage}",
            run.number
        );
        Ok(())
    }
}
