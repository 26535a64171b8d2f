//! A log read from its beginning to its end: what is known of every stage's
//! gate, and the tales of the executions that are asked about. Every event costs
//! the same, however long the log is.

use super::answer::{Reason, ReasonKind};
use super::tale::Tale;
use super::tell::{self, Told};
use crate::command::Direction;
use crate::event::{Event, Recorded};
use crate::mode;
use lockgate_model::definition::Pipeline;
use lockgate_model::id::{ExecutionId, Principal};
use lockgate_model::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the events so far say.
pub(super) struct Chronicle<'e> {
    wanted: &'e BTreeSet<ExecutionId>,
    definitions: HashMap<u32, &'e Pipeline>,
    latest: Option<&'e Pipeline>,
    gates: HashMap<&'e str, Gate<'e>>,
    runs: HashMap<ExecutionId, Run<'e>>,
    live: BTreeSet<ExecutionId>,
    /// Gates of stages that the newest definition has not.
    stale: BTreeSet<&'e str>,
    pub(super) tales: BTreeMap<ExecutionId, Tale<'e>>,
}

/// What is known of one stage across executions.
#[derive(Default)]
pub(super) struct Gate<'e> {
    pub(super) inbound: Option<Closed<'e>>,
    pub(super) outbound: Option<Closed<'e>>,
    /// Who is inside, and since when.
    pub(super) holder: Option<(ExecutionId, Timestamp)>,
    /// Who was inside last, and has left.
    pub(super) left: Option<ExecutionId>,
    /// Who waits in front of it, the first to enter first.
    pub(super) queue: Vec<ExecutionId>,
    /// Who succeeded in it last.
    pub(super) succeeded: Option<ExecutionId>,
}

/// A disabled transition.
pub(super) struct Closed<'e> {
    pub(super) by: &'e Principal,
    pub(super) at: Timestamp,
    pub(super) reason: &'e str,
}

/// What is known of every execution.
#[derive(Default)]
pub(super) struct Run<'e> {
    pub(super) definition: Option<&'e Pipeline>,
    /// Transitions do not hold it.
    pub(super) rollback: bool,
    /// In front of which stage, and since when.
    pub(super) waiting: Option<(&'e str, Timestamp)>,
}

impl Run<'_> {
    pub(super) fn locks(&self) -> bool {
        self.definition
            .is_none_or(|definition| mode::locks(definition.execution_mode))
    }
}

impl<'e> Chronicle<'e> {
    /// Reads the whole log, and tells of the executions that are wanted.
    pub(super) fn read(events: &'e [Recorded], wanted: &'e BTreeSet<ExecutionId>) -> Self {
        let mut chronicle = Self {
            wanted,
            definitions: HashMap::new(),
            latest: None,
            gates: HashMap::new(),
            runs: HashMap::new(),
            live: BTreeSet::new(),
            stale: BTreeSet::new(),
            tales: BTreeMap::new(),
        };
        for recorded in events {
            chronicle.take(recorded);
        }
        chronicle
    }

    pub(super) fn gate(&self, stage: &str) -> Option<&Gate<'e>> {
        self.gates.get(stage)
    }

    pub(super) fn run(&self, execution: ExecutionId) -> Option<&Run<'e>> {
        self.runs.get(&execution)
    }

    /// The stage in front of this one, in the execution's own definition.
    pub(super) fn stage_before(&self, execution: ExecutionId, stage: &str) -> Option<&'e str> {
        let definition = self.run(execution)?.definition?;
        let (index, _) = definition.stage(stage)?;
        let before = definition.stages.get(index.checked_sub(1)?)?;
        Some(&before.name)
    }

    /// The stage behind this one, in the newest definition.
    pub(super) fn stage_after(&self, stage: &str) -> Option<&'e str> {
        let definition = self.latest?;
        let (index, _) = definition.stage(stage)?;
        let after = definition.stages.get(index.checked_add(1)?)?;
        Some(&after.name)
    }

    fn is_wanted(&self, execution: ExecutionId) -> bool {
        self.wanted.contains(&execution)
    }

    /// Tells of an event by what was known before it, then knows it.
    fn take(&mut self, recorded: &'e Recorded) {
        let own = recorded.event.execution().filter(|id| self.is_wanted(*id));
        let told = own.and_then(|id| Some((id, tell::own(self, id, recorded)?)));
        let others: Vec<(ExecutionId, Told)> = tell::others(self, recorded)
            .into_iter()
            .filter(|(id, _)| self.is_wanted(*id))
            .collect();
        self.know(recorded);
        if let Some(id) = own
            && let Some(tale) = self.tales.get_mut(&id)
        {
            let sentence = told.as_ref().map(|(_, told)| told.sentence.as_str());
            tale.know(recorded, sentence.unwrap_or_default());
        }
        for (id, told) in told.into_iter().chain(others) {
            if let Some(tale) = self.tales.get_mut(&id) {
                tale.reasons.push(told.reason(recorded));
            }
        }
    }

    fn know(&mut self, recorded: &'e Recorded) {
        match &recorded.event {
            Event::PipelineCreated { definition } => {
                self.gates.clear();
                self.define(definition);
            }
            Event::PipelineUpdated { definition, .. } => self.define(definition),
            Event::ExecutionStarted {
                execution,
                version,
                rollback,
                ..
            } => {
                let definition = self.definitions.get(version).copied();
                let run = Run {
                    definition,
                    rollback: rollback.is_some(),
                    waiting: None,
                };
                self.runs.insert(*execution, run);
                self.live.insert(*execution);
                self.forget_gates();
                if self.is_wanted(*execution) {
                    let tale = Tale::new(*execution, definition, rollback.as_deref());
                    self.tales.insert(*execution, tale);
                }
            }
            Event::ExecutionWaiting { execution, stage } => {
                self.gates.entry(stage).or_default().queue.push(*execution);
                self.runs.entry(*execution).or_default().waiting = Some((stage, recorded.at));
            }
            Event::StageEntered { execution, stage } => {
                self.unqueue(*execution);
                self.hold(*execution, stage, recorded.at);
            }
            Event::StageRetried {
                execution, stage, ..
            }
            | Event::ConditionOverridden {
                execution,
                stage,
                resumed: true,
                ..
            } => {
                self.live.insert(*execution);
                self.hold(*execution, stage, recorded.at);
            }
            Event::StageSucceeded { execution, stage } => {
                self.gates.entry(stage).or_default().succeeded = Some(*execution);
                self.release(*execution, stage);
            }
            Event::StageFailed {
                execution, stage, ..
            }
            | Event::StageSkipped { execution, stage }
            | Event::StageStopped { execution, stage }
            | Event::StageCancelled { execution, stage } => self.release(*execution, stage),
            Event::ExecutionSuperseded { execution, .. }
            | Event::ExecutionStopped { execution }
            | Event::ExecutionCancelled { execution, .. }
            | Event::ExecutionSucceeded { execution }
            | Event::ExecutionFailed { execution, .. } => {
                self.unqueue(*execution);
                self.live.remove(execution);
            }
            Event::TransitionDisabled {
                stage,
                direction,
                reason,
            } => {
                *self.side(stage, *direction) = Some(Closed {
                    by: &recorded.cause.by,
                    at: recorded.at,
                    reason,
                });
            }
            Event::TransitionEnabled { stage, direction } => *self.side(stage, *direction) = None,
            Event::PipelineDeleted
            | Event::ChangeIgnored { .. }
            | Event::ExecutionStopping { .. }
            | Event::ExecutionCancelling { .. }
            | Event::ConditionStarted { .. }
            | Event::ConditionEnded { .. }
            | Event::ConditionOverridden { .. }
            | Event::RuleStarted { .. }
            | Event::RulePending { .. }
            | Event::RuleSucceeded { .. }
            | Event::RuleFailed { .. }
            | Event::RuleAbandoned { .. }
            | Event::ActionStarted { .. }
            | Event::ActionPending { .. }
            | Event::ActionSucceeded { .. }
            | Event::ActionFailed { .. }
            | Event::ActionAbandoned { .. }
            | Event::ApprovalAnswered { .. }
            | Event::JobQueued { .. }
            | Event::JobDispatched { .. }
            | Event::JobAcknowledged { .. } => {}
        }
    }

    fn define(&mut self, definition: &'e Pipeline) {
        self.definitions.insert(definition.version, definition);
        self.latest = Some(definition);
        self.stale = self
            .gates
            .keys()
            .copied()
            .filter(|stage| definition.stage(stage).is_none())
            .collect();
        self.forget_gates();
    }

    /// A stage that is no more, and that nobody can come to any more, begins
    /// anew when a later definition has it again.
    fn forget_gates(&mut self) {
        let (live, runs, gates) = (&self.live, &self.runs, &mut self.gates);
        self.stale.retain(|stage| {
            let reachable = live
                .iter()
                .filter_map(|id| runs.get(id)?.definition)
                .any(|definition| definition.stage(stage).is_some());
            if !reachable {
                gates.remove(stage);
            }
            reachable
        });
    }

    fn side(&mut self, stage: &'e str, direction: Direction) -> &mut Option<Closed<'e>> {
        let gate = self.gates.entry(stage).or_default();
        match direction {
            Direction::Inbound => &mut gate.inbound,
            Direction::Outbound => &mut gate.outbound,
        }
    }

    fn hold(&mut self, execution: ExecutionId, stage: &'e str, at: Timestamp) {
        if self.runs.get(&execution).is_some_and(Run::locks) {
            let gate = self.gates.entry(stage).or_default();
            if gate.holder.is_none_or(|(holder, _)| holder != execution) {
                gate.holder = Some((execution, at));
            }
        }
    }

    fn release(&mut self, execution: ExecutionId, stage: &'e str) {
        let gate = self.gates.entry(stage).or_default();
        if gate.holder.is_some_and(|(holder, _)| holder == execution) {
            gate.holder = None;
            gate.left = Some(execution);
        }
    }

    /// Queues are as long as the mode allows, fifty at most: looking through one
    /// does not make a long log slow.
    fn unqueue(&mut self, execution: ExecutionId) {
        if let Some(run) = self.runs.get_mut(&execution)
            && let Some((stage, _)) = run.waiting.take()
            && let Some(gate) = self.gates.get_mut(stage)
        {
            gate.queue.retain(|waiting| *waiting != execution);
        }
    }
}

impl Told {
    /// With the time and the principal of the event that it was told of.
    pub(super) fn reason(self, recorded: &Recorded) -> Reason {
        Reason {
            at: recorded.at,
            by: recorded.cause.by.clone(),
            kind: self.kind,
            sentence: self.sentence,
            about: self.about,
        }
    }
}

impl Reason {
    /// A reason that no execution has.
    pub(super) fn of(kind: ReasonKind, sentence: String, recorded: &Recorded) -> Self {
        Told::new(kind, sentence).reason(recorded)
    }
}
