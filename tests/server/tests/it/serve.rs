//! A server as its operator and its clients meet it, beyond the scenarios:
//! beginnings and ends, followers, polling, stops, JSON, and what is kept from
//! whom.

use lockgate_test_server::{Place, Ran, Server, Settings, alive, command, until, wait_until_gone};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

const WHOLE: &str = include_str!("../whole.toml");
/// Source, then an announcement.
const TELL: &str = include_str!("../tell.toml");
/// One build.
const BUILD: &str = include_str!("../build.toml");

#[test]
fn a_server_ends_at_once_when_told_even_with_followers() {
    let place = Place::new();
    let server = Settings::of(&place).start();
    let id = server.create(&place.file("p.toml", WHOLE)).unwrap();
    server.wait_for_approval("whole");
    let mut follower = server.cli_child(&["logs", "--follow", &id]);
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("waits for approval")));
    let told = Instant::now();
    assert!(server.terminate().success());
    assert!(
        told.elapsed() < Duration::from_secs(5),
        "{:?}",
        told.elapsed()
    );
    assert!(follower.wait().unwrap().code().is_some());
}

#[test]
fn an_approval_outlives_its_server() {
    let place = Place::new();
    let settings = Settings::of(&place);
    let server = settings.start();
    let id = server.create(&place.file("p.toml", WHOLE)).unwrap();
    let before = server.wait_for_approval("whole");
    assert!(server.terminate().success());
    let server = settings.start();
    assert_eq!(server.wait_for_approval("whole"), before);
    let _ = server.cli(&["approve", "whole"]).good();
    server.wait(&id, "Succeeded");
    assert_eq!(place.receiver.received().len(), 1);
}

#[test]
fn a_follower_sees_the_log_as_it_comes_and_the_end() {
    let place = Place::new();
    let server = Settings::of(&place).start();
    let id = server.create(&place.file("p.toml", WHOLE)).unwrap();
    let mut follower = server.cli_child(&["logs", "--follow", &id]);
    let mut lines = BufReader::new(follower.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    // The execution waits for the approval that this follower's words lead to.
    assert!(lines.any(|line| line.contains("Build / Compile │ building for nobody")));
    assert!(lines.any(|line| line.contains("waits for approval")));
    let _ = server.cli(&["approve", "whole"]).good();
    assert!(lines.any(|line| line.contains("execution Succeeded")));
    assert_eq!(lines.next(), None);
    assert!(follower.wait().unwrap().success());
}

#[test]
fn a_new_commit_starts_the_pipeline_by_itself_and_only_once() {
    let place = Place::new();
    let server = Settings::of(&place).with("--poll", "1").start();
    let first = server.create(&place.file("p.toml", TELL)).unwrap();
    server.wait(&first, "Succeeded");
    let head = place.repository.commit("index.html", "more\n", "More");
    let list = until("a new commit starts an execution", || {
        let list = server.json(&["execution", "list", "tell"]);
        (list["executions"].as_array().unwrap().len() > 1).then_some(list)
    });
    let second = &list["executions"][0];
    assert_eq!(second["trigger"]["triggerType"], "PollForSourceChanges");
    let document = server.wait(second["pipelineExecutionId"].as_str().unwrap(), "Succeeded");
    assert_eq!(document["execution"]["revisions"]["Tree"]["id"], head);
    // A third commit is found, so the second was asked about again and started
    // nothing.
    place.repository.commit("index.html", "most\n", "Most");
    until("the third commit starts an execution", || {
        (place.receiver.received().len() > 2).then_some(())
    });
    let list = server.json(&["execution", "list", "tell"]);
    assert_eq!(list["executions"].as_array().unwrap().len(), 3);
}

fn building(place: &Place, commands: &str) -> std::path::PathBuf {
    place.file("build.toml", &BUILD.replace("@COMMANDS@", commands))
}

#[test]
fn an_abandoned_build_is_killed_and_cleared_away() {
    let place = Place::new();
    let settings = Settings::of(&place);
    let server = settings.start();
    let file = building(&place, "sh -c 'sleep 16180.1 & sleep 16180.1'");
    let id = server.create(&file).unwrap();
    until("the build runs", || {
        (!alive("16180.1").is_empty()).then_some(())
    });
    let _ = server
        .cli(&["execution", "stop", &id, "--abandon", "--reason", "enough"])
        .good();
    let document = server.wait(&id, "Stopped");
    assert_eq!(document["actions"][1]["status"], "Abandoned");
    wait_until_gone("16180.1");
    until("the directory of the abandoned build is removed", || {
        let mut left = std::fs::read_dir(settings.data.join("work")).unwrap();
        left.next().is_none().then_some(())
    });
    let ran = server.cli(&["execution", "retry", &id, "Build"]).good();
    assert_eq!(ran.stdout, "stage Build runs again\n");
    until("the build runs again", || {
        (!alive("16180.1").is_empty()).then_some(())
    });
    assert!(server.terminate().success());
    wait_until_gone("16180.1");
}

#[test]
fn a_stop_waits_for_what_runs() {
    let place = Place::new();
    let server = Settings::of(&place).start();
    let file = building(&place, "sleep 1.0303");
    let id = server.create(&file).unwrap();
    until("the build runs", || {
        (!alive("1.0303").is_empty()).then_some(())
    });
    let _ = server.cli(&["execution", "stop", &id]).good();
    let again = server.cli(&["execution", "stop", &id]).exits(2);
    assert!(
        again.stderr.contains("is being stopped already"),
        "{}",
        again.stderr
    );
    let document = server.wait(&id, "Stopped");
    assert_eq!(document["actions"][1]["status"], "Succeeded");
}

#[test]
fn the_exit_code_of_a_followed_start_is_that_of_the_execution() {
    let place = Place::new();
    let server = Settings::of(&place).start();
    let _ = server.create(&place.file("p.toml", TELL));
    let _ = server
        .cli(&["execution", "start", "tell", "--follow"])
        .good();
    let _ = server.create(&building(&place, "false"));
    let ran = server
        .cli(&[
            "execution",
            "start",
            "build",
            "--follow",
            "--output",
            "json",
        ])
        .exits(1);
    let last = ran.json_lines().pop().unwrap();
    assert_eq!(last["event"]["type"], "ExecutionFailed");
}

#[test]
fn every_command_prints_json_when_asked() {
    let place = Place::new();
    let server = Settings::of(&place).start();
    let file = place.file("p.toml", WHOLE);
    let file = file.to_str().unwrap();
    let id = server.json(&["pipeline", "create", file])["pipelineExecutionId"].clone();
    let id = id.as_str().unwrap();
    server.wait_for_approval("whole");
    for (arguments, key) in [
        (&["pipeline", "list"][..], "pipelines"),
        (&["pipeline", "show", "whole"], "pipeline"),
        (&["pipeline", "state", "whole"], "stages"),
        (&["execution", "list", "whole"], "executions"),
        (&["execution", "show", id], "actions"),
        (&["approve", "whole", "--list"], "approvals"),
        (&["plugin", "list"], "plugins"),
        (&["plugin", "inspect", "build-commands"], "grant"),
    ] {
        let document = server.json(arguments);
        assert!(!document[key].is_null(), "{arguments:?}: {document:#}");
    }
    let token = &server.json(&["approve", "whole", "--list"])["approvals"][0]["token"];
    assert_eq!(token.as_str().unwrap().len(), 36);
    for arguments in [
        &["pipeline", "disable", "whole", "Deploy", "--reason", "x"][..],
        &["pipeline", "enable", "whole", "Deploy"],
        &["approve", "whole"],
    ] {
        assert!(server.json(arguments).is_object(), "{arguments:?}");
    }
    server.wait(id, "Succeeded");
    for arguments in [&["logs", id][..], &["logs", "--follow", id]] {
        let mut line = arguments.to_vec();
        line.extend(["--output", "json"]);
        let lines = server.cli(&line).good().json_lines();
        assert!(lines.iter().all(Value::is_object));
        assert!(lines.iter().any(|line| line["type"] == "log"));
    }
    assert_eq!(
        server.json(&["pipeline", "update", file])["version"],
        2,
        "a definition that did not change is a version all the same"
    );
    assert!(server.json(&["pipeline", "delete", "whole"]).is_object());
}

#[test]
fn plugins_say_what_they_are_granted_and_what_they_import() {
    let place = Place::new();
    let server = Settings::of(&place).start();
    let plugin = server.json(&["plugin", "inspect", "source-git"]);
    let repository = place.repository.path().to_str().unwrap();
    assert_eq!(plugin["grant"]["read"][0], repository);
    assert_eq!(plugin["grant"]["exec-network"], false);
    let imports = plugin["imports"].as_array().unwrap();
    assert!(
        imports
            .iter()
            .any(|import| import == "lockgate:action/exec@0.1.0")
    );
    assert_eq!(plugin["actionTypes"][0]["id"]["provider"], "Git");
    let text = server
        .cli(&["plugin", "inspect", "source-git"])
        .good()
        .stdout;
    assert!(text.contains(&format!("read={repository}")), "{text}");
}

#[test]
fn the_value_of_a_secret_property_is_in_no_view() {
    let place = Place::new();
    let server = Settings::of(&place).start();
    // The address of a webhook is often its password.
    let text = TELL.replace("/announce", "/hidden-9f8e7d");
    let id = server.create(&place.file("p.toml", &text)).unwrap();
    server.wait(&id, "Succeeded");
    assert_eq!(place.receiver.received()[0].path, "/hidden-9f8e7d");
    for arguments in [
        &["execution", "show", &id, "--output", "json"][..],
        &["execution", "show", &id],
        &["execution", "list", "tell", "--output", "json"],
        &["logs", "--follow", &id, "--output", "json"],
        &["logs", "--follow", &id],
    ] {
        let ran = server.cli(arguments).good();
        assert!(!ran.stdout.contains("hidden-9f8e7d"), "{}", ran.stdout);
    }
    assert!(!server.log().contains("hidden-9f8e7d"));
}

#[test]
fn the_secret_of_a_header_reaches_its_receiver_alone() {
    let place = Place::new();
    let secret = place.root().join("token");
    std::fs::write(&secret, "tok-55d1\n").unwrap();
    let server = Settings::of(&place)
        .with("--secret", &format!("CHAT={}", secret.display()))
        .with("--grant", "notify-webhook secret=CHAT")
        .start();
    let text = TELL.replace(
        "Format =",
        "Header = \"X-Token\", SecretName = \"CHAT\", Format =",
    );
    let id = server.create(&place.file("p.toml", &text)).unwrap();
    server.wait(&id, "Succeeded");
    let post = &place.receiver.received()[0];
    assert!(post.head.contains("tok-55d1"), "{}", post.head);
    for arguments in [
        &["execution", "show", &id, "--output", "json"][..],
        &["logs", "--follow", &id, "--output", "json"],
        &["pipeline", "show", "tell"],
    ] {
        let ran = server.cli(arguments).good();
        assert!(!ran.stdout.contains("tok-55d1"), "{}", ran.stdout);
    }
    assert!(!server.log().contains("tok-55d1"));
}

#[test]
fn a_data_directory_that_is_in_use_names_the_process() {
    let place = Place::new();
    let settings = Settings::bare(place.root());
    let server = settings.start();
    let ran = Ran::of(command(&settings.line()).output().unwrap()).exits(2);
    let process = format!("is in use by process {} ", server.pid());
    assert!(ran.stderr.contains(&process), "{}", ran.stderr);
    assert!(ran.stderr.contains("use another data directory"));
    assert_eq!(server.get("/healthz").body, "ok\n");
}

#[test]
fn the_api_refuses_in_json_whatever_it_is_sent() {
    let place = Place::new();
    let server = Settings::bare(place.root()).start();
    let asked = |method: &str, path: &str, body: &str| {
        let answer = server.api(method, path, body).unwrap();
        let refusal = answer.json();
        assert!(
            refusal["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
                && refusal["__type"].is_string(),
            "{method} {path}: {} {}",
            answer.status,
            answer.body
        );
        answer.status
    };
    assert_eq!(asked("GET", "/nothing", ""), 404);
    assert_eq!(asked("DELETE", "/pipelines", ""), 405);
    assert_eq!(asked("POST", "/pipelines", "{"), 400);
    assert_eq!(asked("POST", "/pipelines", &"x".repeat(3 << 20)), 400);
    assert_eq!(asked("POST", "/pipelines/p/executions", "7"), 400);
    assert_eq!(asked("POST", "/pipelines/p/executions", r#"{"x":1}"#), 400);
    assert_eq!(asked("POST", "/pipelines/p/executions", "{}"), 404);
    assert_eq!(asked("GET", "/pipelines/%ff/state", ""), 400);
    assert_eq!(asked("GET", "/pipelines?limit=x", ""), 400);
    assert_eq!(asked("GET", "/executions/1/feed?follow=maybe", ""), 400);
    assert_eq!(server.get("/elsewhere").status, 404);
}

#[test]
fn without_a_server_the_client_says_how_to_start_one() {
    let ran =
        lockgate_test_server::lockgate(&["pipeline", "list", "--server", "http://127.0.0.1:1"]);
    let ran = ran.exits(2);
    assert_eq!(
        ran.stderr,
        "error: no server answers at http://127.0.0.1:1; start one with 'lockgate serve --dev --data DIR', or name another with --server\n"
    );
    let ran =
        lockgate_test_server::lockgate(&["pipeline", "list", "--server", "localhost"]).exits(2);
    assert_eq!(
        ran.stderr,
        "error: --server localhost: write a URL such as http://127.0.0.1:8080\n"
    );
}

/// Not one of a server's own: any program that answers HTTP.
#[test]
fn another_program_at_the_address_is_not_taken_for_a_server() {
    let place = Place::new();
    let url = format!("http://{}", place.receiver.address());
    let ran = lockgate_test_server::lockgate(&["pipeline", "list", "--server", &url]).exits(3);
    assert!(
        ran.stderr.contains("the server's answer cannot be read"),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_idle_server_is_small() {
    let place = Place::new();
    let server: Server = Settings::bare(place.root()).start();
    // A debug build is larger than what is shipped; the benchmark measures that.
    assert!(server.memory() < 150, "{} MiB", server.memory());
}
