//! What happens to an execution as a whole, in words.

use super::{Told, colon};
use crate::event::{Recorded, Rollback, StartedChange};
use crate::why::answer::{About, ReasonKind};
use crate::why::chronicle::Chronicle;
use crate::why::instant::Length;
use lockgate_model::id::ExecutionId;
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{SourceRevision, Trigger, TriggerType};

pub(super) fn started(
    recorded: &Recorded,
    trigger: &Trigger,
    source_revisions: &[SourceRevision],
    change: Option<&StartedChange>,
    rollback: Option<&Rollback>,
) -> Told {
    let by = &recorded.cause.by;
    let mut about = About::default();
    let why = match (rollback, change) {
        (Some(rollback), _) => {
            about = About::stage(&rollback.stage).other(rollback.target);
            let what = format!(
                "to bring stage '{}' back to what execution {} had in it",
                rollback.stage, rollback.target
            );
            match rollback.failed {
                Some(failed) => format!("{what}, because execution {failed} failed there"),
                None => format!("{what}, as {by} asked"),
            }
        }
        (None, Some(started)) => format!(
            "for revision {} of source action '{}': {}",
            started.change.revision.id, started.source_action, started.verdict
        ),
        (None, None) => without_change(trigger, recorded),
    };
    let asked: Vec<_> = source_revisions
        .iter()
        .map(|asked| format!("revision {} of '{}'", asked.revision_id, asked.action_name))
        .collect();
    let asked = if asked.is_empty() || change.is_some() || rollback.is_some() {
        String::new()
    } else {
        format!("; it was told to take {}", asked.join(" and "))
    };
    Told::new(ReasonKind::Started, format!("it started {why}{asked}")).about(about)
}

fn without_change(trigger: &Trigger, recorded: &Recorded) -> String {
    let by = &recorded.cause.by;
    let detail = match trigger.trigger_detail.as_str() {
        "" => String::new(),
        detail if detail == by.0 => String::new(),
        detail => format!(" ({detail})"),
    };
    match trigger.trigger_type {
        TriggerType::CreatePipeline => "because the pipeline was created".to_owned(),
        TriggerType::StartPipelineExecution => format!("because {by} asked{detail}"),
        TriggerType::PollForSourceChanges => {
            format!("because a poll of the source found a new revision{detail}")
        }
        TriggerType::Webhook | TriggerType::WebhookV2 => {
            format!("because a webhook announced a change{detail}")
        }
        TriggerType::CloudWatchEvent => {
            format!("because a schedule or an event rule asked{detail}")
        }
        TriggerType::PutActionRevision => {
            format!("because a new revision was put to a source action{detail}")
        }
        TriggerType::ManualRollback => format!("as a rollback, as {by} asked{detail}"),
        TriggerType::AutomatedRollback => {
            format!("as a rollback, as the definition says{detail}")
        }
    }
}

pub(super) fn waiting(known: &Chronicle<'_>, id: ExecutionId, stage: &str) -> Told {
    let waits = known.in_front(id, stage);
    let other = waits.iter().find_map(|wait| wait.about.other);
    let why: Vec<_> = waits.into_iter().map(|wait| wait.sentence).collect();
    let mut about = About::stage(stage);
    about.other = other;
    Told::new(
        ReasonKind::Waited,
        format!(
            "it had to wait in front of stage '{stage}'{}",
            colon(&why.join(", and "))
        ),
    )
    .about(about)
}

pub(super) fn superseded(
    known: &Chronicle<'_>,
    id: ExecutionId,
    by: ExecutionId,
    at: Timestamp,
) -> Told {
    let waiting = |id| known.run(id).and_then(|run| run.waiting);
    let (about, place) = match (waiting(id), waiting(by)) {
        (Some((stage, since)), _) => (
            About::stage(stage),
            format!(
                ", which arrived in front of stage '{stage}' when this one had waited there for {}",
                Length(at.since(since))
            ),
        ),
        (None, Some((stage, _))) => (
            About::stage(stage),
            format!(", which started later and waited in front of stage '{stage}' already"),
        ),
        (None, None) => (About::default(), String::new()),
    };
    Told::new(
        ReasonKind::Superseded,
        format!("it was superseded by execution {by}{place}"),
    )
    .about(about.other(by))
}

pub(super) fn stopping(recorded: &Recorded, abandon: bool, reason: &str) -> Told {
    let how = if abandon {
        "stopped it without waiting for running actions"
    } else {
        "asked to stop it once its running actions have ended"
    };
    Told::new(
        ReasonKind::StopAsked,
        format!("{} {how}{}", recorded.cause.by, colon(reason)),
    )
}

pub(super) fn stopped(known: &Chronicle<'_>, id: ExecutionId) -> Told {
    let asked = known.tales.get(&id).and_then(|tale| {
        tale.reasons
            .iter()
            .rev()
            .find(|reason| reason.kind == ReasonKind::StopAsked)
    });
    let because = asked.map(|reason| format!(": {}", reason.sentence));
    Told::new(
        ReasonKind::Stopped,
        format!("it was stopped{}", because.unwrap_or_default()),
    )
}

pub(super) fn cancelling(recorded: &Recorded, abandon: bool, reason: &str) -> Told {
    let by = &recorded.cause.by;
    let how = if abandon {
        "at once"
    } else {
        "once its running actions have ended"
    };
    Told::new(
        ReasonKind::CancelAsked,
        format!("{} by {by} ends it {how}: {reason}", recorded.cause.command),
    )
}

pub(super) fn failed(known: &Chronicle<'_>, id: ExecutionId, stage: &str) -> Told {
    let why = known
        .tales
        .get(&id)
        .and_then(|tale| tale.stages.get(stage))
        .map(|tale| tale.why_failed(tale.reason));
    Told::new(
        ReasonKind::Failed,
        format!(
            "it failed in stage '{stage}'{}",
            colon(&why.unwrap_or_default())
        ),
    )
    .about(About::stage(stage))
}
