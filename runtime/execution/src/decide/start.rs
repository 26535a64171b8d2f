//! Starting an execution.

use super::Decision;
use crate::event::Event;
use crate::mode;
use crate::rejected::Rejected;
use lockgate_model::action_type::Category;
use lockgate_model::definition::{Action, Pipeline, PipelineType};
use lockgate_model::id::ExecutionId;
use lockgate_model::trigger::{SourceRevision, SourceRevisionType, Trigger};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Source revisions that a start may give (API reference,
/// `SourceRevisionOverrideList`).
const MOST_REVISIONS: usize = 50;

/// The configuration key of an S3 source that lets its object be replaced.
const ALLOW_OBJECT_KEY: &str = "AllowOverrideForS3ObjectKey";

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
            change: None,
            rollback: None,
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

    pub(super) fn variables(
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
        let names = revisions
            .iter()
            .map(|revision| revision.action_name.as_str());
        self.check_sources(definition, names)?;
        let problem = if revisions.is_empty() {
            None
        } else if definition.pipeline_type == PipelineType::V1 {
            Some("a pipeline of type V1 takes none; make it V2, or start without them".to_owned())
        } else if revisions.len() > MOST_REVISIONS {
            Some(format!(
                "there are {}, and {MOST_REVISIONS} is the most; give fewer",
                revisions.len()
            ))
        } else {
            revisions
                .iter()
                .find_map(|revision| object_key(definition, revision))
                .or_else(|| twice(revisions))
        };
        problem.map_or(Ok(()), |problem| {
            Err(Rejected::InvalidSourceRevisions {
                pipeline: self.state.name.clone(),
                problem,
            })
        })
    }

    /// All of these are source actions, or the refusal.
    pub(super) fn check_sources<'a>(
        &self,
        definition: &Pipeline,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Rejected> {
        let unknown: Vec<_> = names
            .into_iter()
            .filter(|name| source(definition, name).is_none())
            .map(str::to_owned)
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

fn source<'d>(definition: &'d Pipeline, name: &str) -> Option<&'d Action> {
    definition
        .stages
        .iter()
        .flat_map(|stage| &stage.actions)
        .find(|action| action.name == name && action.action_type_id.category == Category::Source)
}

/// What is wrong with replacing a source's object, if that is asked.
fn object_key(definition: &Pipeline, revision: &SourceRevision) -> Option<String> {
    if revision.revision_type != Some(SourceRevisionType::S3ObjectKey) {
        return None;
    }
    let allowed = source(definition, &revision.action_name)
        .and_then(|action| action.configuration.get(ALLOW_OBJECT_KEY))
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    (!allowed).then(|| {
        format!(
            "source action '{}' keeps its object; set {ALLOW_OBJECT_KEY} to \"true\" in its configuration, or give no S3_OBJECT_KEY",
            revision.action_name
        )
    })
}

/// One for each action; an object's key and its version go together.
fn twice(revisions: &[SourceRevision]) -> Option<String> {
    let mut seen = BTreeSet::new();
    let again = revisions.iter().find(|revision| {
        let key = revision.revision_type == Some(SourceRevisionType::S3ObjectKey);
        !seen.insert((&revision.action_name, key))
    })?;
    let mixed = revisions
        .iter()
        .find(|revision| revision.action_name == again.action_name);
    mixed.map(|revision| {
        format!(
            "there are two for source action '{}'; give one, or one S3_OBJECT_KEY and one S3_OBJECT_VERSION_ID",
            revision.action_name
        )
    })
}
