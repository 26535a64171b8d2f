//! What a source answered: remembered, and perhaps the start of an execution.

use super::Owner;
use super::decide::More;
use crate::poll::{self, Found};
use crate::watch::declared;
use lockgate_execution::Command;
use lockgate_model::change::SourceChange;
use lockgate_model::definition::{Pipeline, PipelineType};
use lockgate_model::id::{ExecutionId, Principal};
use lockgate_model::trigger::{SourceRevision, Trigger, TriggerType};
use lockgate_store::SourceCursor;
use std::collections::BTreeMap;

impl Owner {
    pub(super) async fn detected(&mut self, found: Found) {
        let Some(definition) = self.state.definition() else {
            return;
        };
        // An answer to a question that the definition does not ask any more.
        if !poll::asks(definition, &found) {
            return;
        }
        let known = self.cursors.get(&found.action);
        let cursor = found.cursor().write();
        if known == Some(&cursor) {
            return;
        }
        let known = known
            .and_then(|text| poll::Cursor::read(text))
            .filter(|known| known.source == found.source);
        let action = found.action.clone();
        let cursor = SourceCursor {
            source: action.clone(),
            cursor,
        };
        let mut commands: Vec<Command> = if declared(definition, &action).is_some() {
            found
                .detection
                .changes
                .into_iter()
                .map(changed(&action))
                .collect()
        } else {
            let newest = found.detection.newest.clone();
            poll::decide(&self.state, known.as_ref(), &found)
                .zip(newest)
                .map(|(trigger, newest)| Command::StartExecution {
                    id: ExecutionId(uuid::Uuid::now_v7()),
                    trigger,
                    variables: BTreeMap::new(),
                    source_revisions: pinned(definition, &action, newest.id),
                })
                .into_iter()
                .collect()
        };
        let Some(last) = commands.pop() else {
            return self.remember(cursor).await;
        };
        for command in commands {
            self.start_by_source(&action, command, More::default())
                .await;
        }
        // In one change with the last: a crash forgets none, and those before
        // it are known to the core when they come again.
        let more = More {
            cursor: Some(cursor),
            ..More::default()
        };
        self.start_by_source(&action, last, more).await;
    }

    async fn start_by_source(&mut self, action: &str, command: Command, more: More) {
        if let Err(error) = self.ask(Principal::server(), command, more).await {
            tracing::warn!(pipeline = self.key.1, action, %error, "a change starts nothing yet");
        }
    }

    async fn remember(&mut self, cursor: SourceCursor) {
        let mut change = self.empty_change();
        change.cursors.push(cursor.clone());
        match self.shared.store.commit(change).await {
            Ok(_) => {
                self.cursors.insert(cursor.source, cursor.cursor);
            }
            Err(error) => {
                tracing::warn!(pipeline = self.key.1, %error, "a source's cursor was not kept");
            }
        }
    }
}

/// A change that a poll found, for the core to judge.
fn changed(action: &str) -> impl Fn(SourceChange) -> Command + use<'_> {
    move |change| Command::SourceChanged {
        id: ExecutionId(uuid::Uuid::now_v7()),
        source_action: action.to_owned(),
        trigger: Trigger {
            trigger_type: TriggerType::PollForSourceChanges,
            trigger_detail: format!("{action}: {}", change.revision.id),
        },
        change: Box::new(change),
        pin: true,
    }
}

/// The revision that the poll saw is the one that is taken, where the
/// pipeline's type knows overrides.
fn pinned(definition: &Pipeline, action: &str, revision: String) -> Vec<SourceRevision> {
    let pinned = (definition.pipeline_type == PipelineType::V2).then(|| SourceRevision {
        action_name: action.to_owned(),
        revision_id: revision,
        revision_type: None,
    });
    pinned.into_iter().collect()
}
