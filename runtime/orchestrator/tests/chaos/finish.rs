//! The last life: faults have stopped, everything is answered, transitions open.
//! Everything has to end, and nothing may be left.

use crate::house::{Ground, House, Manner, POLL_SECONDS, directories, life};
use crate::journal::What;
use crate::people::PIPELINES;
use crate::probe::look;
use crate::workers::work;
use crate::world::World;
use lockgate_execution::{Direction, PipelineState, WaitReason, waits};
use lockgate_model::id::Principal;
use std::sync::Arc;
use std::time::Duration;

/// There may be no more at a time, except in SUPERSEDED mode.
const MOST_EXECUTIONS: usize = 50;
/// Rounds of thirty seconds until everything has ended.
const ROUNDS: u32 = 1_000;

pub(crate) fn finish(world: &Arc<World>, ground: &Ground, manner: Manner) {
    life(world, ground.wall, async || {
        let house = match House::open(world, ground, manner).await {
            Ok(house) => house,
            Err(error) => return world.wrong(format!("cannot start at last: {error}")),
        };
        let workers = tokio::spawn(work(house.clone()));
        // What the last storm held up.
        pause(120).await;
        look(&house).await;
        world.calm.send_replace(true);
        // Polls that hang go on, and every source is asked again.
        pause(2 * POLL_SECONDS).await;
        find_a_push(&house).await;
        fire(&house).await;
        end_everything(&house).await;
        // Letters that were refused are tried again by then.
        pause(3 * 60 * 60).await;
        end_everything(&house).await;
        look(&house).await;
        workers.abort();
        close(&house).await;
    });
}

async fn pause(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// The pipelines that are there, as they are.
async fn pipelines(house: &House) -> Vec<PipelineState> {
    let mut states = vec![];
    for number in 0..PIPELINES {
        let name = format!("p{number}");
        let state = house.orchestrator.state(&house.tenant, &name).await;
        states.extend(state);
    }
    states
}

/// A poll finds what was pushed, and starts it.
async fn find_a_push(house: &House) {
    let world = &house.world;
    let mut pushed = vec![];
    for state in pipelines(house).await {
        let mut world = world.state();
        let number = world.revisions.entry(state.name().to_owned()).or_default();
        *number += 1;
        pushed.push((state.name().to_owned(), format!("r{number}")));
    }
    world.note(What::Said("somebody pushes to all".into()));
    pause(2 * POLL_SECONDS).await;
    for (name, revision) in pushed {
        let Ok(state) = house.orchestrator.state(&house.tenant, &name).await else {
            continue;
        };
        let Some(definition) = state.definition() else {
            continue;
        };
        let source = &definition.stages[0].actions[0];
        let polled = source.configuration["PollForSourceChanges"] == "true";
        let store = house.orchestrator.store();
        let events = store.pipeline_events(&house.tenant, &name, 0, u32::MAX);
        let mut events = events.await.unwrap().into_iter();
        // Started, or said why not.
        let known = events.any(|stored| stored.event.json.contains(&format!("\"{revision}\"")));
        let first = !state
            .executions()
            .any(|run| run.version == definition.version);
        let full = state.live().count() >= MOST_EXECUTIONS;
        if polled && !known && !first && !full {
            world.wrong(format!("{name}: nobody found {revision}"));
        }
    }
}

/// Schedules that are on are kept; then they are switched off.
async fn fire(house: &House) {
    let world = &house.world;
    let schedules = house.orchestrator.schedules(&house.tenant).await.unwrap();
    pause(31 * 60).await;
    for before in schedules {
        let name = &before.schedule.name;
        let after = house.orchestrator.schedule(&house.tenant, name).await;
        let after = after.unwrap();
        let now = house.clock.now();
        let overdue = after.next_due.is_some_and(|due| due <= now);
        let idle = before.next_due.is_some_and(|due| due <= now)
            && after.last_due.is_none_or(|due| Some(due) < before.next_due);
        if overdue || idle {
            world.wrong(format!("{name} was due and started nothing: {after:?}"));
        }
        if after.schedule.enabled && after.next_due.is_none() {
            world.wrong(format!("{name} is never due again"));
        }
        let off = &house.orchestrator;
        let off = off.enable_schedule(&house.tenant, name, false);
        off.await.unwrap();
    }
}

async fn end_everything(house: &House) {
    for _ in 0..ROUNDS {
        let states = pipelines(house).await;
        if states.iter().all(|state| state.live().next().is_none()) {
            return;
        }
        for state in &states {
            help(house, state).await;
        }
        pause(30).await;
    }
    for state in pipelines(house).await {
        for run in state.live() {
            let wait = waits(&state).into_iter().find(|w| w.execution == run.id);
            let text = format!("{} {} does not end: {wait:?}", state.name(), run.id);
            house.world.wrong(text);
        }
    }
}

/// Opens transitions and answers approvals.
async fn help(house: &House, state: &PipelineState) {
    let House {
        orchestrator,
        tenant,
        ..
    } = house;
    let (name, by) = (state.name(), Principal("finish".into()));
    for wait in waits(state) {
        match wait.reason {
            WaitReason::Approval { token, .. } => {
                let (stage, action) = (wait.stage, wait.action.unwrap_or_default());
                let none = String::new();
                let answered = orchestrator
                    .answer_approval(tenant, name, stage, action, token, true, none, &by);
                let _ = answered.await;
            }
            WaitReason::TransitionDisabled {
                stage, direction, ..
            } => open(house, name, stage, direction).await,
            _ => {}
        }
    }
}

async fn open(house: &House, name: &str, stage: String, direction: Direction) {
    let by = Principal("finish".into());
    let House {
        orchestrator,
        tenant,
        ..
    } = house;
    let opened = orchestrator.set_transition(tenant, name, stage, direction, None, &by);
    if let Err(error) = opened.await {
        house.world.note(What::Said(format!("{name}: {error}")));
    }
}

/// Ends the server; nothing of it is left.
async fn close(house: &House) {
    let world = &house.world;
    let begun = tokio::time::Instant::now();
    house.orchestrator.shut_down().await;
    if begun.elapsed() >= Duration::from_secs(10) {
        world.wrong("the server does not end".into());
    }
    let alive = world.state().alive.len();
    if alive > 0 {
        world.wrong(format!("{alive} attempts outlive the server"));
    }
    let left = directories(&house.work);
    if left > 0 {
        world.wrong(format!("{left} directories are left"));
    }
}
