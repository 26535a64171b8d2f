//! Whole jobs against the fake host, with real shells and real files.

use super::*;
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{FailureType, Providers, Success};
use std::fs;

/// A job of `Commands`, whose first artifact holds `name.txt`.
fn job(host: &FakeHost<'_>, commands: &[&str]) -> Job {
    let mut job = host.job([("ComputeType", "BUILD_GENERAL1_LARGE"), ("VpcId", "vpc-1")]);
    job.action_type.category = Category::Compute;
    job.action_type.owner = "AWS".into();
    job.action_type.provider = "Commands".into();
    job.commands = commands.iter().map(ToString::to_string).collect();
    let mut app = host.input("App", &[("name.txt", "app")]);
    app.revision = Some("abc123".into());
    job.input_artifacts = vec![app, host.input("my-data", &[("data.txt", "data")])];
    job
}

fn run(host: &FakeHost<'_>, job: &Job) -> Result<Success, Failure> {
    match <(Commands, CommandsRule)>::dispatch(job, host)? {
        Outcome::Succeeded(success) => Ok(success),
        Outcome::Pending(pending) => panic!("{pending:?}"),
    }
}

/// semantics 2.17
#[test]
fn commands_share_one_shell_and_give_out_files_and_variables() {
    let host = FakeHost::new().running_commands();
    let mut job = job(
        &host,
        &[
            "mkdir -p dist/deep && cd dist",
            "PLAIN=\"it's $GREETING\"; export LOUD=\"$PLAIN!\"",
            "cat \"$CODEBUILD_SRC_DIR_my_data/data.txt\" ../name.txt > deep/both.txt",
            "printf %s \"$CODEBUILD_RESOLVED_SOURCE_VERSION\" > revision; touch left-out.log",
        ],
    );
    job.environment_variables = vec![("GREETING".into(), "hello".into())];
    job.output_variables = vec!["PLAIN".into(), "LOUD".into(), "UNSET".into()];
    let mut built = host.output("Built");
    built.files = vec!["dist/**/*.txt".into(), "dist/revision".into()];
    job.output_artifacts = vec![built];

    let success = run(&host, &job).unwrap();
    let expected = [("PLAIN", "it's hello"), ("LOUD", "it's hello!")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(success.variables, expected);
    assert_eq!(success.summary.as_deref(), Some("4 commands succeeded"));
    let built = host.root().join("out/Built/dist");
    assert_eq!(
        fs::read_to_string(built.join("deep/both.txt")).unwrap(),
        "dataapp"
    );
    assert_eq!(
        fs::read_to_string(built.join("revision")).unwrap(),
        "abc123"
    );
    assert!(!built.join("left-out.log").exists());
    let log = host.log_text();
    assert!(log.contains("variable UNSET was not set"), "{log}");
}

#[test]
fn the_first_command_that_fails_is_named_and_nothing_follows() {
    let host = FakeHost::new().running_commands();
    let mut job = job(&host, &["touch first", "exit 3", "touch never"]);
    let mut built = host.output("Built");
    built.files = vec!["**/*".into()];
    job.output_artifacts = vec![built];
    let failure = run(&host, &job).unwrap_err();
    assert_eq!(failure.kind, FailureType::JobFailed);
    assert_eq!(
        failure.message,
        "command 2 of 3 failed with exit code 3: exit 3"
    );
    assert!(host.work().join("src/first").exists());
    assert!(!host.work().join("src/never").exists());
    assert_eq!(
        fs::read_dir(host.root().join("out/Built")).unwrap().count(),
        0
    );
}

/// semantics 2.9
#[test]
fn a_rule_holds_where_its_commands_succeed_and_needs_no_artifact() {
    for (command, holds) in [("test -d . && test -n \"$HOME\"", true), ("false", false)] {
        let host = FakeHost::new().running_commands();
        let mut job = job(&host, &[command]);
        job.action_type.category = Category::Rule;
        job.input_artifacts.clear();
        assert_eq!(run(&host, &job).is_ok(), holds, "{command}");
    }
}

#[test]
fn what_is_wrong_with_an_action_is_said_at_once_and_before_anything_runs() {
    let host = FakeHost::new();
    let mut job = job(&host, &[]);
    job.output_variables = vec!["A B".into()];
    let mut many = host.output("Many");
    many.files = vec!["*".into(); 11];
    job.output_artifacts = vec![host.output("None"), many];
    let failure = run(&host, &job).unwrap_err();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    assert_eq!(
        failure.message,
        "commands: Action has none; write commands = [\"…\"]; \
         outputVariables: 'A B' is not a variable's name; use letters, digits and underscores, not beginning with a digit; \
         outputArtifacts: None says no files; write files = [\"…\"] with the globs of those to keep; \
         outputArtifacts: Many has 11 globs in files; write at most 10"
    );
    assert!(host.commands().is_empty());
}

#[test]
fn another_system_than_this_machines_is_refused() {
    let host = FakeHost::new();
    let mut job = job(&host, &["dir"]);
    let windows = "WINDOWS_SERVER_2022_CONTAINER";
    job.configuration
        .insert("EnvironmentType".into(), windows.into());
    let failure = run(&host, &job).unwrap_err();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    assert_eq!(
        failure.message,
        format!("EnvironmentType: '{windows}' will not do; write LINUX_CONTAINER")
    );
}

#[test]
fn the_manifest_asks_for_commands_only_and_ends_in_55_minutes() {
    let manifest = include_str!("../plugin.toml");
    assert!(manifest.contains("\nexec = ") && manifest.contains("\nexec-network = "));
    assert!(!manifest.contains("write = ") && !manifest.contains("http = "));
    assert!(manifest.contains("seconds = 3300"));
}
