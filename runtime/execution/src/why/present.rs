//! What holds at the end of a log: how an execution, a stage or an action
//! stands, and everything that it waits for.

use super::answer::{About, Present, Wait, WaitKind};
use super::chronicle::{Chronicle, Run};
use super::instant::Instant;
use super::tale::{Part, StageTale, Stand, Tale};
use super::tell::{condition_named, transition};
use crate::command::Direction;
use crate::mode;
use lockgate_model::definition::ConditionType;
use lockgate_model::id::ExecutionId;
use lockgate_model::status::{ActionStatus, StageStatus};
use lockgate_model::time::Timestamp;

impl Chronicle<'_> {
    /// Of a whole execution.
    pub(super) fn present(&self, tale: &Tale<'_>) -> Present {
        if tale.status.is_final() {
            return ended(tale, tale.end.clone());
        }
        let waits = match self.run(tale.id).and_then(|run| run.waiting) {
            Some((stage, _)) => self.in_front(tale.id, stage),
            None => inside(tale),
        };
        waiting(tale, waits)
    }

    /// Of one stage of it.
    pub(super) fn present_in_stage(&self, tale: &Tale<'_>, stage: &str) -> Present {
        let Some(run) = tale.stages.get(stage) else {
            let now = self.present(tale);
            let in_front = self
                .run(tale.id)
                .and_then(|run| run.waiting)
                .is_some_and(|(waiting, _)| waiting == stage);
            return if in_front {
                now
            } else {
                let not_there = match tale.rollback {
                    Some(rollback) if rollback.stage != stage => format!(
                        "it is a rollback of stage '{}' and does not come to stage '{stage}'",
                        rollback.stage
                    ),
                    _ if tale.status.is_final() => format!("it never came to stage '{stage}'"),
                    _ => format!("it has not come to stage '{stage}'"),
                };
                Present {
                    sentence: format!("{not_there}: {}", now.sentence),
                    ..now
                }
            };
        };
        match run.status {
            StageStatus::InProgress | StageStatus::Stopping => waiting(tale, inside_of(stage, run)),
            StageStatus::Succeeded
            | StageStatus::Failed
            | StageStatus::Stopped
            | StageStatus::Cancelled
            | StageStatus::Skipped => ended(tale, run.end.clone()),
        }
    }

    /// Of one action of it.
    pub(super) fn present_in_action(&self, tale: &Tale<'_>, stage: &str, action: &str) -> Present {
        let Some(run) = tale.stages.get(stage) else {
            return self.present_in_stage(tale, stage);
        };
        match run.actions.get(action) {
            Some(part) if part.status == ActionStatus::InProgress => {
                waiting(tale, vec![running_action(stage, action, part)])
            }
            Some(part) => ended(tale, part.end.clone()),
            None => {
                let now = self.present_in_stage(tale, stage);
                if now.waits.is_empty() {
                    Present {
                        sentence: format!("action '{action}' did not run: {}", now.sentence),
                        ..now
                    }
                } else {
                    waiting(tale, turn(tale, stage, run, action, now.waits))
                }
            }
        }
    }

    /// What keeps an execution in front of a stage.
    pub(super) fn in_front(&self, id: ExecutionId, stage: &str) -> Vec<Wait> {
        let mut waits = vec![];
        let run = self.run(id);
        let since = run.and_then(|run| run.waiting).map(|(_, since)| since);
        let before = self.stage_before(id, stage);
        let sides = [
            (Some(stage), Direction::Inbound),
            (before, Direction::Outbound),
        ];
        // A rollback did not come from the stage before: none keeps it out.
        let passes = run.is_some_and(|run| run.rollback);
        for (side, direction) in sides.into_iter().filter(|_| !passes) {
            let Some((side, gate)) = side.and_then(|side| Some((side, self.gate(side)?))) else {
                continue;
            };
            let closed = match direction {
                Direction::Inbound => &gate.inbound,
                Direction::Outbound => &gate.outbound,
            };
            if let Some(closed) = closed {
                waits.push(Wait {
                    kind: WaitKind::Transition,
                    sentence: format!(
                        "{} was disabled by {} at {}{}",
                        transition(side, direction),
                        closed.by,
                        Instant(closed.at),
                        reason(closed.reason)
                    ),
                    since: Some(closed.at),
                    until: None,
                    by: Some(closed.by.clone()),
                    about: About::stage(side),
                });
            }
        }
        let Some(gate) = self
            .gate(stage)
            .filter(|_| run.is_none_or(|run| run.locks()))
        else {
            return nothing_else(waits, since);
        };
        if let Some((holder, at)) = gate.holder {
            waits.push(Wait {
                kind: WaitKind::StageHeld,
                sentence: format!(
                    "execution {holder} has been in stage '{stage}' since {}",
                    Instant(at)
                ),
                since: Some(at),
                until: None,
                by: None,
                about: About::stage(stage).other(holder),
            });
        }
        let ahead: Vec<ExecutionId> = gate
            .queue
            .iter()
            .copied()
            .take_while(|waiting| *waiting != id)
            .filter(|waiting| self.run(*waiting).is_none_or(Run::locks))
            .collect();
        if let Some(next) = ahead.last() {
            let who = match ahead.len() {
                1 => format!("execution {next} is in the queue before it"),
                many => format!("{many} executions are in the queue before it, the last {next}"),
            };
            waits.push(Wait {
                kind: WaitKind::Queue,
                sentence: who,
                since,
                until: None,
                by: None,
                about: About::stage(stage).other(*next),
            });
        }
        nothing_else(waits, since)
    }
}

/// A log that was cut in the middle of a decision goes on by itself.
fn nothing_else(mut waits: Vec<Wait>, since: Option<Timestamp>) -> Vec<Wait> {
    if waits.is_empty() {
        waits.push(Wait {
            kind: WaitKind::Nothing,
            sentence: "it goes on by itself, for nothing keeps it".to_owned(),
            since,
            until: None,
            by: None,
            about: About::default(),
        });
    }
    waits
}

fn reason(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(" because: {text}")
    }
}

fn ended(tale: &Tale<'_>, sentence: String) -> Present {
    Present {
        status: Some(tale.status),
        sentence,
        waits: vec![],
    }
}

fn waiting(tale: &Tale<'_>, waits: Vec<Wait>) -> Present {
    let sentences: Vec<_> = waits.iter().map(|wait| wait.sentence.as_str()).collect();
    let sentences = sentences.join("; ");
    let nothing = waits.iter().all(|wait| wait.kind == WaitKind::Nothing);
    let sentence = match tale.ending {
        _ if nothing => sentences,
        Some(ending) => format!("{ending}: {sentences}"),
        None => format!("it waits: {sentences}"),
    };
    Present {
        status: Some(tale.status),
        sentence,
        waits,
    }
}

/// What an execution in a stage waits for.
fn inside(tale: &Tale<'_>) -> Vec<Wait> {
    let current = tale
        .current
        .and_then(|stage| Some((stage, tale.stages.get(stage)?)));
    match current {
        Some((stage, run)) => inside_of(stage, run),
        None => nothing_else(vec![], None),
    }
}

fn inside_of(stage: &str, run: &StageTale<'_>) -> Vec<Wait> {
    let actions = run
        .running()
        .map(|(action, part)| running_action(stage, action, part));
    let rules = run
        .rules
        .iter()
        .filter(|(_, part)| part.status == ActionStatus::InProgress)
        .map(|((condition, rule), part)| running_rule(stage, *condition, rule, part));
    nothing_else(actions.chain(rules).collect(), None)
}

fn running_action(stage: &str, action: &str, part: &Part<'_>) -> Wait {
    let (since, until) = (Instant(part.started), Instant(part.expires));
    let (kind, sentence) = match &part.stand {
        Stand::Approval => (
            WaitKind::Approval,
            format!(
                "nobody has answered approval '{action}' of stage '{stage}', open since {since}; it fails at {until}"
            ),
        ),
        Stand::Job => (
            WaitKind::Action,
            format!(
                "provider {} has worked on action '{action}' of stage '{stage}' since {since}; it fails at {until}",
                part.provider
            ),
        ),
        Stand::Poll {
            not_before,
            percent,
        } => {
            let percent = percent.map(|percent| format!(" ({percent} %)"));
            (
                WaitKind::Action,
                format!(
                    "action '{action}' of stage '{stage}' goes on elsewhere{}, and provider {} is asked again at {}",
                    percent.unwrap_or_default(),
                    part.provider,
                    Instant(*not_before)
                ),
            )
        }
        Stand::Queued => (
            WaitKind::Worker,
            format!(
                "no job worker has taken the job of action '{action}' of stage '{stage}' (action type {})",
                part.provider
            ),
        ),
        Stand::Dispatched { until } => (
            WaitKind::Worker,
            format!(
                "a job worker has the job of action '{action}' of stage '{stage}' and has to begin until {}",
                Instant(*until)
            ),
        ),
        Stand::Acknowledged => (
            WaitKind::Worker,
            format!(
                "a job worker works on action '{action}' of stage '{stage}'; it fails at {until}"
            ),
        ),
    };
    Wait {
        kind,
        sentence,
        since: Some(part.started),
        until: Some(part.expires),
        by: None,
        about: About::action(stage, action),
    }
}

fn running_rule(stage: &str, condition: ConditionType, rule: &str, part: &Part<'_>) -> Wait {
    let again = match &part.stand {
        Stand::Poll { not_before, .. } => {
            format!(", and is asked again at {}", Instant(*not_before))
        }
        _ => String::new(),
    };
    Wait {
        kind: WaitKind::Rule,
        sentence: format!(
            "rule '{rule}' of {} has not said yet{again}; it fails at {}",
            condition_named(stage, condition),
            Instant(part.expires)
        ),
        since: Some(part.started),
        until: Some(part.expires),
        by: None,
        about: About::rule(stage, condition, rule),
    }
}

/// Why an action of a stage in progress has not started: what is first.
fn turn(
    tale: &Tale<'_>,
    stage: &str,
    run: &StageTale<'_>,
    action: &str,
    stage_waits: Vec<Wait>,
) -> Vec<Wait> {
    let declared = tale
        .definition
        .and_then(|definition| definition.stage(stage))
        .and_then(|(_, stage)| stage.action(action).map(|action| (stage, action)));
    let Some((in_stage, action_declared)) = declared else {
        return stage_waits;
    };
    let order = |name: &str| in_stage.action(name).map(|action| action.run_order);
    let earlier: Vec<_> = run
        .running()
        .filter(|(name, _)| order(name).is_some_and(|order| order < action_declared.run_order))
        .map(|(name, _)| format!("'{name}'"))
        .collect();
    let limit = tale.definition.map_or(usize::MAX, |definition| {
        mode::most_actions(definition.execution_mode)
    });
    let sentence = if let Some(failure) = run.failures.first() {
        format!("action '{action}' does not start any more, because {failure}")
    } else if !earlier.is_empty() {
        format!(
            "action '{action}' starts when {} of an earlier run order has succeeded",
            earlier.join(" and ")
        )
    } else if run.running().count() >= limit {
        format!(
            "action '{action}' starts when another one has ended: in PARALLEL mode {limit} actions run at a time"
        )
    } else {
        return stage_waits;
    };
    let mut waits = vec![Wait {
        kind: WaitKind::Turn,
        sentence,
        since: None,
        until: None,
        by: None,
        about: About::action(stage, action),
    }];
    waits.extend(stage_waits);
    waits
}
