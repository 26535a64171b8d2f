//! What people were told: what was done stands in the log under their name, what
//! was refused does not, and nothing was done twice.

use super::log::Log;
use crate::journal::What;
use crate::people::name;
use crate::world::State;
use lockgate_execution::Event;
use std::collections::BTreeMap;

pub(crate) fn hold(log: &Log, state: &State, wrong: &mut Vec<String>) {
    // Decisions by whom they were asked for.
    let mut decisions: BTreeMap<&str, u64> = BTreeMap::new();
    let mut starts: BTreeMap<&str, u64> = BTreeMap::new();
    for (recorded, (_, first)) in log.events.iter().zip(&log.on_disk) {
        let by = recorded.cause.by.0.as_str();
        if *first {
            *decisions.entry(by).or_default() += 1;
        }
        let asked = recorded.cause.command == "StartExecution";
        if asked && matches!(recorded.event, Event::ExecutionStarted { .. }) {
            *starts.entry(by).or_default() += 1;
        }
    }
    let mut asked = BTreeMap::new();
    for (_, _, what) in state.journal.entries().skip(log.begins) {
        match what {
            What::Asked {
                command,
                pipeline,
                text,
                tells,
            } if *pipeline == log.pipeline => {
                asked.insert(*command, (text, *tells));
            }
            What::Told { command, kept, .. } => {
                let Some((text, tells)) = asked.get(command) else {
                    continue;
                };
                let by = name(*command);
                let done = decisions.get(by.as_str()).copied().unwrap_or_default();
                match (kept, done) {
                    (Some(true), 0) if *tells && !log.deleted => {
                        wrong.push(format!("{by} '{text}' was done and is not in the log"));
                    }
                    (Some(false), 1..) => {
                        wrong.push(format!("{by} '{text}' was refused and is in the log"));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    for (by, count) in decisions.iter().filter(|(by, _)| by.starts_with('c')) {
        if *count > 1 {
            wrong.push(format!("{by} was done {count} times"));
        }
    }
    for (by, count) in starts.iter().filter(|(by, _)| by.starts_with('c')) {
        if *count > 1 {
            wrong.push(format!("{by} started {count} executions"));
        }
    }
}
