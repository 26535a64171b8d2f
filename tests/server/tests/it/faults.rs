//! Plugins that misbehave: each fails its own action with a reason that a
//! person can read, while others on the same server go on.

use lockgate_test_server::{Place, Server, Settings, misbehaving};
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const GRANTS: [&str; 4] = [
    "misbehave http=granted.invalid",
    "misbehave secret=TOKEN",
    "misbehave exec",
    "misbehave invoke",
];

/// The deed, and its further settings.
const DEEDS: [(&str, &str); 14] = [
    ("trap", ""),
    ("panic", r#", verb = "fell""#),
    ("exit", ""),
    ("loop", ""),
    ("sleep", ""),
    ("block", ""),
    ("memory", ""),
    ("recursion", r#", depth = "100000000""#),
    ("handles", ""),
    ("random", r#", bytes = "4000000000""#),
    ("answer", r#", bytes = "50000000""#),
    ("fail", r#", message = "the provider says no""#),
    (
        "http",
        r#", url = "http://169.254.169.254/latest/meta-data""#,
    ),
    ("secret", r#", name = "OTHER""#),
];

fn pipeline(place: &Place, name: &str, deed: &str, more: &str) -> std::path::PathBuf {
    let text = format!(
        r#"name = "{name}"
[[stages]]
name = "Source"
[[stages.actions]]
name = "Nothing"
actionTypeId = "Source/Custom/NoOp/1"
outputArtifacts = [{{ name = "Tree" }}]
[[stages]]
name = "Build"
[[stages.actions]]
name = "Misbehave"
actionTypeId = "Build/Custom/Misbehave/1"
configuration = {{ do = "{deed}"{more} }}
"#
    );
    place.file(&format!("{name}.toml"), &text)
}

fn settings(place: &Place) -> Settings {
    let plugin = place.root().join("misbehave");
    misbehaving(&plugin);
    Settings::of(place).with("--plugin", plugin.to_str().unwrap())
}

#[test]
fn every_fault_fails_its_action_and_others_go_on() {
    let place = Place::new();
    let settings = GRANTS.iter().fold(settings(&place), |settings, grant| {
        settings.with("--grant", grant)
    });
    let server = settings.start();
    let good = place.file("good.toml", include_str!("../tell.toml"));
    let id = server.create(&good).unwrap();
    server.wait(&id, "Succeeded");

    let bad: Vec<(&str, String)> = DEEDS
        .iter()
        .map(|(deed, more)| {
            let file = pipeline(&place, &format!("bad-{deed}"), deed, more);
            (*deed, server.create(&file).unwrap())
        })
        .collect();
    let over = AtomicBool::new(false);
    let told = std::thread::scope(|scope| {
        let others = scope.spawn(|| others_go_on(&server, &over));
        let mut told = String::new();
        for (deed, id) in &bad {
            let document = server.wait(id, "Failed");
            let failure = &document["actions"][1]["failure"];
            let kind = failure["kind"].as_str().unwrap();
            let message = failure["message"].as_str().unwrap();
            // Where exactly a guest panics is its own business.
            let words = message.split(' ').filter(|word| !word.contains(".rs:"));
            let message = words.collect::<Vec<_>>().join(" ");
            let _ = writeln!(told, "{deed}: {kind}: {message}");
        }
        over.store(true, Ordering::Relaxed);
        assert!(others.join().unwrap() > 3, "the others hardly went on");
        told
    });
    insta::assert_snapshot!("faults", told);
    assert_eq!(server.get("/healthz").body, "ok\n");
    assert!(!server.log().contains("panicked"), "{}", server.log());
    assert!(server.terminate().success());
}

/// Starts and finishes executions of the good pipeline until all is over;
/// returns how many.
fn others_go_on(server: &Server, over: &AtomicBool) -> usize {
    let mut count = 0;
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let _ = server
            .cli(&["execution", "start", "tell", "--follow"])
            .good();
        assert!(began.elapsed() < Duration::from_secs(10));
        assert_eq!(server.get("/healthz").status, 200);
        assert!(server.memory() < 700, "{} MiB", server.memory());
        count += 1;
    }
    count
}

#[test]
fn a_flood_of_log_is_cut_and_said_so() {
    let place = Place::new();
    let settings = GRANTS.iter().fold(settings(&place), |settings, grant| {
        settings.with("--grant", grant)
    });
    let server = settings.start();
    let before = server.memory();
    for deed in ["log", "print"] {
        let file = pipeline(&place, deed, deed, r#", bytes = "200000000""#);
        let id = server.create(&file).unwrap();
        lockgate_test_server::until("the flood is over", || {
            let document = server.execution(&id);
            (document["execution"]["status"] != "InProgress").then_some(())
        });
        let log = server.cli(&["logs", &id]).good().stdout;
        assert!(log.len() < 1 << 20, "{deed}: {} bytes", log.len());
        let said: Vec<&str> = log.lines().filter(|line| line.len() < 500).collect();
        assert!(
            said.iter().any(|line| line.contains("262144")),
            "{deed}: {said:?}"
        );
    }
    let grown = server.memory().saturating_sub(before);
    assert!(grown < 200, "{grown} MiB more");
}

#[test]
fn an_import_that_was_not_granted_fails_the_action_and_names_the_line() {
    let place = Place::new();
    let server = GRANTS[..3]
        .iter()
        .fold(settings(&place), |settings, grant| {
            settings.with("--grant", grant)
        })
        .start();
    let plugins = server.json(&["plugin", "list"]);
    let plugins = plugins["plugins"].as_array().unwrap();
    let refused = plugins.iter().find(|plugin| plugin["name"] == "misbehave");
    let reason = refused.unwrap()["refused"].as_str().unwrap();
    assert!(reason.contains("misbehave invoke"), "{reason}");
    let id = server
        .create(&pipeline(&place, "ungranted", "trap", ""))
        .unwrap();
    let document = server.wait(&id, "Failed");
    let failure = &document["actions"][1]["failure"];
    assert_eq!(failure["kind"], "PermissionError");
    assert!(
        failure["message"]
            .as_str()
            .unwrap()
            .contains("misbehave invoke"),
        "{failure}"
    );
}
