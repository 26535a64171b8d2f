//! What an event says of executions other than the one it happened to.

use super::{Told, colon};
use crate::command::Direction;
use crate::event::{Event, Recorded};
use crate::why::answer::{About, ReasonKind};
use crate::why::chronicle::Chronicle;
use lockgate_model::id::ExecutionId;

/// The executions that an event concerns besides its own, and what it says of
/// them.
pub(in crate::why) fn others(
    known: &Chronicle<'_>,
    recorded: &Recorded,
) -> Vec<(ExecutionId, Told)> {
    match &recorded.event {
        Event::ExecutionSuperseded { execution, by } => {
            let waiting = |id| known.run(id).and_then(|run| run.waiting);
            let (about, place) = match (waiting(*execution), waiting(*by)) {
                (Some((stage, _)), _) => (
                    About::stage(stage),
                    format!(", which waited in front of stage '{stage}'"),
                ),
                (None, Some((stage, _))) => (
                    About::stage(stage),
                    format!(", which started earlier and came to stage '{stage}' later"),
                ),
                (None, None) => (About::default(), String::new()),
            };
            let told = Told::new(
                ReasonKind::TookPlace,
                format!("it took the place of execution {execution}{place}"),
            );
            vec![(*by, told.about(about.other(*execution)))]
        }
        Event::ExecutionStarted {
            execution,
            rollback: Some(rollback),
            ..
        } => {
            let replaced = rollback.failed.or_else(|| {
                known
                    .gate(&rollback.stage)
                    .and_then(|gate| gate.succeeded)
                    .filter(|succeeded| *succeeded != rollback.target)
            });
            let Some(replaced) = replaced else {
                return vec![];
            };
            let (stage, target) = (&rollback.stage, rollback.target);
            let sentence = match rollback.failed {
                Some(_) => format!(
                    "execution {execution} brings stage '{stage}' back to what execution {target} had in it, because this one failed there"
                ),
                None => format!(
                    "{} brought stage '{stage}' back to what execution {target} had in it, by execution {execution}",
                    recorded.cause.by
                ),
            };
            let told = Told::new(ReasonKind::RolledBack, sentence);
            let about = About::stage(&rollback.stage).other(*execution);
            vec![(replaced, told.about(about))]
        }
        Event::TransitionDisabled {
            stage,
            direction,
            reason,
        } => {
            let sentence = format!(
                "{} disabled {} while it waited{}",
                recorded.cause.by,
                transition(stage, *direction),
                colon(reason)
            );
            told_at(
                known,
                stage,
                *direction,
                ReasonKind::TransitionDisabled,
                &sentence,
            )
        }
        Event::TransitionEnabled { stage, direction } => {
            let sentence = format!(
                "{} enabled {}",
                recorded.cause.by,
                transition(stage, *direction)
            );
            told_at(
                known,
                stage,
                *direction,
                ReasonKind::TransitionEnabled,
                &sentence,
            )
        }
        _ => vec![],
    }
}

/// A transition in a few words.
pub(in crate::why) fn transition(stage: &str, direction: Direction) -> String {
    match direction {
        Direction::Inbound => format!("the transition into stage '{stage}'"),
        Direction::Outbound => format!("the transition out of stage '{stage}'"),
    }
}

/// The same, to everybody who waits at a transition.
fn told_at(
    known: &Chronicle<'_>,
    stage: &str,
    direction: Direction,
    kind: ReasonKind,
    sentence: &str,
) -> Vec<(ExecutionId, Told)> {
    let in_front = match direction {
        Direction::Inbound => Some(stage),
        Direction::Outbound => known.stage_after(stage),
    };
    in_front
        .and_then(|stage| Some((stage, known.gate(stage)?)))
        .into_iter()
        .flat_map(|(stage, gate)| {
            gate.queue
                .iter()
                .map(move |id| (*id, Told::new(kind, sentence).about(About::stage(stage))))
        })
        .collect()
}
