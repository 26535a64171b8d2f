//! Asking sources whether there is something new, and deciding whether that
//! starts an execution.

use crate::owner::Message;
use crate::shared::Shared;
use lockgate_execution::PipelineState;
use lockgate_model::action_type::Category;
use lockgate_model::definition::{Action, Pipeline};
use lockgate_model::id::TenantId;
use lockgate_model::job::{DetectRequest, Detection};
use lockgate_model::trigger::{Trigger, TriggerType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc::WeakSender;
use tokio::task::AbortHandle;

/// The configuration key that turns polling off (user guide, "PollForSourceChanges").
const POLL_KEY: &str = "PollForSourceChanges";

/// A source's answer.
pub(crate) struct Found {
    pub(crate) action: String,
    pub(crate) detection: Detection,
}

/// What is kept between two questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    pub(crate) cursor: String,
    pub(crate) revision: Option<String>,
}

impl Cursor {
    pub(crate) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub(crate) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Polls every source of the definition that wants it; `None` where none does.
pub(crate) fn start(
    shared: &Arc<Shared>,
    tenant: &TenantId,
    definition: &Arc<Pipeline>,
    cursors: &BTreeMap<String, String>,
    owner: WeakSender<Message>,
) -> Option<AbortHandle> {
    let interval = shared.settings.poll_seconds?;
    let sources: Vec<Action> = definition
        .stages
        .iter()
        .flat_map(|stage| &stage.actions)
        .filter(|action| {
            action.action_type_id.category == Category::Source
                && action
                    .configuration
                    .get(POLL_KEY)
                    .is_none_or(|value| value != "false")
                && shared.runner.can_detect(tenant, &action.action_type_id)
        })
        .cloned()
        .collect();
    if sources.is_empty() {
        return None;
    }
    let mut cursors: BTreeMap<String, String> = cursors
        .iter()
        .filter_map(|(action, text)| Some((action.clone(), Cursor::read(text)?.cursor)))
        .collect();
    let (shared, tenant, name) = (shared.clone(), tenant.clone(), definition.name.clone());
    let task = tokio::spawn(async move {
        loop {
            for action in &sources {
                let request = DetectRequest {
                    tenant: tenant.clone(),
                    action_type: action.action_type_id.clone(),
                    configuration: action.configuration.clone(),
                    cursor: cursors.get(&action.name).cloned(),
                };
                match shared.runner.detect(request).await {
                    Ok(detection) => {
                        cursors.insert(action.name.clone(), detection.cursor.clone());
                        let Some(owner) = owner.upgrade() else { return };
                        let found = Found {
                            action: action.name.clone(),
                            detection,
                        };
                        if owner.send(Message::Detected(found)).await.is_err() {
                            return;
                        }
                    }
                    Err(failure) => {
                        tracing::warn!(
                            pipeline = name,
                            action = action.name,
                            reason = failure.message,
                            "the source could not be asked"
                        );
                    }
                }
            }
            shared
                .clock
                .sleep_until(shared.clock.now().plus_seconds(interval))
                .await;
        }
    });
    Some(task.abort_handle())
}

/// Whether a source's answer starts an execution, and with which trigger. The
/// first answer ever is only remembered, unless an execution took something
/// else; a revision that an execution already took starts nothing.
pub(crate) fn decide(
    state: &PipelineState,
    known: Option<&Cursor>,
    found: &Found,
) -> Option<Trigger> {
    let newest = found.detection.newest.as_ref()?;
    if known.is_some_and(|known| known.revision.as_ref() == Some(&newest.id)) {
        return None;
    }
    let mut taken = state
        .executions()
        .flat_map(|execution| &execution.stages)
        .filter_map(|stage| stage.action(&found.action)?.revision.as_ref())
        .peekable();
    if known.is_none() && taken.peek().is_none() {
        return None;
    }
    if taken.any(|revision| revision.id == newest.id) {
        return None;
    }
    Some(Trigger {
        trigger_type: TriggerType::PollForSourceChanges,
        trigger_detail: format!("{}: {}", found.action, newest.id),
    })
}
