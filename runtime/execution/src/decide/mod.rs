//! The only place that says yes or no. A command's own file adds the events that
//! are the command's; `follow` adds what follows from the state. Called by the
//! orchestrator, before anything is written.

mod approval;
mod change;
mod follow;
mod job;
mod lifetime;
mod overriding;
mod pipeline;
mod resolve;
mod retry;
mod rollback;
mod settle;
mod start;
mod stop;
mod worker;

use crate::apply::apply;
use crate::command::{Command, Request};
use crate::event::{Event, Recorded};
use crate::rejected::Rejected;
use crate::state::PipelineState;
use lockgate_model::definition::{Pipeline, Stage};
use lockgate_model::id::ExecutionId;
use lockgate_model::trigger::Cause;
use std::collections::BTreeSet;
use std::sync::Arc;

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
    let mut decision = Decision {
        state: state.clone(),
        request,
        cause: Arc::new(Cause {
            command: request.command.name().to_owned(),
            by: request.by.clone(),
        }),
        events: vec![],
        unsettled: BTreeSet::new(),
        arriving: BTreeSet::new(),
    };
    decision.command()?;
    decision.settle()?;
    Ok(Step {
        events: decision.events,
        after: decision.state,
    })
}

/// A decision being made: a working copy of the state, which shares everything
/// large with the original, and the events so far.
struct Decision<'a> {
    state: PipelineState,
    request: &'a Request,
    cause: Arc<Cause>,
    events: Vec<Recorded>,
    /// Executions to which something may happen because of these events.
    unsettled: BTreeSet<ExecutionId>,
    /// Those that wait for somebody else's turn.
    arriving: BTreeSet<ExecutionId>,
}

impl Decision<'_> {
    fn command(&mut self) -> Result<(), Rejected> {
        match &self.request.command {
            Command::CreatePipeline { definition } => self.create(definition),
            Command::UpdatePipeline { definition, policy } => self.update(definition, *policy),
            Command::DeletePipeline => self.delete(),
            Command::StartExecution {
                id,
                trigger,
                variables,
                source_revisions,
            } => self.start(*id, trigger, variables, source_revisions),
            Command::SourceChanged {
                id,
                source_action,
                change,
                trigger,
                pin,
            } => self.source_changed(*id, source_action, change, trigger, *pin),
            Command::PutActionRevision {
                id,
                stage,
                action,
                revision,
            } => self.put_revision(*id, stage, action, revision),
            Command::JobFinished {
                job,
                attempt,
                outcome,
            } => self.job_finished(*job, *attempt, outcome),
            Command::QueueJob { job } => self.queue(*job),
            Command::DispatchJob {
                job,
                nonce,
                acknowledge_within,
            } => self.dispatch(*job, *nonce, *acknowledge_within),
            Command::AcknowledgeJob { job, nonce } => self.acknowledge(*job, *nonce),
            Command::AnswerApproval {
                stage,
                action,
                token,
                approved,
                summary,
            } => self.answer(stage, action, *token, *approved, summary),
            Command::StopExecution {
                id,
                abandon,
                reason,
            } => self.stop(*id, *abandon, reason),
            Command::RetryStage { id, stage, mode } => self.retry(*id, stage, *mode),
            Command::RollbackStage { id, stage, target } => self.rollback(*id, stage, target),
            Command::OverrideCondition {
                id,
                stage,
                condition,
            } => self.override_condition(*id, stage, *condition),
            Command::DisableTransition {
                stage,
                direction,
                reason,
            } => self.disable(stage, *direction, reason),
            Command::EnableTransition { stage, direction } => self.enable(stage, *direction),
            Command::TimePassed => {
                self.unsettle_all();
                Ok(())
            }
        }
    }

    /// Takes an event into the working copy. Whatever `apply` cannot take is
    /// found here, before anybody else sees it.
    fn record(&mut self, event: Event) -> Result<(), Rejected> {
        let recorded = Recorded {
            at: self.request.at,
            cause: self.cause.clone(),
            event,
        };
        apply(&mut self.state, &recorded)?;
        self.unsettle(&recorded.event);
        self.events.push(recorded);
        Ok(())
    }

    /// The current definition, or the refusal.
    fn definition(&self) -> Result<&Arc<Pipeline>, Rejected> {
        self.state
            .definition()
            .ok_or_else(|| Rejected::PipelineNotFound {
                name: self.state.name.clone(),
            })
    }

    /// A stage of the current definition and its number, or the refusal.
    fn stage(&self, name: &str) -> Result<(usize, &Stage), Rejected> {
        let definition = self.definition()?;
        definition
            .stage(name)
            .ok_or_else(|| Rejected::StageNotFound {
                pipeline: self.state.name.clone(),
                stage: name.to_owned(),
                stages: definition.stages.iter().map(|s| s.name.clone()).collect(),
            })
    }
}
