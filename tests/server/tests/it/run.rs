//! `lockgate run`: one file, no server.

use lockgate_test_server::{Place, Ran, command, until, wait_until_gone};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Source, build, test, approval, deployment, invocation, announcement.
const WHOLE: &str = include_str!("../whole.toml");

#[test]
fn a_whole_pipeline_runs_from_one_file() {
    let place = Place::new();
    let file = place.file("pipeline.toml", WHOLE);
    let ran = place.run(&file, &["--yes"]).good();
    let head = place.repository.head();
    for line in [
        "Source / Fetch succeeded",
        "Build / Compile │ building for nobody",
        "Build / Check succeeded",
        "Approve / Release approved by",
        "Deploy / Publish succeeded",
        "Deploy / Greet │ greeting release",
        "Deploy / Announce succeeded",
        "execution Succeeded",
    ] {
        assert!(
            ran.stdout.contains(line),
            "{line} is not in\n{}",
            ran.stdout
        );
    }
    assert_eq!(ran.stderr, "");
    let deployed = std::fs::read_to_string(place.target().join("current/index.html")).unwrap();
    assert_eq!(deployed, format!("first\n{head}\n"));
    let posts = place.receiver.received();
    let [post] = posts.as_slice() else {
        panic!("{posts:?}")
    };
    assert_eq!(post.path, "/announce");
    assert_eq!(
        post.body,
        format!(r#"{{"text":"Hello, release {head}! for nobody"}}"#)
    );
    let left: Vec<_> = std::fs::read_dir(place.root().join("run/work"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn output_as_json_is_one_object_a_line() {
    let place = Place::new();
    let file = place.file("pipeline.toml", WHOLE);
    let more = ["--yes", "--output", "json", "--variable", "Audience=all"];
    let ran = place.run(&file, &more).good();
    let entries = ran.json_lines();
    assert!(entries.len() > 20, "{}", ran.stdout);
    let first = &entries[0];
    assert_eq!(first["type"], "event");
    assert_eq!(first["event"]["type"], "ExecutionStarted", "{first}");
    let log = entries.iter().find(|entry| entry["type"] == "log");
    assert_eq!(log.unwrap()["stage"], "Source");
    let last = entries.last().unwrap();
    assert_eq!(last["event"]["type"], "ExecutionSucceeded", "{last}");
    // Whoever reads a feed may not approve by it.
    let asked = entries.iter().find(|entry| {
        entry["event"]["type"] == "ActionStarted" && entry["event"]["action"] == "Release"
    });
    let work = asked.unwrap()["event"]["work"].to_string();
    assert!(
        work.contains("00000000-0000-0000-0000-000000000000"),
        "{work}"
    );
}

/// A pipeline of which only the build's commands differ.
fn build(place: &Place, commands: &str) -> std::path::PathBuf {
    let text = include_str!("../build.toml").replace("@COMMANDS@", commands);
    place.file("pipeline.toml", &text)
}

#[test]
fn a_failing_build_says_why_and_ends_with_1() {
    let place = Place::new();
    let file = build(&place, "echo about to fail; exit 7");
    let ran = place.run(&file, &[]).exits(1);
    let last: Vec<&str> = ran.stdout.lines().rev().take(2).collect();
    assert!(last[0].starts_with("state, logs and artifacts: "));
    assert!(
        last[1].contains("execution Failed: Build / Compile: ") && last[1].contains('7'),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("Build / Compile │ about to fail"));
}

#[test]
fn an_approval_that_nobody_can_be_asked_for_starts_nothing() {
    let place = Place::new();
    let file = place.file("pipeline.toml", WHOLE);
    let ran = place.run(&file, &[]).exits(2);
    assert_eq!(
        ran.stderr,
        format!(
            "error: {}: the action 'Release' waits for approval and there is no terminal to ask on; give --yes to approve\n",
            file.display()
        )
    );
    assert_eq!(ran.stdout, "");
    assert!(place.receiver.received().is_empty());
}

#[test]
fn the_same_data_directory_serves_run_after_run_and_a_revision_can_be_chosen() {
    let place = Place::new();
    let old = place.repository.head();
    place
        .repository
        .commit("index.html", "second\n", "Second page");
    let file = place.file("pipeline.toml", WHOLE);
    let _ = place.run(&file, &["--yes"]).good();
    let page = place.target().join("current/index.html");
    assert!(
        std::fs::read_to_string(&page)
            .unwrap()
            .starts_with("second\n")
    );
    let revision = format!("Fetch={old}");
    let _ = place.run(&file, &["--yes", "--revision", &revision]).good();
    assert_eq!(
        std::fs::read_to_string(&page).unwrap(),
        format!("first\n{old}\n")
    );
}

#[test]
fn a_build_finds_what_the_last_one_of_its_action_kept_and_another_action_does_not() {
    let place = Place::new();
    let keep = "echo \"found $(cat deps/made 2>/dev/null || echo nothing)\"; mkdir -p deps; echo it > deps/made\ncache:\n  paths: ['deps/**/*']";
    let file = build(&place, keep);
    for found in ["nothing", "it", "it"] {
        let ran = place.run(&file, &[]).good();
        let line = format!("Compile │ found {found}\n");
        assert!(ran.stdout.contains(&line), "{line}\n{}", ran.stdout);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("Compile", "Other")).unwrap();
    let ran = place.run(&file, &[]).good();
    assert!(
        ran.stdout.contains("Other │ found nothing\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn ctrl_c_stops_the_execution_and_leaves_no_process() {
    let place = Place::new();
    let file = build(&place, "echo up; sleep 31415.1");
    for signal in [Signal::INT, Signal::TERM] {
        let child = command(&place.run_arguments(&file)).spawn().unwrap();
        until("the build's command runs", || {
            (!lockgate_test_server::alive("31415.1").is_empty()).then_some(())
        });
        let asked = Instant::now();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ran = Ran::of(child.wait_with_output().unwrap()).exits(1);
        assert!(asked.elapsed() < Duration::from_secs(5));
        assert!(
            ran.stdout.contains("stopping: interrupted")
                && ran.stdout.contains("execution Stopped"),
            "{}",
            ran.stdout
        );
        wait_until_gone("31415.1");
    }
}

/// `script` gives the command a terminal of its own. It asks a shell to run it,
/// which must not stay between: some answer a Ctrl-C with a status of their own.
fn on_a_terminal(place: &Place, file: &std::path::Path) -> Option<std::process::Child> {
    let line = place.run_arguments(file);
    let quoted: Vec<String> =
        std::iter::once(lockgate_test_server::program().to_str().unwrap().to_owned())
            .chain(line)
            .map(|word| format!("'{word}'"))
            .collect();
    let started = Command::new("script")
        .args(["--quiet", "--return", "--command"])
        .arg(format!("exec {}", quoted.join(" ")))
        .arg("/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    if started.is_err() {
        eprintln!("NOT RUN: there is no program 'script' here to make a terminal");
    }
    started.ok()
}

/// Reads until the text has come.
fn read_until(child: &mut std::process::Child, text: &str) -> String {
    let mut seen = Vec::new();
    let stdout = child.stdout.as_mut().unwrap();
    let mut piece = [0; 4096];
    loop {
        let said = String::from_utf8_lossy(&seen).into_owned();
        if said.contains(text) {
            return said;
        }
        let count = stdout.read(&mut piece).unwrap();
        assert!(count > 0, "'{text}' never came:\n{said}");
        seen.extend_from_slice(&piece[..count]);
    }
}

#[test]
fn on_a_terminal_the_approval_is_asked_and_answered() {
    let place = Place::new();
    let file = place.file("pipeline.toml", WHOLE);
    let Some(mut child) = on_a_terminal(&place, &file) else {
        return;
    };
    let asked = read_until(&mut child, "[yes/no");
    let question = format!("Release {} to nobody?", place.repository.head());
    assert!(asked.contains(&question), "{asked}");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"perhaps\n").unwrap();
    read_until(&mut child, "Please answer yes or no.");
    stdin.write_all(b"no, not today\n").unwrap();
    let rest = read_until(&mut child, "state, logs and artifacts");
    assert!(rest.contains("rejected by"), "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(place.receiver.received().is_empty());
}

#[test]
fn ctrl_c_at_the_question_of_an_approval_stops_the_execution() {
    let place = Place::new();
    let file = place.file("pipeline.toml", WHOLE);
    let Some(mut child) = on_a_terminal(&place, &file) else {
        return;
    };
    read_until(&mut child, "[yes/no");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"\x03").unwrap();
    read_until(&mut child, "state, logs and artifacts");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
