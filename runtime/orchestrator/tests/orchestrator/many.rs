//! Many pipelines at a time, and one with a long history.

use crate::definitions::{make, pipeline, source, stage, three};
use crate::house::{Plan, alone, life, names};
use std::time::{Duration, Instant};

#[test]
fn fifty_pipelines_run_at_the_same_time_and_share_transactions() {
    alone(async |house| {
        let definitions: Vec<_> = (0..50).map(|n| three(&format!("p{n}"))).collect();
        for definition in definitions {
            house.create(definition).await;
        }
        let before = house.orchestrator.store().transactions();
        let starts = (0..50).map(|n| {
            let house = &*house;
            async move { house.start(&format!("p{n}")).await }
        });
        let ids = futures::future::join_all(starts).await;
        let feeds: Vec<_> = ids.iter().map(|id| house.follow(*id)).collect();
        for _ in 0..150 {
            house.calls.recv().await.unwrap().succeed();
        }
        for feed in feeds {
            let entries = house.rest(feed).await;
            assert_eq!(names(&entries).last().unwrap(), "ExecutionSucceeded");
        }
        let transactions = house.orchestrator.store().transactions() - before;
        assert!(transactions < 200, "{transactions}");
        house.no_call();
    });
}

#[test]
fn a_long_history_is_loaded_from_its_last_snapshot() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    const EXECUTIONS: usize = 300;
    life(path, Plan::default(), async |house| {
        let stages = [
            stage("Source", &[source()]),
            stage("Build", &[make("Make")]),
        ];
        house.create(pipeline("p", &stages)).await;
        for _ in 0..EXECUTIONS {
            let id = house.start("p").await;
            let feed = house.follow(id);
            house.call("Fetch").await.succeed();
            house.call("Make").await.succeed();
            house.rest(feed).await;
        }
        let store = house.orchestrator.store();
        let loaded = store.load(&house.tenant, "p").await.unwrap().unwrap();
        assert!(loaded.version > 8 * EXECUTIONS as u64, "{}", loaded.version);
        let snapshot = loaded.snapshot.unwrap().json.len();
        let tail: usize = loaded.events.iter().map(|e| e.event.json.len()).sum();
        // What ended is not in the state, and little has to be folded over it.
        assert!(snapshot < 20_000, "{snapshot}");
        assert!(loaded.events.len() < 150, "{}", loaded.events.len());
        assert!(tail < 100_000, "{tail}");
    });
    life(path, Plan::default(), async |house| {
        let began = Instant::now();
        let id = house.start("p").await;
        assert!(began.elapsed() < Duration::from_secs(5));
        let feed = house.follow(id);
        house.call("Fetch").await.succeed();
        house.call("Make").await.succeed();
        house.rest(feed).await;
    });
}
