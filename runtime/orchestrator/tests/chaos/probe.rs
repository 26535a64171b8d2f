//! Looks at a running server while the disk is well: what it remembers is what
//! is on disk, whatever is awaited is worked at, and nothing else is.

use crate::house::{House, directories};
use crate::journal::What;
use crate::people::PIPELINES;
use crate::world::Trouble;
use lockgate_execution::{Effect, PipelineState, Recorded, apply, due, due_jobs};
use lockgate_model::id::JobId;
use lockgate_store::{Loaded, Store, StoredEvent};
use std::collections::BTreeSet;
use std::time::Duration;

/// Everything that the disk held up has been tried again by then.
const QUIET: Duration = Duration::from_secs(120);

/// Whoever waits for a time looks at the clock so often, which may be set.
const LATEST: Duration = Duration::from_secs(3_700);

/// Lets the disk be well for a while, and looks.
pub(crate) async fn probe(house: &House) {
    let world = &house.world;
    world.note(What::Said("the disk is well for a while".into()));
    let trouble = std::mem::take(&mut world.state().trouble);
    tokio::time::sleep(QUIET).await;
    look(house).await;
    // A storm may have grown worse meanwhile.
    let mut state = world.state();
    if state.trouble == Trouble::default() {
        state.trouble = trouble;
    }
}

/// The disk was well for long enough.
pub(crate) async fn look(house: &House) {
    // What is due at this moment is being seen to: looked at again.
    let mut problems = vec![];
    for _ in 0..3 {
        problems = Look::at(house).await;
        if problems.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for problem in problems {
        house.world.wrong(problem);
    }
}

struct Look<'a> {
    house: &'a House,
    /// What the provider works at.
    alive: Vec<(JobId, u32)>,
    awaited: BTreeSet<(JobId, u32)>,
    problems: Vec<String>,
}

impl<'a> Look<'a> {
    async fn at(house: &'a House) -> Vec<String> {
        let mut look = Look {
            house,
            alive: vec![],
            awaited: BTreeSet::new(),
            problems: vec![],
        };
        for number in 0..PIPELINES {
            look.compare(&format!("p{number}")).await;
        }
        look.alive = look.now_alive();
        for attempt in &look.alive {
            if !look.awaited.contains(attempt) {
                let text = format!("{attempt:?} is worked at, and nobody waits");
                look.problems.push(text);
            }
        }
        let there = directories(&house.work);
        if there > look.alive.len() {
            let text = format!("{there} directories for {} attempts", look.alive.len());
            look.problems.push(text);
        }
        look.problems
    }

    fn now_alive(&self) -> Vec<(JobId, u32)> {
        self.house.world.state().alive.values().copied().collect()
    }

    async fn compare(&mut self, name: &str) {
        let house = self.house;
        let store = house.orchestrator.store();
        let before = load(store, house, name).await;
        let state = house.orchestrator.state(&house.tenant, name).await;
        let after = load(store, house, name).await;
        let (before, after, state) = match (before, after, state) {
            (None, None, Err(_)) => return,
            (Some(before), Some(after), Ok(state)) => (before, after, state),
            (before, _, state) => {
                let disk = before.map(|loaded| loaded.version);
                let memory = state.map(|_| "there").map_err(|error| error.to_string());
                let text = format!("{name}: {disk:?} on disk, and {memory:?}");
                return self.problems.push(text);
            }
        };
        if before.version != after.version {
            return self.problems.push(format!("{name} does not keep still"));
        }
        if from_snapshot(house, name, &after).as_ref() != Some(&state) {
            let text = format!("{name}: snapshot and events are not what is remembered");
            self.problems.push(text);
        }
        if from_log(house, name).await.as_ref() != Some(&state) {
            let text = format!("{name}: the whole log is not what is remembered");
            self.problems.push(text);
        }
        let jobs: Vec<(JobId, u32)> = due_jobs(&state).collect();
        for row in &after.jobs {
            if !jobs.contains(&(row.id, row.attempt)) {
                let text = format!("{name}: job {} is on disk and nobody waits", row.id);
                self.problems.push(text);
            }
        }
        self.awaited.extend(jobs);
        self.worked_at(&state);
    }

    /// Whatever is due is worked at, unless there is no room.
    fn worked_at(&mut self, state: &PipelineState) {
        let alive = self.now_alive();
        let House {
            world,
            clock,
            manner,
            ..
        } = self.house;
        let now = clock.now();
        let (time, skipped) = {
            let state = world.state();
            (state.now(), state.skipped)
        };
        let late = skipped.is_some_and(|skipped| time < skipped + LATEST);
        for effect in due(state) {
            let Effect::Dispatch { job, not_before } = effect else {
                continue;
            };
            let is_due = job.attempt == 1 || (not_before <= now && !late);
            let is_alive = alive.contains(&(job.id, job.attempt));
            if is_due && !is_alive && alive.len() < manner.jobs {
                self.problems.push(format!(
                    "{} {}/{}#{} is awaited, and nobody works at it",
                    job.pipeline, job.stage, job.action, job.attempt
                ));
            }
        }
    }
}

async fn load(store: &Store, house: &House, name: &str) -> Option<Loaded> {
    store.load(&house.tenant, name).await.unwrap()
}

fn from_snapshot(house: &House, name: &str, loaded: &Loaded) -> Option<PipelineState> {
    let mut state = match &loaded.snapshot {
        Some(snapshot) => serde_json::from_str(&snapshot.json).ok()?,
        None => PipelineState::new(house.tenant.clone(), name),
    };
    for stored in &loaded.events {
        apply(&mut state, &read(stored)).ok()?;
    }
    Some(state)
}

async fn from_log(house: &House, name: &str) -> Option<PipelineState> {
    let store = house.orchestrator.store();
    let events = store.pipeline_events(&house.tenant, name, 0, u32::MAX);
    let mut state = PipelineState::new(house.tenant.clone(), name);
    for stored in events.await.unwrap() {
        apply(&mut state, &read(&stored)).ok()?;
    }
    Some(state)
}

/// An event as it stands in the log.
pub(crate) fn read(stored: &StoredEvent) -> Recorded {
    let event = &stored.event;
    Recorded {
        at: event.at,
        cause: serde_json::from_str(&event.cause).unwrap(),
        event: serde_json::from_str(&event.json).unwrap(),
    }
}
