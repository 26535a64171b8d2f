//! `lockgate run`: one file, no server.

use lockgate_test_server::{Place, alive, program, until, wait_until_gone};
use rustix::process::{Pid, Signal, kill_process};
use std::io::Write;
use std::process::{Command, Stdio};

/// Source, build, test, approval, deployment, invocation, announcement.
pub const WHOLE: &str = include_str!("../whole.toml");

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
}
