//! Commands about the pipeline itself: its definition and its transitions.

use super::Decision;
use crate::command::{Direction, UpdatePolicy};
use crate::event::Event;
use crate::execution::{Execution, Position};
use crate::mode;
use crate::rejected::Rejected;
use crate::state::Transition;
use lockgate_model::definition::{Condition, Pipeline, Stage};
use lockgate_model::id::ExecutionId;
use std::collections::BTreeSet;
use std::sync::Arc;

/// An execution that a disabled transition held longer than this does not go on
/// when it is enabled (user guide, "Disable or enable transitions").
const LONGEST_HOLD_MS: u64 = 30 * 24 * 60 * 60 * 1000;

impl Decision<'_> {
    pub(super) fn create(&mut self, definition: &Pipeline) -> Result<(), Rejected> {
        if self.state.exists() {
            return Err(Rejected::PipelineNameInUse {
                name: self.state.name.clone(),
            });
        }
        self.check(definition)?;
        // A deletion that was cut short ends first.
        self.unsettle_all();
        self.settle()?;
        self.record(Event::PipelineCreated {
            definition: versioned(definition, 1),
        })
    }

    pub(super) fn update(
        &mut self,
        definition: &Pipeline,
        policy: UpdatePolicy,
    ) -> Result<(), Rejected> {
        let version = self.definition()?.version.saturating_add(1);
        self.check(definition)?;
        self.record(Event::PipelineUpdated {
            definition: versioned(definition, version),
            policy,
        })
    }

    pub(super) fn delete(&mut self) -> Result<(), Rejected> {
        if self.state.exists() {
            self.record(Event::PipelineDeleted)?;
        }
        Ok(())
    }

    pub(super) fn disable(
        &mut self,
        stage: &str,
        direction: Direction,
        reason: &str,
    ) -> Result<(), Rejected> {
        self.gated(stage)?;
        self.record(Event::TransitionDisabled {
            stage: stage.to_owned(),
            direction,
            reason: reason.to_owned(),
        })
    }

    pub(super) fn enable(&mut self, stage: &str, direction: Direction) -> Result<(), Rejected> {
        self.gated(stage)?;
        let enabled = self
            .state
            .gates
            .get(stage)
            .is_none_or(|gate| match direction {
                Direction::Inbound => gate.inbound.enabled,
                Direction::Outbound => gate.outbound.enabled,
            });
        if enabled {
            return Ok(());
        }
        let held_too_long: Vec<ExecutionId> = self
            .state
            .live()
            .filter(|execution| {
                self.state
                    .definition_of(execution)
                    .is_some_and(|definition| {
                        let index = execution.position.stage();
                        mode::held_by(&self.state, definition, execution, index).is_some_and(
                            |(at, side, transition)| {
                                at == stage
                                    && side == direction
                                    && self.held_too_long(definition, execution, transition)
                            },
                        )
                    })
            })
            .map(|execution| execution.id)
            .collect();
        for execution in held_too_long {
            self.record(Event::ExecutionCancelled {
                execution,
                reason: format!(
                    "it was held at the disabled transition of stage '{stage}' for more than 30 days; start a new execution"
                ),
            })?;
        }
        self.record(Event::TransitionEnabled {
            stage: stage.to_owned(),
            direction,
        })
    }

    /// What it waited for before the transition was disabled does not count.
    fn held_too_long(
        &self,
        definition: &Pipeline,
        execution: &Execution,
        transition: &Transition,
    ) -> bool {
        let Position::Before(index) = execution.position else {
            return false;
        };
        definition
            .stages
            .get(index)
            .and_then(|stage| self.state.gates.get(&stage.name))
            .into_iter()
            .flat_map(|gate| &gate.waiting)
            .find(|waiting| waiting.execution == execution.id)
            .is_some_and(|waiting| {
                let since = transition
                    .changed_at
                    .map_or(waiting.since, |disabled| disabled.max(waiting.since));
                self.request.at.since(since) > LONGEST_HOLD_MS
            })
    }

    /// A stage of the current definition, or of one that executions still run.
    fn gated(&self, stage: &str) -> Result<(), Rejected> {
        self.definition()?;
        if self.state.gates.contains_key(stage) {
            return Ok(());
        }
        self.stage(stage).map(|_| ())
    }

    /// What the machine itself relies on; everything else about a definition was
    /// checked before it came here.
    fn check(&self, definition: &Pipeline) -> Result<(), Rejected> {
        let mut stages = BTreeSet::new();
        let problem = if definition.name != self.state.name {
            Some(format!(
                "it is named '{}'; a pipeline cannot be renamed",
                definition.name
            ))
        } else if definition.stages.is_empty() {
            Some("it has no stage; give it two or more".to_owned())
        } else {
            definition.stages.iter().find_map(|stage| {
                let mut actions = BTreeSet::new();
                if !stages.insert(&stage.name) {
                    Some(format!("two stages are named '{}'; rename one", stage.name))
                } else if stage.actions.is_empty() {
                    Some(format!("stage '{}' has no action; add one", stage.name))
                } else if let Some(twice) = stage.actions.iter().find(|a| !actions.insert(&a.name))
                {
                    Some(format!(
                        "two actions of stage '{}' are named '{}'; rename one",
                        stage.name, twice.name
                    ))
                } else {
                    conditions(stage).find_map(|condition| rules(stage, condition))
                }
            })
        };
        problem.map_or(Ok(()), |problem| {
            Err(Rejected::InvalidStructure {
                name: self.state.name.clone(),
                problem,
            })
        })
    }
}

fn conditions(stage: &Stage) -> impl Iterator<Item = &Condition> {
    let before = stage.before_entry.iter().map(|all| &all.conditions);
    let after = stage.on_success.iter().map(|all| &all.conditions);
    let failed = stage.on_failure.iter().map(|all| &all.conditions);
    before.chain(after).chain(failed).flatten()
}

fn rules(stage: &Stage, condition: &Condition) -> Option<String> {
    let mut names = BTreeSet::new();
    if condition.rules.is_empty() {
        return Some(format!(
            "a condition of stage '{}' has no rule; add one, or remove the condition",
            stage.name
        ));
    }
    let twice = condition.rules.iter().find(|r| !names.insert(&r.name))?;
    Some(format!(
        "two rules of one condition of stage '{}' are named '{}'; rename one",
        stage.name, twice.name
    ))
}

fn versioned(definition: &Pipeline, version: u32) -> Arc<Pipeline> {
    let mut definition = definition.clone();
    definition.version = version;
    Arc::new(definition)
}
