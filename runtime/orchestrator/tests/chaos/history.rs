//! A history: some lives of a server in a storm, and a last one in which the
//! disk is well, the provider answers, people decide, and everything has to end.

use crate::chance::Chance;
use crate::definitions::{TARGET, Taste};
use crate::finish::finish;
use crate::house::{Ground, House, Manner, life};
use crate::journal::What;
use crate::laws;
use crate::people::Person;
use crate::probe::probe;
use crate::workers::{custom, work};
use crate::world::{Trouble, World};
use lockgate_execution::UpdatePolicy;
use lockgate_model::id::Principal;
use lockgate_orchestrator::OrchestratorError;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
/// 2026-03-01T00:00:00Z
const BEGINNING: i64 = 1_772_323_200_000;

/// What came of a history.
pub(crate) struct Outcome {
    pub(crate) wrong: Vec<String>,
    pub(crate) journal: String,
    pub(crate) met: Vec<(String, u64)>,
}

/// The history of this seed; each life takes so many steps.
pub(crate) fn history(seed: u64, steps: u64) -> Outcome {
    let world = Arc::new(World::new(seed));
    let mut chance = Chance::named(seed, "history");
    let directory = tempfile::tempdir().unwrap();
    let ground = Ground {
        path: directory.path().to_owned(),
        // Eight bytes for each history: a clock is copied, and lives longer.
        wall: Box::leak(Box::new(AtomicI64::new(BEGINNING))),
    };
    let manner = Manner {
        jobs: [3, 10, 100][chance.below(3) as usize],
        update_policy: match chance.percent(50) {
            true => UpdatePolicy::Cancel,
            false => UpdatePolicy::Pin,
        },
        taste: Taste {
            files: chance.percent(25),
        },
    };
    world.note(What::Said(format!("{manner:?}")));
    settle_in(&world, &ground, manner);
    for _ in 0..2 + chance.below(4) {
        storm(&world, &ground, &mut chance, manner, steps);
        let away = match chance.below(10) {
            0 => -(chance.millis(2 * HOUR) as i64),
            1..3 => chance.millis(30 * HOUR) as i64,
            _ => chance.millis(10 * MINUTE) as i64,
        };
        ground.wall.fetch_add(away, Ordering::Relaxed);
        world.note(What::Said(format!("    away for {} s", away / 1000)));
    }
    world.state().trouble = Trouble::default();
    finish(&world, &ground, manner);
    let met = laws::hold(&world, &ground);
    let state = world.state();
    Outcome {
        wrong: state.wrong.clone(),
        journal: state.journal.told(),
        met,
    }
}

/// Somebody wants to be told of everything, before there is anything.
fn settle_in(world: &Arc<World>, ground: &Ground, manner: Manner) {
    life(world, ground.wall, async || {
        let house = House::open(world, ground, manner).await.unwrap();
        let rule = serde_json::from_value(json!({
            "name": "all",
            "events": ["all"],
            "url": TARGET,
        }));
        let by = Principal("somebody".into());
        let made = house
            .orchestrator
            .create_notification_rule(&house.tenant, rule.unwrap(), &by);
        made.await.unwrap();
        let made = house
            .orchestrator
            .create_action_type(&house.tenant, custom());
        made.await.unwrap();
    });
}

fn storm(world: &Arc<World>, ground: &Ground, chance: &mut Chance, manner: Manner, steps: u64) {
    life(world, ground.wall, async || {
        let killed = world.state().killed.clone();
        trouble(world, chance);
        let lived = async {
            match House::open(world, ground, manner).await {
                Ok(house) => live(house, ground, chance, steps).await,
                Err(error) => {
                    if let OrchestratorError::Damaged { .. } = error {
                        world.wrong(error.to_string());
                    }
                    world.note(What::Said(format!("cannot start: {error}")));
                }
            }
        };
        tokio::select! {
            biased;
            () = killed.notified() => {}
            () = lived => {}
        }
    });
}

async fn live(house: House, ground: &Ground, chance: &mut Chance, steps: u64) {
    let world = house.world.clone();
    let mut people = JoinSet::new();
    people.spawn(work(house.clone()));
    for _ in 0..chance.below(2 * steps) {
        let millis = chance.millis(20 * MINUTE);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        while people.try_join_next().is_some() {}
        match chance.below(100) {
            0..76 => {
                people.spawn(Person::new(&house).act());
            }
            76..82 => trouble(&world, chance),
            82..85 => {
                world.state().trouble.full = true;
                let millis = chance.millis(30 * MINUTE);
                tokio::time::sleep(Duration::from_millis(millis)).await;
                world.state().trouble.full = false;
            }
            85..88 => set_clock(&world, ground, chance.millis(3 * HOUR) as i64),
            88..90 => set_clock(&world, ground, -(chance.millis(2 * HOUR) as i64)),
            90..95 => probe(&house).await,
            _ => {
                for _ in 0..3 {
                    people.spawn(Person::new(&house).act());
                }
            }
        }
    }
    match chance.below(4) {
        0 => {
            people.shutdown().await;
            drop(house);
            world.note(What::Said("nobody holds the server any more".into()));
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        1 => {
            people.shutdown().await;
            world.note(What::Said("the server is shut down".into()));
            house.orchestrator.shut_down().await;
        }
        _ => {}
    }
}

fn set_clock(world: &World, ground: &Ground, by: i64) {
    ground.wall.fetch_add(by, Ordering::Relaxed);
    let mut state = world.state();
    if by > 0 {
        state.skipped = Some(state.now());
    }
    drop(state);
    let text = format!("the clock is set by {} s", by / 1000);
    world.note(What::Said(text));
}

/// The disk gets better or worse.
fn trouble(world: &World, chance: &mut Chance) {
    let trouble = match chance.below(10) {
        0..3 => Trouble::default(),
        3..6 => Trouble {
            refused: 20,
            lost: 20,
            slow: 50,
            unreadable: 10,
            mute: 50,
            panic: 4,
            crash: 4,
            full: false,
        },
        6 | 7 => Trouble {
            refused: 150,
            lost: 150,
            unreadable: 200,
            mute: 300,
            panic: 20,
            ..Trouble::default()
        },
        8 => Trouble {
            slow: 400,
            lost: 30,
            ..Trouble::default()
        },
        _ => Trouble {
            crash: 30,
            lost: 50,
            unreadable: 100,
            ..Trouble::default()
        },
    };
    world.note(What::Said(format!("the disk: {trouble:?}")));
    world.state().trouble = trouble;
}
