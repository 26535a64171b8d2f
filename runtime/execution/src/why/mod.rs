//! Why something is as it is, from the event log alone: what started an
//! execution, what it waited for and for whom, who decided what, and how it
//! ended. Knows no state and no clock, so that a log can be asked years later.
//! The server's `why` and `why-not` call it.

mod answer;
mod chronicle;
mod instant;
mod present;
mod revision;
mod tale;
mod tell;

pub use answer::{
    About, Answer, Fate, Journey, Present, Question, Reason, ReasonKind, RevisionAnswer, Stop,
    Wait, WaitKind,
};
pub use revision::{ignored_because, why_not};

use crate::event::Recorded;
use answer::Depth;
use chronicle::Chronicle;
use lockgate_model::definition::{Pipeline, Stage};
use std::collections::BTreeSet;

/// Why an execution, a stage of it or an action of it is as it is. `events` is
/// the whole log of one pipeline, oldest first; it is read once.
#[must_use]
pub fn why(events: &[Recorded], question: &Question) -> Answer {
    let wanted = BTreeSet::from([question.execution()]);
    let chronicle = Chronicle::read(events, &wanted);
    let answer = |found, reasons, now| Answer {
        question: question.clone(),
        found,
        reasons,
        now,
    };
    let unknown = |sentence| {
        let now = Present {
            sentence,
            ..Present::default()
        };
        answer(false, vec![], now)
    };
    let Some(tale) = chronicle.tales.get(&question.execution()) else {
        return unknown(format!(
            "the log of this pipeline has no execution {}; take an id from the list of its executions",
            question.execution()
        ));
    };
    if let Some(problem) = tale.definition.and_then(|it| unknown_part(it, question)) {
        return unknown(problem);
    }
    let now = match question {
        Question::Execution { .. } => chronicle.present(tale),
        Question::Stage { stage, .. } => chronicle.present_in_stage(tale, stage),
        Question::Action { stage, action, .. } => chronicle.present_in_action(tale, stage, action),
    };
    let reasons = tale
        .reasons
        .iter()
        .filter(|reason| belongs(reason, question))
        .cloned()
        .collect();
    answer(true, reasons, now)
}

/// What a question names that the execution's definition has not.
fn unknown_part(definition: &Pipeline, question: &Question) -> Option<String> {
    let (stage, action) = match question {
        Question::Execution { .. } => return None,
        Question::Stage { stage, .. } => (stage, None),
        Question::Action { stage, action, .. } => (stage, Some(action)),
    };
    let list = |names: Vec<&str>| names.join(", ");
    let Some((_, declared)) = definition.stage(stage) else {
        let stages = definition.stages.iter().map(|it| it.name.as_str());
        return Some(format!(
            "the execution's definition has no stage '{stage}'; its stages are {}",
            list(stages.collect())
        ));
    };
    let action = action?;
    let Stage { actions, .. } = declared;
    declared.action(action).is_none().then(|| {
        let actions = actions.iter().map(|it| it.name.as_str());
        format!(
            "stage '{stage}' of the execution's definition has no action '{action}'; its actions are {}",
            list(actions.collect())
        )
    })
}

/// Whether a reason helps to answer a question: what is about the execution as a
/// whole always does, the rest where it is about the same stage or action.
fn belongs(reason: &Reason, question: &Question) -> bool {
    let depth = reason.kind.depth();
    match question {
        Question::Execution { .. } => depth == Depth::Execution,
        Question::Stage { stage, .. } => is_near(reason, stage) && depth <= Depth::Stage,
        Question::Action { stage, action, .. } => {
            is_near(reason, stage)
                && match &reason.about.action {
                    Some(about) if about == action => true,
                    // What others in its stage came to may have kept it.
                    _ => depth <= Depth::Stage,
                }
        }
    }
}

fn is_near(reason: &Reason, stage: &str) -> bool {
    reason.kind == ReasonKind::Started
        || reason
            .about
            .stage
            .as_deref()
            .is_none_or(|about| about == stage)
}
