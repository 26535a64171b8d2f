//! Starting an execution.

use super::Decision;
use crate::event::Event;
use crate::mode;
use crate::rejected::Rejected;
use lockgate_model::action_type::Category;
use lockgate_model::definition::Pipeline;
use lockgate_model::id::ExecutionId;
use lockgate_model::trigger::{SourceRevision, Trigger};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Decision<'_> {
    pub(super) fn start(
        &mut self,
        id: ExecutionId,
        trigger: &Trigger,
        given: &BTreeMap<String, String>,
        source_revisions: &[SourceRevision],
    ) -> Result<(), Rejected> {
        let definition = self.definition()?.clone();
        if self.state.execution(id).is_some() {
            return Err(Rejected::ExecutionAlreadyStarted { execution: id });
        }
        self.check_room(&definition)?;
        let variables = self.variables(&definition, given)?;
        self.check_revisions(&definition, source_revisions)?;
        self.record(Event::ExecutionStarted {
            execution: id,
            version: definition.version,
            trigger: trigger.clone(),
            variables: Arc::new(variables),
            source_revisions: Arc::new(source_revisions.to_vec()),
        })
    }

    /// There may be only so many executions at a time in some modes.
    pub(super) fn check_room(&self, definition: &Pipeline) -> Result<(), Rejected> {
        match mode::most_executions(definition.execution_mode) {
            Some(limit) if self.state.live().count() >= limit => {
                Err(Rejected::ConcurrentExecutionsLimit {
                    pipeline: self.state.name.clone(),
                    limit,
                })
            }
            _ => Ok(()),
        }
    }

    fn variables(
        &self,
        definition: &Pipeline,
        given: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<String, String>, Rejected> {
        let declared = &definition.variables;
        let unknown: Vec<_> = given
            .keys()
            .filter(|name| declared.iter().all(|variable| variable.name != **name))
            .cloned()
            .collect();
        if !unknown.is_empty() {
            return Err(Rejected::UnknownVariables {
                pipeline: self.state.name.clone(),
                names: unknown,
            });
        }
        let mut values = BTreeMap::new();
        let mut missing = vec![];
        for variable in declared {
            match given
                .get(&variable.name)
                .or(variable.default_value.as_ref())
            {
                Some(value) => {
                    values.insert(variable.name.clone(), value.clone());
                }
                None => missing.push(variable.name.clone()),
            }
        }
        if missing.is_empty() {
            Ok(values)
        } else {
            Err(Rejected::MissingVariables {
                pipeline: self.state.name.clone(),
                names: missing,
            })
        }
    }

    fn check_revisions(
        &self,
        definition: &Pipeline,
        revisions: &[SourceRevision],
    ) -> Result<(), Rejected> {
        let is_source = |name: &str| {
            definition
                .stages
                .iter()
                .flat_map(|stage| &stage.actions)
                .any(|action| {
                    action.name == name && action.action_type_id.category == Category::Source
                })
        };
        let unknown: Vec<_> = revisions
            .iter()
            .map(|revision| &revision.action_name)
            .filter(|name| !is_source(name))
            .cloned()
            .collect();
        if unknown.is_empty() {
            Ok(())
        } else {
            Err(Rejected::UnknownSourceActions {
                pipeline: self.state.name.clone(),
                names: unknown,
            })
        }
    }
}
