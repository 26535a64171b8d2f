//! What must hold of every history, whatever the machine thinks: read off the
//! events and the definitions alone, then compared with what the machine says of
//! its state. Each law is told in words that docs/reference/semantics.md could
//! use. Knows nothing of how the machine decides.

mod action;
mod answered;
mod condition;
mod execution;
mod gates;
mod owed;
mod rows;
mod run;
mod settled;
mod stage;
mod waits;

use crate::world::{Broken, Seen};
use gates::Gates;
use lockgate_execution::{Command, Event, PipelineState, Recorded, UpdatePolicy};
use lockgate_model::definition::{ExecutionMode, Pipeline};
use lockgate_model::id::{ApprovalToken, ExecutionId, JobId};
use lockgate_model::time::Timestamp;
use owed::Owed;
use rows::Rows;
use run::Run;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Breaks a law unless something holds.
macro_rules! law {
    ($holds:expr, $law:literal, $($what:tt)+) => {
        if !$holds {
            return Err($crate::world::Broken { law: $law, what: format!($($what)+) });
        }
    };
}
use law;

/// Everything that the events so far say.
pub(crate) struct Oracle {
    /// None: not created, or deleted.
    current: Option<Arc<Pipeline>>,
    /// Executions of older versions are done for.
    valid_from: u32,
    /// Which lifetime of the pipeline it is: versions begin again with each.
    lifetime: u32,
    gates: Gates,
    runs: BTreeMap<ExecutionId, Run>,
    live: BTreeSet<ExecutionId>,
    jobs: BTreeSet<JobId>,
    tokens: BTreeSet<ApprovalToken>,
    owed: Owed,
    /// None after a restart.
    rows: Option<Rows>,
    now: Timestamp,
    /// Grows with every event.
    clock: u64,
}

impl Default for Oracle {
    fn default() -> Self {
        Self {
            current: None,
            valid_from: 0,
            lifetime: 0,
            gates: Gates::default(),
            runs: BTreeMap::new(),
            live: BTreeSet::new(),
            jobs: BTreeSet::new(),
            tokens: BTreeSet::new(),
            owed: Owed::default(),
            rows: Some(Rows::default()),
            now: Timestamp::default(),
            clock: 0,
        }
    }
}

impl Oracle {
    /// Takes in what one request led to.
    pub(crate) fn see(&mut self, seen: &Seen<'_>) -> Result<(), Broken> {
        self.check_answer(seen)?;
        let Ok(events) = seen.events else {
            return Ok(());
        };
        for recorded in events {
            self.take(recorded)?;
        }
        self.check_effect(seen)?;
        // Another command does not look at everybody's clock.
        let now = (seen.request.command == Command::TimePassed).then_some(seen.request.at);
        self.check_settled(seen.after, now)?;
        self.owed
            .check(seen.after, events, &self.live, &self.runs)?;
        self.check_waits(seen.after)?;
        if let Some(rows) = &mut self.rows {
            rows.take(seen.after, events)?;
        }
        Ok(())
    }

    /// What is known from a log alone, of a state that a server found after a
    /// restart. The rows are the store's then.
    pub(crate) fn after(log: &[Recorded], state: &PipelineState) -> Result<Self, Broken> {
        let mut oracle = Self::read(log)?;
        oracle.owed.restart(state);
        Ok(oracle)
    }

    /// What is known from a log alone, if it keeps the laws of events.
    pub(crate) fn read(log: &[Recorded]) -> Result<Self, Broken> {
        let mut oracle = Self {
            rows: None,
            ..Self::default()
        };
        log.iter().try_for_each(|recorded| oracle.take(recorded))?;
        Ok(oracle)
    }

    /// The rows that were ever written are those of the state.
    pub(crate) fn check_rows(&self, state: &PipelineState) -> Result<(), Broken> {
        self.rows
            .iter()
            .try_for_each(|rows| rows.check(state, &self.runs))
    }

    /// Executions that have not ended.
    pub(crate) fn live(&self) -> usize {
        self.live.len()
    }

    /// Whether an execution that somebody asked to stop did anything else.
    pub(crate) fn check_stops(&self) -> Result<(), Broken> {
        for run in self.runs.values() {
            law!(
                !run.asked_to_stop || run.is_over(),
                "a stop leads to Stopped",
                "execution {} was asked to stop and is {}",
                run.number,
                run.status
            );
        }
        Ok(())
    }

    fn take(&mut self, recorded: &Recorded) -> Result<(), Broken> {
        self.clock += 1;
        law!(
            recorded.at >= self.now,
            "time does not go back",
            "{recorded:?} after {:?}",
            self.now
        );
        self.now = recorded.at;
        match &recorded.event {
            Event::PipelineCreated { definition } => {
                law!(
                    self.current.is_none() && self.live.is_empty(),
                    "a pipeline is created once, when nothing of an older one lives",
                    "{} live",
                    self.live.len()
                );
                law!(
                    definition.version == 1,
                    "versions are counted from 1",
                    "{}",
                    definition.version
                );
                self.lifetime += 1;
                self.valid_from = 1;
                self.gates = Gates::default();
                self.current = Some(definition.clone());
            }
            Event::PipelineUpdated { definition, policy } => {
                let before = self.current.as_ref().map_or(0, |before| before.version);
                law!(
                    definition.version == before + 1,
                    "every update makes the next version",
                    "{before}, then {}",
                    definition.version
                );
                if *policy == UpdatePolicy::Cancel {
                    self.valid_from = definition.version;
                }
                self.current = Some(definition.clone());
                self.gates.fade(|stage| definition.stage(stage).is_some());
            }
            Event::PipelineDeleted => {
                law!(
                    self.current.is_some(),
                    "what is deleted was there",
                    "there was none"
                );
                self.current = None;
            }
            Event::TransitionDisabled {
                stage, direction, ..
            } => self.gates.close(stage, *direction),
            Event::TransitionEnabled { stage, direction } => self.gates.open(stage, *direction),
            Event::ChangeIgnored { .. } => {}
            Event::ExecutionStarted { .. } => self.start(&recorded.event)?,
            event => {
                let Some(id) = event.execution() else {
                    law!(false, "every event is about something", "{event:?}");
                    return Ok(());
                };
                law!(
                    self.runs.contains_key(&id),
                    "every event names an execution that was started",
                    "{event:?}"
                );
                self.take_one(id, recorded)?;
                let over = self.runs.get(&id).is_some_and(Run::is_over);
                if over {
                    self.live.remove(&id);
                } else {
                    self.live.insert(id);
                }
            }
        }
        Ok(())
    }

    fn take_one(&mut self, id: ExecutionId, recorded: &Recorded) -> Result<(), Broken> {
        let event = &recorded.event;
        let resumes = match event {
            Event::StageRetried { .. } => true,
            Event::ConditionOverridden { resumed, .. } => *resumed,
            _ => false,
        };
        let run = &self.runs[&id];
        law!(
            !run.is_over() || resumes,
            "a final state is final unless it is retried",
            "execution {} is {}, then {event:?}",
            run.number,
            run.status
        );
        if let (Some(rollback), Some(stage)) = (&run.rollback, event.stage()) {
            law!(
                rollback.stage == stage,
                "a rollback runs one stage only",
                "of {} and then {event:?}",
                rollback.stage
            );
        }
        match event {
            Event::ExecutionWaiting { .. }
            | Event::ExecutionSuperseded { .. }
            | Event::ExecutionStopping { .. }
            | Event::ExecutionStopped { .. }
            | Event::ExecutionCancelling { .. }
            | Event::ExecutionCancelled { .. }
            | Event::ExecutionSucceeded { .. }
            | Event::ExecutionFailed { .. } => self.execution(id, recorded),
            Event::StageEntered { .. }
            | Event::StageSucceeded { .. }
            | Event::StageFailed { .. }
            | Event::StageSkipped { .. }
            | Event::StageStopped { .. }
            | Event::StageCancelled { .. }
            | Event::StageRetried { .. } => self.stage(id, event),
            Event::ConditionStarted { .. }
            | Event::ConditionEnded { .. }
            | Event::ConditionOverridden { .. }
            | Event::RuleStarted { .. }
            | Event::RulePending { .. }
            | Event::RuleSucceeded { .. }
            | Event::RuleFailed { .. }
            | Event::RuleAbandoned { .. } => self.condition(id, recorded),
            _ => self.action(id, recorded),
        }
    }

    fn run(&mut self, id: ExecutionId) -> &mut Run {
        self.runs.get_mut(&id).expect("it was looked for before")
    }

    fn mode(&self) -> Option<ExecutionMode> {
        self.current.as_ref().map(|current| current.execution_mode)
    }
}

/// Whether a stage holds one execution at a time.
fn locks(mode: ExecutionMode) -> bool {
    mode != ExecutionMode::Parallel
}
