//! Executions that nobody asked for by hand: a due time of a schedule starts one
//! at most, and so does a revision of a source, however often it is reported.

use super::log::Log;
use crate::journal::What;
use crate::world::State;
use lockgate_execution::{Event, StartedChange};
use lockgate_model::trigger::TriggerType;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn hold(log: &Log, state: &State, wrong: &mut Vec<String>) {
    let name = &log.pipeline;
    let mut tokens = BTreeSet::new();
    let mut of_decision = BTreeMap::new();
    for (index, _, what) in state.journal.entries().skip(log.begins) {
        if let What::Committed {
            pipeline,
            token: Some(token),
            ..
        } = what
            && pipeline == name
        {
            if !tokens.insert(token) {
                wrong.push(format!("{name}: '{token}' was used twice"));
            }
            of_decision.insert(index, token);
        }
    }
    let mut revisions: BTreeMap<String, usize> = BTreeMap::new();
    for (number, recorded) in log.events.iter().enumerate() {
        let Event::ExecutionStarted {
            trigger, change, ..
        } = &recorded.event
        else {
            continue;
        };
        match trigger.trigger_type {
            TriggerType::CloudWatchEvent => {
                let token = of_decision.get(&log.on_disk[number].0);
                if !token.is_some_and(|token| token.contains(" schedule ")) {
                    wrong.push(format!("{name}: event {} has no due time", number + 1));
                }
            }
            TriggerType::PollForSourceChanges | TriggerType::WebhookV2 => {
                let revision = match change.as_deref() {
                    Some(StartedChange { change, .. }) => change.revision.id.clone(),
                    None => trigger.trigger_detail.clone(),
                };
                if let Some(first) = revisions.insert(revision.clone(), number) {
                    wrong.push(format!(
                        "{name}: '{revision}' started executions by events {} and {}",
                        first + 1,
                        number + 1
                    ));
                }
            }
            _ => {}
        }
    }
}
