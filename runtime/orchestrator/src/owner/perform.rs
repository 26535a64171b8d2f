//! Performing what a state owes: jobs to start, now or later, jobs to end,
//! approvals to announce, a time to wake.

use super::{Message, Owner};
use crate::{announce, attempt, poll};
use futures::FutureExt;
use lockgate_execution::{Effect, PipelineState, Work};
use lockgate_model::id::ApprovalToken;
use lockgate_model::job::Job;
use tokio::sync::oneshot;

impl Owner {
    /// `effects` hold the next wake of the state as it is, or none is owed.
    pub(super) fn perform(&mut self, effects: Vec<Effect>) {
        let now = self.shared.clock.now();
        self.wake = None;
        for effect in effects {
            match effect {
                // A first attempt is due at once, also where the machine's clock
                // was set back since it was decided.
                Effect::Dispatch { job, not_before } if job.attempt == 1 || not_before <= now => {
                    self.run(*job);
                }
                Effect::Dispatch { job, not_before } => {
                    self.later.insert((not_before, job.id), job);
                }
                Effect::Cancel(job) => {
                    self.tokens.remove(&job);
                    self.later.retain(|(_, id), _| *id != job);
                    self.unkept.remove(&job);
                    self.unoffered.remove(&job);
                    // Its attempt ends with its sender.
                    self.running.remove(&job);
                }
                Effect::AnnounceApproval(approval) => {
                    let state = &self.state;
                    self.announced.retain(|token, _| is_open(state, *token));
                    if !self.announced.contains_key(&approval.token) {
                        let token = approval.token;
                        let announced = announce::announce(&self.shared, state, *approval);
                        self.announced
                            .extend(announced.map(|announced| (token, announced)));
                    }
                }
                Effect::WakeAt(time) => self.wake = Some(time),
            }
        }
    }

    pub(super) fn run(&mut self, job: Job) {
        // Answered, and waiting for the disk: not to be done twice.
        let answered = self.answering == Some(job.id) || self.unkept.contains_key(&job.id);
        if answered || self.running.contains_key(&job.id) {
            return;
        }
        if self.is_for_workers(&job) {
            // In its turn: this may be within a decision.
            let _ = self.itself.send(Message::Queue(Box::new(job)));
            return;
        }
        let (wanted, unwanted) = oneshot::channel();
        self.running.insert(job.id, wanted);
        let (shared, itself) = (self.shared.clone(), self.itself.clone());
        let mut attempt = Box::pin(attempt::attempt(shared, job, itself, unwanted));
        // Handing work to another thread and back costs more than a short job
        // does. One that has to wait, or works for longer than the host lets a
        // guest go on without a pause, goes on as a task of its own.
        if attempt.as_mut().now_or_never().is_none() {
            self.shared.tasks.spawn(attempt);
        }
    }

    /// Keeps the poll of this pipeline's sources in step with its definition.
    pub(super) fn poll(&mut self) {
        let Some(definition) = self.state.definition() else {
            self.polling = None;
            return;
        };
        let version = definition.version;
        if self.polling.as_ref().is_some_and(|(at, _)| *at == version) {
            return;
        }
        let task = poll::start(
            &self.shared,
            &self.key.0,
            definition,
            &self.cursors,
            self.itself.clone(),
        );
        self.polling = Some((version, task));
    }
}

fn is_open(state: &PipelineState, wanted: ApprovalToken) -> bool {
    state
        .live()
        .filter_map(|execution| execution.current_stage())
        .flat_map(|stage| stage.running())
        .any(|action| {
            matches!(action.work, Work::Approval { token, answer: None } if token == wanted)
        })
}
