//! The caches of actions: who is given which, what stays in them, when they go.

use crate::definitions::{make, pipeline, ship, source, stage};
use crate::house::{House, Plan, alone, life, names};
use crate::script::Call;
use lockgate_model::definition::Pipeline;
use std::fs;
use std::path::PathBuf;

const CACHE: &str = "/cache";

/// Two actions that run commands, side by side in the second stage.
fn two(name: &str) -> Pipeline {
    let stages = [
        stage("Source", &[source()]),
        stage("Build", &[make("Make"), make("Check")]),
        stage("Deploy", &[ship("Ship")]),
    ];
    pipeline(name, &stages)
}

fn cache(call: &Call) -> Option<PathBuf> {
    let found = call.directories.iter().find(|d| d.guest == CACHE)?;
    assert!(found.writable);
    Some(found.host.clone())
}

fn entries(path: &PathBuf) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Starts an execution and brings it to the two actions.
async fn builds(house: &mut House, name: &str) -> (Call, Call) {
    house.start(name).await;
    let fetch = house.call("Fetch").await;
    assert!(cache(&fetch).is_none(), "it runs no commands");
    fetch.succeed();
    let one = house.calls.recv().await.unwrap();
    let other = house.calls.recv().await.unwrap();
    if one.job.action == "Make" {
        (one, other)
    } else {
        (other, one)
    }
}

#[test]
fn a_cache_stays_from_one_execution_and_server_to_the_next_and_is_its_actions_alone() {
    let directory = tempfile::tempdir().unwrap();
    let kept = life(directory.path(), Plan::default(), async |house| {
        house.create(two("p")).await;
        let (make, check) = builds(house, "p").await;
        let path = cache(&make).unwrap();
        fs::write(path.join("made"), "x").unwrap();
        fs::write(cache(&check).unwrap().join("checked"), "x").unwrap();
        let id = house.state("p").await.live().next().unwrap().id;
        // Kept also of an attempt that fails.
        make.fail("no");
        check.succeed();
        // On disk: the next life must not go on with it.
        house.rest(house.follow(id)).await;
        house.no_directories().await;
        path
    });
    assert_eq!(
        kept,
        directory.path().join("caches/111122223333/p/Build/Make")
    );
    life(directory.path(), Plan::default(), async |house| {
        let (make, check) = builds(house, "p").await;
        assert_eq!(entries(&cache(&make).unwrap()), ["made"]);
        assert_eq!(entries(&cache(&check).unwrap()), ["checked"]);
        make.succeed();
        check.succeed();
        let ship = house.call("Ship").await;
        assert!(cache(&ship).is_none());
        ship.succeed();

        // Neither another pipeline nor another tenant sees them.
        house.create(two("q")).await;
        let (make, check) = builds(house, "q").await;
        assert!(entries(&cache(&make).unwrap()).is_empty());
        assert!(entries(&cache(&check).unwrap()).is_empty());
        house.tenant = "444455556666".parse().unwrap();
        house.create(two("p")).await;
        let (make, _check) = builds(house, "p").await;
        assert!(entries(&cache(&make).unwrap()).is_empty());
    });
}

#[test]
fn a_cache_that_grew_too_large_is_emptied_and_the_log_says_so() {
    alone(async |house| {
        house.create(two("p")).await;
        let id = house.start("p").await;
        let follow = house.follow(id);
        house.call("Fetch").await.succeed();
        for _ in 0..2 {
            let call = house.calls.recv().await.unwrap();
            if call.job.action == "Make" {
                let path = cache(&call).unwrap();
                fs::create_dir_all(path.join("a/b")).unwrap();
                fs::write(path.join("a/b/large"), vec![1; 2 << 20]).unwrap();
            }
            call.succeed();
        }
        house.call("Ship").await.succeed();
        let said = names(&house.rest(follow).await);
        let line = "'the action's cache holds more than 1048576 bytes: it was emptied, and the next attempt starts without it'";
        assert!(said.iter().any(|said| said == line), "{said:?}");
        let (make, _check) = builds(house, "p").await;
        assert!(entries(&cache(&make).unwrap()).is_empty());
    });
}

#[test]
fn caches_go_with_their_pipeline_also_those_in_use() {
    alone(async |house| {
        house.create(two("p")).await;
        house.create(two("q")).await;
        let (make, check) = builds(house, "p").await;
        let (other, _check) = builds(house, "q").await;
        let stays = cache(&other).unwrap();
        let path = cache(&make).unwrap();
        for cache in [&path, &stays] {
            fs::create_dir(cache.join("closed")).unwrap();
            fs::write(cache.join("closed/file"), "x").unwrap();
            let closed = std::os::unix::fs::PermissionsExt::from_mode(0o000);
            fs::set_permissions(cache.join("closed"), closed).unwrap();
        }
        check.succeed();
        let o = &house.orchestrator;
        o.delete_pipeline(&house.tenant, "p", &house.by)
            .await
            .unwrap();
        let pipeline = path.parent().unwrap().parent().unwrap();
        assert!(!pipeline.exists());
        assert!(stays.join("closed").exists());
        house.create(two("p")).await;
        assert!(!pipeline.exists());
    });
}
