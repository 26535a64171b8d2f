//! Text of strangers reaches no terminal as it is: commit messages, log lines
//! and questions are full of escape sequences here.

use lockgate_test_server::{Place, Settings};

/// Sets the title of a terminal, clears it, and hides what follows.
const EVIL: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[8m\u{202e}\u{9b}31m";
/// The beginning of how it is shown.
const SHOWN: &str = "\\u{1b}]0;owned\\u{7}\\u{1b}[2J";

const PIPELINE: &str = include_str!("../whole.toml");

fn place() -> (Place, std::path::PathBuf) {
    let place = Place::new();
    place
        .repository
        .commit("index.html", "x\n", &format!("Harmless {EVIL}"));
    let text = PIPELINE.replace(
        "      - echo \"building for $AUDIENCE\"",
        r"      - printf 'log \033]0;owned\007\033[2J\n'; printf 'error \033]0;owned\007\033[2J\n' >&2",
    );
    let text = text.replace(
        "Release #{source.CommitId}",
        "Release #{source.CommitMessage}",
    );
    let file = place.file("pipeline.toml", &text);
    (place, file)
}

#[track_caller]
fn harmless(text: &str) {
    let bad: Vec<char> = text
        .chars()
        .filter(|c| (c.is_control() && *c != '\n' && *c != '\t') || *c == '\u{202e}')
        .collect();
    assert!(bad.is_empty(), "{bad:?} in\n{text:?}");
}

#[test]
fn run_shows_escape_sequences_and_obeys_none() {
    let (place, file) = place();
    let ran = place.run(&file, &["--yes"]).good();
    harmless(&ran.stdout);
    harmless(&ran.stderr);
    for line in [
        format!("Harmless {SHOWN}"),
        format!("Build / Compile │ log {SHOWN}"),
        format!("Build / Compile │ error {SHOWN}"),
    ] {
        assert!(ran.stdout.contains(&line), "{line} in\n{}", ran.stdout);
    }
}

#[test]
fn clients_of_a_server_show_escape_sequences_and_obey_none() {
    let (place, file) = place();
    let server = Settings::of(&place).start();
    let id = server.create(&file).unwrap();
    server.wait_for_approval("whole");
    let asked = server.cli(&["approve", "whole", "--list"]).good();
    assert!(asked.stdout.contains(SHOWN), "{}", asked.stdout);
    harmless(&asked.stdout);
    let evil = format!("yes {EVIL}");
    harmless(
        &server
            .cli(&["approve", "whole", "--summary", &evil])
            .good()
            .stdout,
    );
    server.wait(&id, "Succeeded");
    for arguments in [
        &["logs", &id][..],
        &["logs", "--follow", &id],
        &["logs", &id, "--stage", "Build"],
        &["execution", "show", &id],
        &["execution", "list", "whole"],
    ] {
        let ran = server.cli(arguments).good();
        harmless(&ran.stdout);
        harmless(&ran.stderr);
    }
    let ran = server.cli(&["execution", "start", EVIL]).exits(2);
    harmless(&ran.stderr);
    harmless(&server.log());
}

#[test]
fn a_definition_that_is_wrong_is_quoted_harmlessly() {
    let place = Place::new();
    // JSON's own escapes keep the file valid.
    let text =
        r#"{"name": "\u001b]0;owned\u0007", "stages": [{"name": "\u001b[2J", "actions": []}]}"#;
    let file = place.file("evil.json", text);
    let ran = place.run(&file, &[]).exits(2);
    harmless(&ran.stderr);
    assert!(ran.stderr.contains("owned"), "{}", ran.stderr);
}
