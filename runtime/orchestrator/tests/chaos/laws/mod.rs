//! What has to hold of every history, read from the log that is on disk and the
//! journal of what really happened. Nothing here knows how the orchestrator does
//! it.

mod answers;
mod commands;
mod letters;
mod log;
mod order;
mod rows;
mod starts;

use crate::house::{Ground, options, tenant};
use crate::world::World;
use lockgate_store::Store;
use std::collections::BTreeMap;

/// Holds them all against a history; returns what was met in it.
pub(crate) fn hold(world: &World, ground: &Ground) -> Vec<(String, u64)> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.unwrap();
    let path = ground.path.join("lockgate.db");
    if !Store::is_free(&path) {
        world.wrong("somebody has the database open still".into());
        return vec![];
    }
    let store = Store::open(&path, &options()).unwrap();
    let mut wrong = vec![];
    let mut met: BTreeMap<String, u64> = BTreeMap::new();
    let logs = runtime.block_on(log::read_all(&store, world, &mut wrong));
    let rules = runtime.block_on(store.notification_rules(None)).unwrap();
    let given_up = rules.iter().any(|rule| rule.given_up > 0);
    *met.entry("(history in which a letter was given up)".into())
        .or_default() += u64::from(given_up);
    for log in &logs {
        for recorded in &log.events {
            *met.entry(recorded.event.name().to_owned()).or_default() += 1;
        }
        let runs = order::hold(log, &mut wrong);
        let state = world.state();
        answers::hold(log, &runs, &state, &mut wrong);
        commands::hold(log, &state, &mut wrong);
        starts::hold(log, &state, &mut wrong);
        letters::hold(log, &runs, &state, given_up, &mut wrong);
        drop(state);
        runtime.block_on(rows::hold(&store, &tenant(), log, &runs, &mut wrong));
    }
    let state = world.state();
    for (_, _, what) in state.journal.entries() {
        let kind = format!("{what:?}");
        let kind = kind.split([' ', '(']).next().unwrap_or_default().to_owned();
        *met.entry(format!("({kind})")).or_default() += 1;
    }
    drop(state);
    for text in wrong {
        world.wrong(text);
    }
    met.into_iter().collect()
}
