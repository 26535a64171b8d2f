//! Laws of answers: what is accepted and what is refused, and what an accepted
//! command leads to at once.

use super::run::{Doer, Worker};
use super::{Oracle, law};
use crate::world::{Broken, Seen};
use lockgate_execution::{Command, Event, Rejected};
use lockgate_model::id::JobId;
use lockgate_model::status::{ExecutionStatus, StageStatus};

impl Oracle {
    /// Before the events are taken in.
    pub(super) fn check_answer(&self, seen: &Seen<'_>) -> Result<(), Broken> {
        let accepted = seen.events.is_ok();
        match &seen.request.command {
            Command::JobFinished { job, attempt, .. } => {
                let awaited = self.awaited(*job).filter(|(last, _)| last == attempt);
                let may = awaited.is_some_and(|(_, worker)| {
                    matches!(worker, Worker::None | Worker::Acknowledged)
                });
                law!(
                    accepted == may || too_large(seen),
                    "an outcome is taken if its job is awaited, and only then",
                    "{job}: awaited {awaited:?}, accepted {accepted}"
                );
            }
            Command::StopExecution { id, abandon, .. } => {
                let run = self.runs.get(id);
                let may = self.current.is_some()
                    && run.is_some_and(|run| {
                        !run.is_over()
                            && (!run.asked_to_stop || run.ending == Some(false) && *abandon)
                    });
                law!(
                    accepted == may,
                    "what lives can be stopped, and abandoned once",
                    "accepted {accepted}"
                );
            }
            Command::DisableTransition { stage, .. } | Command::EnableTransition { stage, .. } => {
                let known = self
                    .current
                    .as_ref()
                    .is_some_and(|current| current.stage(stage).is_some());
                // Those of stages that only older executions still run may be.
                let lived = self
                    .live
                    .iter()
                    .any(|id| self.runs[id].definition.stage(stage).is_some());
                law!(
                    accepted == known || lived && !known,
                    "the transitions of a stage that there is can be changed",
                    "{stage}"
                );
            }
            Command::DeletePipeline | Command::TimePassed => {
                law!(
                    accepted,
                    "a deletion and the passing of time are never refused",
                    ""
                );
            }
            Command::StartExecution { .. } => {
                let full = matches!(seen.events, Err(Rejected::ConcurrentExecutionsLimit { .. }));
                law!(
                    !full || self.live.len() >= 50,
                    "there is room for 50 executions",
                    "refused at {}",
                    self.live.len()
                );
            }
            Command::RetryStage { id, stage, .. } if !accepted => {
                // The plainest of all retries is never refused.
                let plain = self.runs.get(id).is_some_and(|run| {
                    let inside = run.inside();
                    run.status == ExecutionStatus::Failed
                        && run.stage_name() == Some(stage)
                        && inside.is_some_and(|inside| inside.status == Some(StageStatus::Failed))
                        && run.lifetime == self.lifetime
                        && self
                            .current
                            .as_ref()
                            .is_some_and(|now| now.version == run.definition.version)
                        && super::locks(run.mode())
                        && self.gates.latest.get(stage) == Some(id)
                        && self.live.len() < 50
                });
                law!(
                    !plain,
                    "a stage that failed can be retried while nobody entered it since",
                    "{stage}: {:?}",
                    seen.events
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// After they are.
    pub(super) fn check_effect(&self, seen: &Seen<'_>) -> Result<(), Broken> {
        let Ok(events) = seen.events else {
            return Ok(());
        };
        match &seen.request.command {
            Command::StopExecution {
                id, abandon: true, ..
            } => law!(
                self.runs[id].status == ExecutionStatus::Stopped,
                "what is abandoned is Stopped at once",
                "it is {}",
                self.runs[id].status
            ),
            Command::DeletePipeline => law!(
                self.live.is_empty(),
                "a deletion ends everything at once",
                "{} live",
                self.live.len()
            ),
            Command::JobFinished { job, .. } => law!(
                self.awaited(*job).is_none(),
                "an outcome is applied once",
                "{job}"
            ),
            Command::EnableTransition { .. } => {}
            Command::SourceChanged { .. } => law!(
                events.iter().any(|r| matches!(
                    r.event,
                    Event::ExecutionStarted { .. } | Event::ChangeIgnored { .. }
                )),
                "the log says what became of every change",
                ""
            ),
            _ => {}
        }
        Ok(())
    }

    fn awaited(&self, job: JobId) -> Option<(u32, Worker)> {
        self.live.iter().find_map(|id| {
            self.runs[id]
                .running()
                .find_map(|action| match action.doer {
                    Doer::Job(own, attempt) if own == job => Some((attempt, action.worker)),
                    _ => None,
                })
        })
    }
}

/// A worker's variables were refused and it may answer again.
fn too_large(seen: &Seen<'_>) -> bool {
    matches!(
        seen.events,
        Err(Rejected::OutputVariablesSizeExceeded { .. })
    )
}
