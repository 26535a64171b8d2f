//! Notifications and schedules through the binary, a real receiver and
//! `kill -9`.

use lockgate_test_server::{Place, Received, Server, Settings, until};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const EXECUTIONS: usize = 12;

fn pipeline(place: &Place) -> PathBuf {
    place.file(
        "site.toml",
        r#"
name = "site"
executionMode = "QUEUED"

[[stages]]
name = "Source"

[[stages.actions]]
name = "Nothing"
actionTypeId = "Source/Custom/NoOp/1"
outputArtifacts = [{ name = "Tree" }]

[[stages]]
name = "Deploy"

[[stages.actions]]
name = "Ship"
actionTypeId = "Deploy/Custom/NoOp/1"
inputArtifacts = [{ name = "Tree" }]
"#,
    )
}

fn create_rule(server: &Server, place: &Place) {
    let url = format!("http://{}/events", place.receiver.address());
    let rule = json!({ "name": "audit", "events": ["all"], "url": url });
    let made = server.api("POST", "/notification-rules", &rule.to_string());
    assert_eq!(made.unwrap().status, 200);
}

fn body(post: &Received) -> Value {
    serde_json::from_str(&post.body).unwrap()
}

/// What was told of an execution, each event once, in the order in which it
/// arrived first.
fn told(posts: &[Received], execution: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    posts
        .iter()
        .map(body)
        .filter(|event| event["detail"]["execution-id"] == execution)
        .filter(|event| seen.insert(event["id"].as_str().unwrap().to_owned()))
        .map(|event| {
            let kind = event["detail-type"].as_str().unwrap();
            let level = kind.split(' ').nth(1).unwrap();
            format!("{level} {}", event["detail"]["state"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn killed_again_and_again_every_event_arrives_in_order_and_bears_one_id() {
    let place = Place::new();
    let settings = Settings::of(&place);
    let mut server = settings.start();
    create_rule(&server, &place);
    let mut executions = vec![server.create(&pipeline(&place)).unwrap()];
    while executions.len() < EXECUTIONS {
        let started = server
            .api("POST", "/pipelines/site/executions", "{}")
            .unwrap()
            .json();
        executions.push(started["pipelineExecutionId"].as_str().unwrap().to_owned());
        // In the middle of what is being told of the ones before.
        let so_far = place.receiver.received().len();
        until("something more is told", || {
            (place.receiver.received().len() > so_far).then_some(())
        });
        server.kill();
        server = settings.start();
    }
    for id in &executions {
        server.wait(id, "Succeeded");
    }
    let whole = [
        "Pipeline STARTED",
        "Stage STARTED",
        "Action STARTED",
        "Action SUCCEEDED",
        "Stage SUCCEEDED",
        "Stage STARTED",
        "Action STARTED",
        "Action SUCCEEDED",
        "Stage SUCCEEDED",
        "Pipeline SUCCEEDED",
    ];
    for id in &executions {
        until(&format!("everything of {id} is told"), || {
            let told = told(&place.receiver.received(), id);
            (told.len() >= whole.len()).then_some(())
        });
        assert_eq!(told(&place.receiver.received(), id), whole);
    }
    // What was told twice is the same to the letter, and says so by its key.
    let mut known: BTreeMap<String, (String, String)> = BTreeMap::new();
    for post in place.receiver.received() {
        let id = body(&post)["id"].as_str().unwrap().to_owned();
        let told = (post.key, post.body);
        let first = known.entry(id).or_insert_with(|| told.clone());
        assert_eq!(*first, told);
    }
    let keys: BTreeSet<&String> = known.values().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), known.len());
}

#[test]
fn a_schedule_fires_once_at_the_full_minute_though_the_server_is_killed() {
    let place = Place::new();
    let settings = Settings::of(&place);
    let server = settings.start();
    server.create(&pipeline(&place)).unwrap();
    let schedule = json!({
        "name": "minutely",
        "pipeline": "site",
        "expression": "cron(* * * * ? *)",
    });
    let made = server.api("POST", "/schedules", &schedule.to_string());
    let due = made.unwrap().json()["nextDue"].as_u64().unwrap();
    server.kill();
    let mut server = settings.start();
    let begun = Instant::now();
    let view = loop {
        // Longer than the patience for everything else: a minute is a minute.
        assert!(
            begun.elapsed() < Duration::from_secs(150),
            "{}",
            server.log()
        );
        let view = server.api("GET", "/schedules/minutely", "").unwrap().json();
        if view["lastDue"].as_u64().is_some_and(|last| last >= due) {
            break view;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let id = view["lastExecution"].as_str().unwrap().to_owned();
    server.wait(&id, "Succeeded");
    server.kill();
    server = settings.start();
    let list = server.api("GET", "/pipelines/site/executions", "").unwrap();
    let list = list.json();
    let started: Vec<&Value> = list["executions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|execution| execution["trigger"]["triggerType"] == "CloudWatchEvent")
        .collect();
    let last = started.last().unwrap();
    assert_eq!(last["pipelineExecutionId"], *id);
    let arn = "arn:aws:events:us-east-1:111122223333:rule/minutely";
    assert_eq!(last["trigger"]["triggerDetail"], arn);
}
