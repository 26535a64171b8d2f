//! Asking sources whether there is something new, and deciding whether that
//! starts an execution.

use crate::background::Background;
use crate::owner::Message;
use crate::owners::Mailbox;
use crate::runner;
use crate::shared::Shared;
use crate::watch::{declared, watch_of};
use lockgate_execution::{Execution, PipelineState};
use lockgate_model::action_type::Category;
use lockgate_model::definition::{Action, Pipeline};
use lockgate_model::id::TenantId;
use lockgate_model::job::{DetectRequest, Detection, Watch};
use lockgate_model::trigger::{Trigger, TriggerType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::oneshot;
use uuid::Uuid;

/// The configuration keys that turn polling off (user guide, "Source action
/// configuration").
const POLL_KEYS: [&str; 2] = ["PollForSourceChanges", "DetectChanges"];

/// Names what is asked: a provider with its configuration. Whoever changes
/// either asks something else, to which the old answers do not belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SourceId(Uuid);

impl SourceId {
    fn of(action: &Action, watch: Watch) -> Self {
        let asked = (&action.action_type_id, &action.configuration, watch);
        let text = serde_json::to_vec(&asked).unwrap_or_default();
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, &text))
    }
}

/// A source's answer.
pub(crate) struct Found {
    pub(crate) action: String,
    pub(crate) source: SourceId,
    pub(crate) detection: Detection,
}

impl Found {
    /// What is kept of it.
    pub(crate) fn cursor(&self) -> Cursor {
        let newest = self.detection.newest.as_ref();
        Cursor {
            source: self.source,
            cursor: self.detection.cursor.clone(),
            revision: newest.map(|revision| revision.id.clone()),
        }
    }
}

/// What is kept between two questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    pub(crate) source: SourceId,
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

/// The sources of a definition that are to be asked.
fn sources(definition: &Pipeline) -> impl Iterator<Item = &Action> {
    definition
        .stages
        .iter()
        .flat_map(|stage| &stage.actions)
        .filter(|action| {
            action.action_type_id.category == Category::Source
                && POLL_KEYS.iter().all(|key| {
                    action
                        .configuration
                        .get(*key)
                        .is_none_or(|value| value != "false")
                })
                // Of a source whose trigger is about pull requests alone a poll
                // would learn nothing.
                && declared(definition, &action.name)
                    .is_none_or(|filters| !filters.push.is_empty())
        })
}

/// Whether the definition still asks what this answers.
pub(crate) fn asks(definition: &Pipeline, found: &Found) -> bool {
    sources(definition).any(|action| {
        action.name == found.action
            && SourceId::of(action, watch_of(definition, &action.name)) == found.source
    })
}

/// A source, and what it said last.
struct Source {
    action: Action,
    id: SourceId,
    watch: Watch,
    cursor: Option<String>,
}

/// Polls every source of the definition that wants it; `None` where none does.
pub(crate) fn start(
    shared: &Arc<Shared>,
    tenant: &TenantId,
    definition: &Pipeline,
    cursors: &BTreeMap<String, String>,
    owner: Mailbox,
) -> Option<Background> {
    let interval = shared.settings.poll_seconds?;
    let mut sources: Vec<Source> = sources(definition)
        .filter(|action| shared.runner.can_detect(tenant, &action.action_type_id))
        .map(|action| {
            let watch = watch_of(definition, &action.name);
            let id = SourceId::of(action, watch);
            let known = cursors
                .get(&action.name)
                .and_then(|text| Cursor::read(text));
            Source {
                action: action.clone(),
                id,
                watch,
                cursor: known.filter(|known| known.source == id).map(|k| k.cursor),
            }
        })
        .collect();
    if sources.is_empty() {
        return None;
    }
    let (tenant, name) = (tenant.clone(), definition.name.clone());
    let asker = shared.clone();
    let task = shared.tasks.spawn(async move {
        loop {
            for source in &mut sources {
                let Some(detection) = ask(&asker, &tenant, &name, source).await else {
                    continue;
                };
                source.cursor = Some(detection.cursor.clone());
                let found = Found {
                    action: source.action.name.clone(),
                    source: source.id,
                    detection,
                };
                let (seen, wait) = oneshot::channel();
                if owner.send(Message::Detected { found, seen }).is_err() || wait.await.is_err() {
                    return;
                }
            }
            let clock = asker.clock;
            clock.sleep_until(clock.now().plus_seconds(interval)).await;
        }
    });
    Some(Background::new(&task))
}

async fn ask(
    shared: &Shared,
    tenant: &TenantId,
    pipeline: &str,
    source: &Source,
) -> Option<Detection> {
    let request = DetectRequest {
        tenant: tenant.clone(),
        action_type: source.action.action_type_id.clone(),
        configuration: source.action.configuration.clone(),
        cursor: source.cursor.clone(),
        watch: source.watch,
    };
    // A start with many pipelines does not ask all at once.
    let _turn = shared.questions.acquire().await.ok()?;
    let answer = runner::detect(&*shared.runner, request).await;
    let reported = answer.inspect_err(|failure| {
        tracing::warn!(
            pipeline,
            action = source.action.name,
            reason = failure.message,
            "the source could not be asked"
        );
    });
    reported.ok()
}

/// Whether a source's answer starts an execution, and with which trigger. The
/// first answer of a source is only remembered, unless an execution of the
/// present definition took something else; a revision that an execution already
/// took starts nothing.
pub(crate) fn decide(
    state: &PipelineState,
    known: Option<&Cursor>,
    found: &Found,
) -> Option<Trigger> {
    let newest = found.detection.newest.as_ref()?;
    if known.is_some_and(|known| known.revision.as_ref() == Some(&newest.id)) {
        return None;
    }
    let version = state.definition()?.version;
    // One of an older definition may have asked another source.
    let mut taken = state
        .executions()
        .filter(|execution| execution.version == version)
        .flat_map(|execution| taken_by(execution, &found.action))
        .peekable();
    if known.is_none() && taken.peek().is_none() {
        return None;
    }
    if taken.any(|revision| revision == newest.id) {
        return None;
    }
    Some(Trigger {
        trigger_type: TriggerType::PollForSourceChanges,
        trigger_detail: format!("{}: {}", found.action, newest.id),
    })
}

/// The revision that an execution was told to take, and the one it took.
fn taken_by<'a>(execution: &'a Execution, action: &'a str) -> impl Iterator<Item = &'a str> {
    let told = execution
        .source_revisions
        .iter()
        .filter(move |revision| revision.action_name == action)
        .map(|revision| revision.revision_id.as_str());
    let took = execution
        .stages
        .iter()
        .filter_map(move |stage| Some(stage.action(action)?.revision.as_ref()?.id.as_str()));
    told.chain(took)
}
