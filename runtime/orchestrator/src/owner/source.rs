//! What a source answered: remembered, and perhaps the start of an execution.

use super::Owner;
use super::decide::More;
use crate::poll::{self, Found};
use lockgate_execution::Command;
use lockgate_model::id::{ExecutionId, Principal};
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
        let start = poll::decide(&self.state, known.as_ref(), &found);
        let cursor = SourceCursor {
            source: found.action.clone(),
            cursor,
        };
        match start {
            None => self.remember(cursor).await,
            Some(trigger) => {
                let command = Command::StartExecution {
                    id: ExecutionId(uuid::Uuid::now_v7()),
                    trigger,
                    variables: BTreeMap::new(),
                    source_revisions: vec![],
                };
                // In one change: a crash starts neither none nor two.
                let more = More {
                    cursor: Some(cursor),
                    ..More::default()
                };
                if let Err(error) = self.ask(Principal::server(), command, more).await {
                    tracing::warn!(pipeline = self.key.1, action = found.action, %error, "a new revision starts nothing yet");
                }
            }
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
