//! Following an execution.

use crate::definitions::{make, pipeline, source, stage, three, with};
use crate::house::{Plan, alone, life, names};
use lockgate_execution::Event;
use lockgate_execution::why::Question;
use lockgate_model::id::ExecutionId;
use lockgate_orchestrator::Entry;
use serde_json::json;

#[test]
fn lines_come_before_the_event_that_ends_their_action_however_many() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let live = house.follow(id);
        let call = house.call("Fetch").await;
        for number in 0..1234 {
            call.say(&format!("{number}"));
        }
        call.succeed();
        house.call("Make").await.fail("no");
        for feed in [live, house.follow(id)] {
            let entries = house.rest(feed).await;
            let names = names(&entries);
            let end = names.iter().position(|name| name == "ActionSucceeded");
            let lines: Vec<_> = (0..1234).map(|number| format!("'{number}'")).collect();
            let end = end.unwrap();
            assert_eq!(names[end - 1234..end], lines);
            assert_eq!(names.iter().filter(|name| *name == "'7'").count(), 1);
            let failed = names.iter().position(|name| name == "ActionFailed");
            assert_eq!(names[failed.unwrap() - 1], "'JobFailed: no'");
            assert_eq!(names.last().unwrap(), "ExecutionFailed");
        }
    });
}

#[test]
fn a_line_is_read_while_its_action_runs() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let mut follow = house.follow(id);
        let call = house.call("Fetch").await;
        house.until(&mut follow, "ActionStarted").await;
        call.say("hello");
        house.settle("p").await;
        house.pass(1).await;
        let Some(Entry::Log { action, line, .. }) = follow.next().await.unwrap() else {
            panic!("no line");
        };
        assert_eq!((action.as_str(), line.text.as_str()), ("Fetch", "hello"));
        call.succeed();
        house.until(&mut follow, "ActionSucceeded").await;
    });
}

#[test]
fn an_execution_that_nobody_knows_ends_at_once() {
    alone(async |house| {
        let mut follow = house.follow(ExecutionId(uuid::Uuid::now_v7()));
        assert!(follow.next().await.unwrap().is_none());
    });
}

#[test]
fn an_execution_of_an_earlier_life_is_read_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let id = life(path, Plan::default(), async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        for action in ["Fetch", "Make", "Ship"] {
            house.call(action).await.succeed();
        }
        house.rest(house.follow(id)).await;
        id
    });
    life(path, Plan::default(), async |house| {
        let entries = house.rest(house.follow(id)).await;
        assert_eq!(names(&entries).first().unwrap(), "ExecutionStarted");
        assert_eq!(names(&entries).last().unwrap(), "ExecutionSucceeded");
    });
}

#[test]
fn secret_values_reach_the_provider_and_nobody_else() {
    alone(async |house| {
        let settings = json!({"configuration": {"Password": "hunter2", "Setting": "open"}});
        let stages = [
            stage("Source", &[source()]),
            stage("Build", &[with(make("Make"), settings)]),
        ];
        house.create(pipeline("p", &stages)).await;
        let id = house.start("p").await;
        let follow = house.follow(id);
        house.call("Fetch").await.succeed();
        let call = house.call("Make").await;
        assert_eq!(call.job.configuration["Password"], "hunter2");
        call.succeed();
        let entries = house.rest(follow).await;
        let shown = format!("{entries:?}");
        assert!(shown.contains("open") && shown.contains("****"));
        assert!(!shown.contains("hunter2"));
        let started = entries.iter().any(|entry| {
            matches!(entry, Entry::Event { recorded, .. }
                if matches!(&recorded.event, Event::ActionStarted { action, .. } if action == "Make"))
        });
        assert!(started);
        let store = house.orchestrator.store();
        let detail = store.execution(&house.tenant, id).await.unwrap().unwrap();
        assert!(!format!("{detail:?}").contains("hunter2"));
    });
}

#[test]
fn a_provider_that_fails_with_a_secret_in_its_words_does_not_tell_it() {
    alone(async |house| {
        let settings = json!({"configuration": {"Password": "hunter2"}});
        let stages = [
            stage("Source", &[source()]),
            stage("Build", &[with(make("Make"), settings)]),
        ];
        house.create(pipeline("p", &stages)).await;
        let id = house.start("p").await;
        house.call("Fetch").await.succeed();
        house.call("Make").await.fail("401 for hunter2");
        let entries = format!("{:?}", house.rest(house.follow(id)).await);
        assert!(entries.contains("401 for ****"), "{entries}");
        let store = house.orchestrator.store();
        let detail = store.execution(&house.tenant, id).await.unwrap().unwrap();
        let question = Question::Execution { execution: id };
        let why = house
            .orchestrator
            .why(&house.tenant, "p", &question)
            .await
            .unwrap();
        for shown in [entries, format!("{detail:?}"), format!("{why:?}")] {
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    });
}

#[test]
fn a_reader_that_lets_go_again_and_again_misses_nothing() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let call = house.call("Fetch").await;
        for number in 0..600 {
            call.say(&format!("{number}"));
        }
        call.succeed();
        house.call("Make").await.fail("no");
        let whole = names(&house.rest(house.follow(id)).await);
        let mut follow = house.follow(id);
        let mut entries = vec![];
        let mut tries = 0;
        loop {
            tokio::select! {
                biased;
                entry = follow.next() => match entry.unwrap() {
                    Some(entry) => {
                        entries.push(entry);
                        tries = 0;
                    }
                    None => break,
                },
                // First at the first thing it waits for, then at the second …
                () = patience(tries) => tries += 1,
            }
        }
        assert_eq!(names(&entries), whole);
    });
}

/// Ends when the other has begun to wait once more than `times`.
async fn patience(mut times: u32) {
    std::future::poll_fn(|_| {
        if times == 0 {
            return std::task::Poll::Ready(());
        }
        times -= 1;
        std::task::Poll::Pending
    })
    .await;
}
