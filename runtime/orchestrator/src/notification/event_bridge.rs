//! A state change in exactly EventBridge's envelope (semantics 2.15), and what
//! AWS's notification rules add to it. Pure: the log and the definition are all
//! that is needed, so that the same event always reads the same.

use super::state_change::{Level, State, StateChange, state_changes};
use super::story::{Acting, Story};
use crate::iso;
use lockgate_execution::{Event, Recorded};
use lockgate_model::action_type::Category;
use lockgate_model::artifact::Artifact;
use lockgate_model::change::{ChangeKind, SourceChange};
use lockgate_model::definition::Pipeline;
use lockgate_model::id::TenantId;
use lockgate_model::job::{External, FailureType};
use lockgate_model::trigger::TriggerType;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Where events come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) tenant: &'a TenantId,
    pub(crate) pipeline: &'a str,
    pub(crate) region: &'a str,
    /// The version that the execution runs, where it is still known.
    pub(crate) definition: Option<&'a Pipeline>,
}

/// One state change, ready to be told.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    /// Always the same for the same state change: the event's `id`.
    pub(super) id: Uuid,
    pub(super) change: StateChange,
    /// Of its action.
    pub(super) category: Option<Category>,
    /// The event as EventBridge has it.
    pub(super) event: Value,
    /// What a notification adds: `additionalAttributes`.
    pub(super) more: Value,
}

/// What an event of the log is told as: nothing, one state change, or two.
/// `story` holds what happened in its execution up to and with this event.
pub(crate) fn notices(
    origin: Origin<'_>,
    story: &Story,
    sequence: u64,
    recorded: &Recorded,
) -> Vec<Notice> {
    let changes = state_changes(story, &recorded.event);
    let changes = changes.into_iter().enumerate();
    changes
        .map(|(index, change)| {
            let acting = match (&change.stage, &change.action) {
                (Some(stage), Some(action)) => story.acting(stage, action),
                _ => None,
            };
            let id = id(origin, story, sequence, index);
            Notice {
                id,
                category: acting.map(|acting| acting.action_type.category),
                event: event(origin, story, recorded, &change, acting, id),
                more: more(story, recorded, &change, acting),
                change,
            }
        })
        .collect()
}

/// Under the execution's own id, which no other has: a pipeline that is deleted
/// and made again counts its events anew.
fn id(origin: Origin<'_>, story: &Story, sequence: u64, index: usize) -> Uuid {
    let (tenant, pipeline) = (origin.tenant, origin.pipeline);
    story
        .execution
        .derive(&format!("event {tenant} {pipeline} {sequence} {index}"))
}

fn event(
    origin: Origin<'_>,
    story: &Story,
    recorded: &Recorded,
    change: &StateChange,
    acting: Option<&Acting>,
    id: Uuid,
) -> Value {
    let level = change.level.as_str();
    json!({
        "version": "0",
        "id": id.to_string(),
        "detail-type": format!("CodePipeline {level} Execution State Change"),
        "source": "aws.codepipeline",
        "account": origin.tenant.as_str(),
        "time": iso::seconds(recorded.at),
        "region": origin.region,
        "resources": [pipeline_arn(origin)],
        "detail": detail(origin, story, recorded, change, acting),
    })
}

/// As AWS writes it.
pub(crate) fn pipeline_arn(origin: Origin<'_>) -> String {
    let Origin {
        tenant,
        pipeline,
        region,
        ..
    } = origin;
    format!("arn:aws:codepipeline:{region}:{tenant}:{pipeline}")
}

fn detail(
    origin: Origin<'_>,
    story: &Story,
    recorded: &Recorded,
    change: &StateChange,
    acting: Option<&Acting>,
) -> Map<String, Value> {
    let mut detail = Map::new();
    let mut put = |key: &str, value: Value| {
        detail.insert(key.to_owned(), value);
    };
    put("pipeline", json!(origin.pipeline));
    put("execution-id", json!(story.execution.to_string()));
    let started = acting.map_or(story.started, |acting| acting.started);
    put("start-time", json!(iso::millis(started)));
    put("state", json!(change.state.as_str()));
    // Numbers with a point, as AWS sends them.
    put("version", json!(f64::from(story.version)));
    put(
        "pipeline-execution-attempt",
        json!(f64::from(story.attempt)),
    );
    match change.level {
        Level::Pipeline => {
            if let Some(trigger) = trigger(story, change.state) {
                put("execution-trigger", trigger);
            }
            if change.state == State::Stopping {
                let comments = story.comments.as_deref().unwrap_or_default();
                put("stop-execution-comments", json!(comments));
            }
        }
        Level::Stage => {
            let stage = change.stage.as_deref().unwrap_or_default();
            put("stage", json!(stage));
            if let Some(at) = story.retried.get(stage) {
                put("stage-last-retry-attempt-time", json!(iso::millis(*at)));
            }
        }
        Level::Action => {
            put("stage", json!(change.stage));
            put("action", json!(change.action));
            put("region", json!(action_region(origin, change)));
            if let Some(acting) = acting {
                put("action-execution-id", json!(acting.id.to_string()));
                put("type", json!(acting.action_type));
                if !acting.inputs.is_empty() {
                    put("input-artifacts", artifacts(origin, &acting.inputs));
                }
                if let Some(result) = result(acting, &recorded.event) {
                    put("execution-result", result);
                }
            }
            if let Event::ActionSucceeded {
                artifacts: made, ..
            } = &recorded.event
                && !made.is_empty()
            {
                put("output-artifacts", artifacts(origin, made));
            }
        }
    }
    detail
}

/// How it started; for the end of one that a change of its source started, which
/// change that was.
fn trigger(story: &Story, state: State) -> Option<Value> {
    if state == State::Started {
        return Some(json!({
            "trigger-type": story.trigger.trigger_type,
            "trigger-detail": story.trigger.trigger_detail,
        }));
    }
    let by_change = matches!(
        story.trigger.trigger_type,
        TriggerType::Webhook | TriggerType::WebhookV2
    );
    let ended = matches!(state, State::Succeeded | State::Failed);
    if !by_change || !ended {
        return None;
    }
    let said = match &story.change {
        Some(change) => of_change(change),
        // Of an execution whose start does not name the change.
        None => of_variables(&story.sources.values().next()?.variables),
    };
    let said: Map<String, Value> = said
        .into_iter()
        .filter_map(|(key, text)| Some((key.to_owned(), json!(text?))))
        .collect();
    (!said.is_empty()).then_some(Value::Object(said))
}

/// A change's particulars by AWS's names.
type Particulars<'a> = Vec<(&'static str, Option<&'a str>)>;

fn of_change(change: &SourceChange) -> Particulars<'_> {
    let author = change.author.as_ref();
    let (branch, tag) = match &change.kind {
        ChangeKind::Branch { name, .. } => (Some(name.as_str()), None),
        ChangeKind::Tag { name } => (None, Some(name.as_str())),
        ChangeKind::PullRequest { source_branch, .. } => (Some(source_branch.as_str()), None),
    };
    vec![
        (
            "author-display-name",
            author.and_then(|a| a.name.as_deref()),
        ),
        ("author-email", author.and_then(|a| a.email.as_deref())),
        ("author-id", author.and_then(|a| a.id.as_deref())),
        ("full-repository-name", change.repository.as_deref()),
        ("commit-id", Some(change.revision.id.as_str())),
        ("commit-message", change.revision.summary.as_deref()),
        ("branch-name", branch),
        ("tag-name", tag),
    ]
}

fn of_variables(variables: &BTreeMap<String, String>) -> Particulars<'_> {
    [
        ("full-repository-name", "FullRepositoryName"),
        ("commit-id", "CommitId"),
        ("commit-message", "CommitMessage"),
        ("branch-name", "BranchName"),
        ("tag-name", "TagName"),
    ]
    .into_iter()
    .map(|(key, variable)| (key, variables.get(variable).map(String::as_str)))
    .collect()
}

/// The action's own, where the definition names one.
fn action_region<'a>(origin: Origin<'a>, change: &StateChange) -> &'a str {
    let declared = || {
        let stage = origin.definition?.stage(change.stage.as_deref()?)?.1;
        stage.action(change.action.as_deref()?)?.region.as_deref()
    };
    declared().unwrap_or(origin.region)
}

/// The trace elsewhere, and why it failed.
fn result(acting: &Acting, event: &Event) -> Option<Value> {
    let (external, message, code) = match event {
        Event::ActionSucceeded {
            external, revision, ..
        } => {
            let mut external = external.clone();
            if let Some(revision) = revision {
                external.id = external.id.or_else(|| Some(revision.id.clone()));
                external.url = external.url.or_else(|| revision.url.clone());
                external.summary = external.summary.or_else(|| revision.summary.clone());
            }
            (external, None, None)
        }
        Event::ActionFailed { failure, .. } => {
            let known = &acting.external;
            let external = External {
                id: failure.external.id.clone().or_else(|| known.id.clone()),
                url: failure.external.url.clone().or_else(|| known.url.clone()),
                summary: failure.external.summary.clone(),
            };
            (external, Some(&failure.message), Some(failure.kind))
        }
        _ => (acting.external.clone(), None, None),
    };
    let said = [
        ("external-execution-url", external.url.as_ref()),
        (
            "external-execution-summary",
            message.or(external.summary.as_ref()),
        ),
        ("external-execution-id", external.id.as_ref()),
    ];
    let mut result: Map<String, Value> = said
        .into_iter()
        .filter_map(|(key, text)| Some((key.to_owned(), json!(acting.masked(text?)))))
        .collect();
    if let Some(code) = code.map(FailureType::as_str) {
        result.insert("error-code".to_owned(), json!(code));
    }
    (!result.is_empty()).then_some(Value::Object(result))
}

/// Where AWS would have put the artifacts: names that its tools can take apart.
fn artifacts(origin: Origin<'_>, artifacts: &[Artifact]) -> Value {
    let store = origin
        .definition
        .and_then(|definition| definition.artifact_store.as_ref());
    let bucket = store
        .and_then(|store| store.get("location")?.as_str())
        .unwrap_or("lockgate");
    artifacts
        .iter()
        .map(|artifact| {
            let cut = |text: &str, most| text.chars().take(most).collect::<String>();
            let key = format!(
                "{}/{}/{}",
                cut(origin.pipeline, 20),
                cut(&artifact.name, 10),
                cut(&artifact.digest.hex(), 7)
            );
            json!({ "name": artifact.name, "s3location": { "bucket": bucket, "key": key } })
        })
        .collect()
}

/// What a notification adds to the event.
fn more(
    story: &Story,
    recorded: &Recorded,
    change: &StateChange,
    acting: Option<&Acting>,
) -> Value {
    let mut more = Map::new();
    if change.level == Level::Stage && !story.sources.is_empty() {
        let sources: Vec<Value> = story
            .sources
            .iter()
            .map(|(name, source)| {
                json!({
                    "sourceActionName": name,
                    "sourceActionProvider": source.provider,
                    "sourceActionVariables": source.variables.as_ref(),
                })
            })
            .collect();
        more.insert("sourceActions".to_owned(), json!(sources));
    }
    if change.level != Level::Action && change.state == State::Failed {
        let failed: Vec<Value> = story
            .failed
            .iter()
            .map(|failed| {
                json!({ "action": failed.action, "additionalInformation": failed.message })
            })
            .collect();
        more.insert("failedActionCount".to_owned(), json!(failed.len()));
        more.insert("failedActions".to_owned(), json!(failed));
        let stage = recorded.event.stage();
        let stage = stage.or_else(|| Some(story.failed.last()?.stage.as_str()));
        more.insert("failedStage".to_owned(), json!(stage));
        if let Some(reason) = &story.reason {
            more.insert("additionalInformation".to_owned(), json!(reason));
        }
    }
    if let Some(acting) = acting {
        if let Event::ActionFailed { failure, .. } = &recorded.event {
            let message = acting.masked(&failure.message);
            more.insert("additionalInformation".to_owned(), json!(message));
        }
        if acting.action_type.category == Category::Approval {
            for (key, text) in [
                ("externalEntityLink", &acting.link),
                ("customData", &acting.custom_data),
            ] {
                if let Some(text) = text {
                    more.insert(key.to_owned(), json!(text));
                }
            }
        }
    }
    Value::Object(more)
}
