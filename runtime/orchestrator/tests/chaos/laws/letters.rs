//! Notifications: every state change was told at least once, under one id, and
//! the first time in the order in which things happened.

use super::log::Log;
use super::order::Runs;
use crate::journal::What;
use crate::world::State;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) fn hold(log: &Log, runs: &Runs, state: &State, given_up: bool, wrong: &mut Vec<String>) {
    let name = &log.pipeline;
    let mut by_id: BTreeMap<String, &Value> = BTreeMap::new();
    let mut keys: BTreeMap<String, Uuid> = BTreeMap::new();
    // What was told, by execution or action execution.
    let mut told: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for (_, _, what) in state.journal.entries().skip(log.begins) {
        let What::Posted {
            key,
            pipeline,
            letter: Some(letter),
            taken,
        } = what
        else {
            continue;
        };
        let of = |pointer: &str| {
            let text = letter.pointer(pointer).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let (id, level) = (of("/id"), of("/detail-type"));
        if pipeline != name || id.is_empty() {
            continue;
        }
        match by_id.get(&id) {
            Some(first) if *first != letter => {
                wrong.push(format!("{name}: letter {id} says something else now"));
            }
            Some(_) => {}
            None => {
                by_id.insert(id.clone(), letter);
            }
        }
        if *keys.entry(id.clone()).or_insert(*key) != *key {
            wrong.push(format!("{name}: letter {id} comes under another key"));
        }
        if *taken {
            let about = match level.as_str() {
                "CodePipeline Action Execution State Change" => of("/detail/action-execution-id"),
                "CodePipeline Pipeline Execution State Change" => of("/detail/execution-id"),
                _ => continue,
            };
            let told = told.entry(about).or_default();
            let this = (of("/detail/state"), id);
            if !told.contains(&this) {
                told.push(this);
            }
        }
    }
    if given_up {
        return;
    }
    for (id, action) in &runs.actions {
        if action.is_rule {
            continue;
        }
        let states = told.get(&id.to_string()).map_or(&[][..], Vec::as_slice);
        let states: Vec<&str> = states.iter().map(|(state, _)| state.as_str()).collect();
        let whole = matches!(states[..], ["STARTED", end] if end != "STARTED");
        if !whole && action.ended {
            let of = action.execution;
            wrong.push(format!(
                "{name}: of action {id} of {of} was told {states:?}"
            ));
        }
    }
    for execution in runs.executions.keys() {
        let states = told.get(&execution.to_string());
        let states = states.map_or(&[][..], Vec::as_slice);
        let first = states.first().map(|(state, _)| state.as_str());
        let last = states.last().map(|(state, _)| state.as_str());
        let ends = ["SUCCEEDED", "FAILED", "STOPPED", "CANCELED", "SUPERSEDED"];
        if first != Some("STARTED") || !last.is_some_and(|last| ends.contains(&last)) {
            wrong.push(format!("{name}: of {execution} was told {states:?}"));
        }
    }
}
