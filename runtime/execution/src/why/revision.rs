//! Why a revision did not get where it was expected: everything that carried it,
//! how far each came, and the changes that started nothing.

use super::answer::{Depth, Fate, Journey, Present, Reason, ReasonKind, RevisionAnswer, Stop};
use super::chronicle::Chronicle;
use crate::event::{Event, Ignored, Recorded};
use crate::judge::named;
use lockgate_model::change::ChangeKind;
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ExecutionStatus, StageStatus};
use std::collections::{BTreeMap, BTreeSet};

/// Why a revision, given by its beginning, did not get further. Reads the log
/// twice, from its beginning to its end.
#[must_use]
pub fn why_not(events: &[Recorded], revision: &str) -> RevisionAnswer {
    let mut ignored = vec![];
    let mut carried: BTreeMap<ExecutionId, Carried> = BTreeMap::new();
    if !revision.is_empty() {
        for recorded in events {
            if let Event::ChangeIgnored {
                source_action,
                change,
                reason,
            } = &recorded.event
                && change.revision.id.starts_with(revision)
            {
                let sentence = format!(
                    "revision {} of source action '{source_action}' started nothing: {}",
                    change.revision.id,
                    why_ignored(reason, &named(&change.kind))
                );
                ignored.push(Reason::of(ReasonKind::ChangeIgnored, sentence, recorded));
            }
            if let Some((execution, found)) = carries(&recorded.event, revision) {
                // What was fetched is surer than what was asked for.
                carried.insert(execution, found);
            }
        }
    }
    let wanted: BTreeSet<ExecutionId> = carried.keys().copied().collect();
    let chronicle = Chronicle::read(events, &wanted);
    let executions: Vec<Journey> = carried
        .into_iter()
        .filter_map(|(id, found)| journey(&chronicle, id, found))
        .collect();
    let (fate, sentence) = fate(revision, &ignored, &executions);
    RevisionAnswer {
        revision: revision.to_owned(),
        fate,
        sentence,
        ignored,
        executions,
    }
}

/// A revision and whose it is.
struct Carried {
    source_action: String,
    revision: String,
}

/// The execution that an event says carries a revision that begins so.
fn carries(event: &Event, prefix: &str) -> Option<(ExecutionId, Carried)> {
    let found = |action: &str, id: &str| {
        id.starts_with(prefix).then(|| Carried {
            source_action: action.to_owned(),
            revision: id.to_owned(),
        })
    };
    match event {
        Event::ExecutionStarted {
            execution,
            source_revisions,
            change,
            rollback,
            ..
        } => {
            let asked = source_revisions
                .iter()
                .find_map(|asked| found(&asked.action_name, &asked.revision_id));
            let changed = change
                .as_deref()
                .and_then(|started| found(&started.source_action, &started.change.revision.id));
            let back = rollback.as_deref().and_then(|rollback| {
                rollback
                    .revisions
                    .iter()
                    .find_map(|fetched| found(&fetched.action, &fetched.revision.id))
            });
            Some((*execution, asked.or(changed).or(back)?))
        }
        Event::ActionSucceeded {
            execution,
            action,
            revision: Some(revision),
            ..
        } => Some((*execution, found(action, &revision.id)?)),
        _ => None,
    }
}

/// Why a change of this kind started nothing, in one sentence.
#[must_use]
pub fn ignored_because(reason: &Ignored, change: &ChangeKind) -> String {
    why_ignored(reason, &named(change))
}

fn why_ignored(reason: &Ignored, change: &str) -> String {
    match reason {
        Ignored::Filtered { verdict } => verdict.to_string(),
        Ignored::AlreadyStarted { execution } => {
            format!("{change} had been reported before, and started execution {execution}")
        }
        Ignored::LimitReached { limit } => format!(
            "{change} came while {limit} executions were in progress, which is as many as there may be"
        ),
        Ignored::MissingVariables { names } => format!(
            "no value was given for the pipeline's variables {}, which have no default",
            names
                .iter()
                .map(|name| format!("'{name}'"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

fn journey(chronicle: &Chronicle<'_>, id: ExecutionId, found: Carried) -> Option<Journey> {
    let tale = chronicle.tales.get(&id)?;
    let stages = tale
        .definition
        .into_iter()
        .flat_map(|definition| &definition.stages)
        .filter(|stage| {
            tale.rollback
                .is_none_or(|rollback| rollback.stage == stage.name)
        })
        .map(|stage| Stop {
            stage: stage.name.clone(),
            status: tale.stages.get(stage.name.as_str()).map(|run| run.status),
        })
        .collect();
    Some(Journey {
        execution: id,
        source_action: found.source_action,
        revision: found.revision,
        stages,
        reasons: tale
            .reasons
            .iter()
            .filter(|reason| reason.kind.depth() == Depth::Execution)
            .cloned()
            .collect(),
        now: chronicle.present(tale),
    })
}

/// Of the execution that came furthest; among equals of one that still goes on,
/// then of the newest.
fn fate(revision: &str, ignored: &[Reason], executions: &[Journey]) -> (Fate, String) {
    let passed = |journey: &Journey| {
        journey
            .stages
            .iter()
            .filter(|stop| {
                matches!(
                    stop.status,
                    Some(StageStatus::Succeeded | StageStatus::Skipped)
                )
            })
            .count()
    };
    if let Some(best) = executions
        .iter()
        .max_by_key(|journey| (passed(journey), !journey.now.waits.is_empty()))
    {
        let Present {
            status, sentence, ..
        } = &best.now;
        let fate = match status {
            Some(ExecutionStatus::InProgress | ExecutionStatus::Stopping) | None => {
                Fate::InProgress
            }
            Some(ExecutionStatus::Succeeded) => Fate::Succeeded,
            Some(ExecutionStatus::Superseded) => Fate::Superseded,
            Some(ExecutionStatus::Failed) => Fate::Failed,
            Some(ExecutionStatus::Stopped) => Fate::Stopped,
            Some(ExecutionStatus::Cancelled) => Fate::Cancelled,
        };
        return (
            fate,
            format!(
                "revision {} came with execution {} through {} of its {} stages: {sentence}",
                best.revision,
                best.execution,
                passed(best),
                best.stages.len()
            ),
        );
    }
    match ignored.last() {
        Some(last) => (Fate::Ignored, last.sentence.clone()),
        None if revision.is_empty() => (
            Fate::NeverReported,
            "no revision was given; give at least its first character".to_owned(),
        ),
        None => (
            Fate::NeverReported,
            format!(
                "no change whose revision begins with '{revision}' was ever reported to this pipeline, and no execution fetched one"
            ),
        ),
    }
}
