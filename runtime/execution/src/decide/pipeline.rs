//! Commands about the pipeline itself: its definition and its transitions.

use super::Decision;
use crate::command::Direction;
use crate::event::Event;
use crate::rejected::Rejected;
use lockgate_model::definition::Pipeline;
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
        self.settle()?;
        self.record(Event::PipelineCreated {
            definition: versioned(definition, 1),
        })
    }

    pub(super) fn update(&mut self, definition: &Pipeline) -> Result<(), Rejected> {
        let version = self.definition()?.version.saturating_add(1);
        self.check(definition)?;
        self.record(Event::PipelineUpdated {
            definition: versioned(definition, version),
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
        self.stage(stage)?;
        self.record(Event::TransitionDisabled {
            stage: stage.to_owned(),
            direction,
            reason: reason.to_owned(),
        })
    }

    pub(super) fn enable(&mut self, stage: &str, direction: Direction) -> Result<(), Rejected> {
        let (index, declared) = self.stage(stage)?;
        let held_at = match direction {
            Direction::Inbound => Some(declared.name.clone()),
            Direction::Outbound => self
                .definition()?
                .stages
                .get(index.saturating_add(1))
                .map(|next| next.name.clone()),
        };
        let gate = self.state.gates.get(stage);
        let enabled = gate.is_none_or(|gate| match direction {
            Direction::Inbound => gate.inbound.enabled,
            Direction::Outbound => gate.outbound.enabled,
        });
        if enabled {
            return Ok(());
        }
        let held_too_long: Vec<ExecutionId> = held_at
            .and_then(|stage| self.state.gates.get(&stage))
            .map(|gate| &gate.waiting)
            .into_iter()
            .flatten()
            .filter(|waiting| self.request.at.since(waiting.since) > LONGEST_HOLD_MS)
            .map(|waiting| waiting.execution)
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
                } else {
                    let twice = stage.actions.iter().find(|a| !actions.insert(&a.name))?;
                    Some(format!(
                        "two actions of stage '{}' are named '{}'; rename one",
                        stage.name, twice.name
                    ))
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

fn versioned(definition: &Pipeline, version: u32) -> Arc<Pipeline> {
    let mut definition = definition.clone();
    definition.version = version;
    Arc::new(definition)
}
