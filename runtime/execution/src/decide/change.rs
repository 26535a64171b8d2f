//! A source changed: whether an execution starts. What starts none is kept too,
//! so that the log alone says why.

use super::Decision;
use crate::event::{Event, Ignored, StartedChange};
use crate::judge;
use crate::rejected::Rejected;
use crate::report::{REPORTED_BY_WORKER, reference};
use lockgate_model::action_type::Category;
use lockgate_model::change::SourceChange;
use lockgate_model::definition::PipelineType;
use lockgate_model::id::ExecutionId;
use lockgate_model::job::Revision;
use lockgate_model::trigger::{SourceRevision, Trigger, TriggerType};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Decision<'_> {
    pub(super) fn source_changed(
        &mut self,
        id: ExecutionId,
        source_action: &str,
        change: &SourceChange,
        trigger: &Trigger,
        pin: bool,
    ) -> Result<(), Rejected> {
        let definition = self.definition()?.clone();
        if self.state.execution(id).is_some() {
            return Err(Rejected::ExecutionAlreadyStarted { execution: id });
        }
        self.check_sources(&definition, [source_action])?;
        let change = Arc::new(change.clone());
        let ignored = |reason| Event::ChangeIgnored {
            source_action: source_action.to_owned(),
            change: change.clone(),
            reason,
        };
        let last = self.state.last_started(source_action, &reference(&change));
        if let Some(last) = last.filter(|last| last.revision == change.revision.id) {
            return self.record(ignored(Ignored::AlreadyStarted {
                execution: last.execution,
            }));
        }
        let verdict = judge::judge(&definition, source_action, &change);
        if !verdict.passes() {
            return self.record(ignored(Ignored::Filtered { verdict }));
        }
        match self.check_room(&definition) {
            Err(Rejected::ConcurrentExecutionsLimit { limit, .. }) => {
                return self.record(ignored(Ignored::LimitReached { limit }));
            }
            other => other?,
        }
        let variables = match self.variables(&definition, &BTreeMap::new()) {
            Err(Rejected::MissingVariables { names, .. }) => {
                return self.record(ignored(Ignored::MissingVariables { names }));
            }
            other => other?,
        };
        // Overrides are V2's: a V1 pipeline takes what is newest by then.
        let pinned =
            (pin && definition.pipeline_type == PipelineType::V2).then(|| SourceRevision {
                action_name: source_action.to_owned(),
                revision_id: change.revision.id.clone(),
                revision_type: None,
            });
        self.record(Event::ExecutionStarted {
            execution: id,
            version: definition.version,
            trigger: trigger.clone(),
            variables: Arc::new(variables),
            source_revisions: Arc::new(pinned.into_iter().collect()),
            change: Some(Arc::new(StartedChange {
                source_action: source_action.to_owned(),
                change,
                verdict,
            })),
            rollback: None,
        })
    }

    pub(super) fn put_revision(
        &mut self,
        id: ExecutionId,
        stage: &str,
        action: &str,
        revision: &Revision,
    ) -> Result<(), Rejected> {
        let definition = self.definition()?.clone();
        let (_, declared) = self.stage(stage)?;
        let is_source = |action: &lockgate_model::definition::Action| {
            action.action_type_id.category == Category::Source
        };
        if !declared.action(action).is_some_and(is_source) {
            let sources = declared.actions.iter().filter(|action| is_source(action));
            return Err(Rejected::ActionNotFound {
                stage: stage.to_owned(),
                action: action.to_owned(),
                actions: sources.map(|action| action.name.clone()).collect(),
            });
        }
        if self.state.execution(id).is_some() {
            return Err(Rejected::ExecutionAlreadyStarted { execution: id });
        }
        let last = self.state.last_started(action, REPORTED_BY_WORKER);
        if last.is_some_and(|last| last.revision == revision.id) {
            return Ok(());
        }
        self.check_room(&definition)?;
        let variables = self.variables(&definition, &BTreeMap::new())?;
        self.record(Event::ExecutionStarted {
            execution: id,
            version: definition.version,
            trigger: Trigger {
                trigger_type: TriggerType::PutActionRevision,
                trigger_detail: self.request.by.to_string(),
            },
            variables: Arc::new(variables),
            source_revisions: Arc::new(vec![SourceRevision {
                action_name: action.to_owned(),
                revision_id: revision.id.clone(),
                revision_type: None,
            }]),
            change: None,
            rollback: None,
        })
    }
}
