//! What happens to a stage, in words.

use super::{Told, colon};
use crate::event::Recorded;
use crate::why::answer::{About, ReasonKind};
use crate::why::chronicle::Chronicle;
use crate::why::instant::Length;
use lockgate_model::definition::RetryMode;
use lockgate_model::id::ExecutionId;
use lockgate_model::trigger::RetryTrigger;

pub(super) fn entered(
    known: &Chronicle<'_>,
    id: ExecutionId,
    stage: &str,
    recorded: &Recorded,
) -> Told {
    let waiting = known.run(id).and_then(|run| run.waiting);
    let Some((_, since)) = waiting else {
        return Told::new(
            ReasonKind::StageEntered,
            format!("it entered stage '{stage}'"),
        )
        .about(About::stage(stage));
    };
    let left = known.gate(stage).and_then(|gate| gate.left);
    let mut about = About::stage(stage);
    let because = if recorded.cause.command == "EnableTransition" {
        format!(", when {} enabled the transition", recorded.cause.by)
    } else if let Some(left) = left {
        about = about.other(left);
        format!(", when execution {left} had left it")
    } else {
        String::new()
    };
    Told::new(
        ReasonKind::WaitEnded,
        format!(
            "it entered stage '{stage}' after waiting {}{because}",
            Length(recorded.at.since(since))
        ),
    )
    .about(about)
}

pub(super) fn succeeded(stage: &str) -> Told {
    Told::new(
        ReasonKind::StageSucceeded,
        format!("stage '{stage}' succeeded"),
    )
    .about(About::stage(stage))
}

pub(super) fn failed(
    known: &Chronicle<'_>,
    id: ExecutionId,
    stage: &str,
    reason: Option<&str>,
) -> Told {
    let why = known
        .tales
        .get(&id)
        .and_then(|tale| tale.stages.get(stage))
        .map(|tale| tale.why_failed(reason));
    Told::new(
        ReasonKind::StageFailed,
        format!("stage '{stage}' failed{}", colon(&why.unwrap_or_default())),
    )
    .about(About::stage(stage))
}

pub(super) fn skipped(stage: &str) -> Told {
    Told::new(
        ReasonKind::StageSkipped,
        format!("stage '{stage}' was skipped, as its entry condition says"),
    )
    .about(About::stage(stage))
}

pub(super) fn stopped(stage: &str) -> Told {
    Told::new(
        ReasonKind::StageStopped,
        format!("stage '{stage}' was stopped with its execution"),
    )
    .about(About::stage(stage))
}

pub(super) fn cancelled(stage: &str) -> Told {
    Told::new(
        ReasonKind::StageCancelled,
        format!("stage '{stage}' was cancelled with its execution"),
    )
    .about(About::stage(stage))
}

pub(super) fn retried(
    recorded: &Recorded,
    stage: &str,
    mode: RetryMode,
    attempt: u32,
    trigger: RetryTrigger,
) -> Told {
    let what = match mode {
        RetryMode::FailedActions => "what had failed in stage",
        RetryMode::AllActions => "the whole stage",
    };
    let who = match trigger {
        RetryTrigger::AutomatedStageRetry => "the definition retries".to_owned(),
        RetryTrigger::ManualStageRetry => format!("{} retried", recorded.cause.by),
    };
    Told::new(
        ReasonKind::StageRetried,
        format!("{who} {what} '{stage}' (attempt {attempt})"),
    )
    .about(About::stage(stage))
}
