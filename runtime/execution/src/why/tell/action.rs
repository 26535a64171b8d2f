//! What happens to an action and its jobs, in words.

use super::{Told, colon};
use crate::event::{Recorded, ResolvedAction, StartedWork};
use crate::why::answer::{About, ReasonKind};
use crate::why::chronicle::Chronicle;
use crate::why::instant::Instant;
use lockgate_model::id::ExecutionId;
use lockgate_model::job::{External, Failure, Revision};
use lockgate_model::time::Timestamp;

pub(super) fn started(
    stage: &str,
    action: &str,
    work: &StartedWork,
    expires: Timestamp,
    input: &ResolvedAction,
) -> Told {
    let expires = Instant(expires);
    let (kind, sentence) = match work {
        StartedWork::Approval(_) => (
            ReasonKind::ApprovalAsked,
            format!(
                "approval '{action}' was asked for, and fails if nobody answers until {expires}"
            ),
        ),
        StartedWork::Job(_) => (
            ReasonKind::ActionStarted,
            format!(
                "action '{action}' started: provider {} has until {expires}",
                input.action_type
            ),
        ),
        StartedWork::Impossible(_) => (
            ReasonKind::ActionStarted,
            format!("action '{action}' was to start, and could not"),
        ),
    };
    Told::new(kind, sentence).about(About::action(stage, action))
}

pub(super) fn pending(
    stage: &str,
    action: &str,
    not_before: Timestamp,
    percent: Option<u8>,
    external: &External,
) -> Told {
    let percent = percent.map(|percent| format!(" ({percent} %)"));
    Told::new(
        ReasonKind::ActionPending,
        format!(
            "action '{action}' goes on elsewhere{}, and is asked again at {}{}",
            percent.unwrap_or_default(),
            Instant(not_before),
            colon(external.summary.as_deref().unwrap_or_default())
        ),
    )
    .about(About::action(stage, action))
}

pub(super) fn succeeded(
    known: &Chronicle<'_>,
    id: ExecutionId,
    stage: &str,
    action: &str,
    revision: Option<&Revision>,
    external: &External,
) -> Option<Told> {
    if was_answered(known, id, stage, action) {
        return None;
    }
    let summary = |text: &Option<String>| colon(text.as_deref().unwrap_or_default());
    let (kind, sentence) = match revision {
        Some(revision) => (
            ReasonKind::RevisionFetched,
            format!(
                "source action '{action}' fetched revision {}{}",
                revision.id,
                summary(&revision.summary)
            ),
        ),
        None => (
            ReasonKind::ActionSucceeded,
            format!("action '{action}' succeeded{}", summary(&external.summary)),
        ),
    };
    Some(Told::new(kind, sentence).about(About::action(stage, action)))
}

pub(super) fn failed(
    known: &Chronicle<'_>,
    id: ExecutionId,
    recorded: &Recorded,
    stage: &str,
    action: &str,
    failure: &Failure,
) -> Option<Told> {
    if was_answered(known, id, stage, action) {
        return None;
    }
    let expires = known
        .tales
        .get(&id)
        .and_then(|tale| tale.part(stage, action))
        .map(|part| part.expires);
    let told = Told::new(
        failed_kind(recorded, expires, ReasonKind::ActionFailed),
        format!(
            "action '{action}' failed ({}): {}",
            failure.kind.as_str(),
            failure.message
        ),
    );
    Some(told.about(About::action(stage, action)))
}

/// A failure that nobody answered for came from the clock.
pub(super) fn failed_kind(
    recorded: &Recorded,
    expires: Option<Timestamp>,
    otherwise: ReasonKind,
) -> ReasonKind {
    let over = expires.is_some_and(|expires| expires <= recorded.at);
    if over && recorded.cause.command != "JobFinished" {
        ReasonKind::TimedOut
    } else {
        otherwise
    }
}

/// The answer was told already; the action's end says the same again.
fn was_answered(known: &Chronicle<'_>, id: ExecutionId, stage: &str, action: &str) -> bool {
    known
        .tales
        .get(&id)
        .and_then(|tale| tale.part(stage, action))
        .is_some_and(|part| part.answered)
}

pub(super) fn abandoned(stage: &str, action: &str) -> Told {
    Told::new(
        ReasonKind::ActionAbandoned,
        format!("action '{action}' was not waited for"),
    )
    .about(About::action(stage, action))
}

pub(super) fn answered(
    recorded: &Recorded,
    stage: &str,
    action: &str,
    approved: bool,
    summary: &str,
) -> Told {
    let (kind, verb) = if approved {
        (ReasonKind::Approved, "approved")
    } else {
        (ReasonKind::Rejected, "rejected")
    };
    Told::new(
        kind,
        format!("{} {verb} '{action}'{}", recorded.cause.by, colon(summary)),
    )
    .about(About::action(stage, action))
}

pub(super) fn queued(known: &Chronicle<'_>, id: ExecutionId, stage: &str, action: &str) -> Told {
    use crate::why::tale::Stand;
    let dropped = known
        .tales
        .get(&id)
        .and_then(|tale| tale.part(stage, action))
        .is_some_and(|part| matches!(part.stand, Stand::Dispatched { .. }));
    let again = if dropped {
        " again, because the one that had it did not begin in time"
    } else {
        ""
    };
    Told::new(
        ReasonKind::JobQueued,
        format!("the job of action '{action}' waits for a job worker{again}"),
    )
    .about(About::action(stage, action))
}

pub(super) fn dispatched(recorded: &Recorded, stage: &str, action: &str, until: Timestamp) -> Told {
    Told::new(
        ReasonKind::JobDispatched,
        format!(
            "job worker {} got the job of action '{action}', and has to begin until {}",
            recorded.cause.by,
            Instant(until)
        ),
    )
    .about(About::action(stage, action))
}

pub(super) fn acknowledged(recorded: &Recorded, stage: &str, action: &str) -> Told {
    Told::new(
        ReasonKind::JobAcknowledged,
        format!("job worker {} began action '{action}'", recorded.cause.by),
    )
    .about(About::action(stage, action))
}
