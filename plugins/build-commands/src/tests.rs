//! Whole jobs against the fake host, with real shells and real files.

use super::*;
use lockgate_plugin::commands::walk;
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{FailureType, Providers, Success};
use std::os::unix::fs::PermissionsExt;

const BUILDSPEC: &str = r#"
version: 0.2
env:
  variables: {GREETING: hello, WHO: nobody}
  exported-variables: [VERSION, UNSET]
phases:
  build:
    commands:
      - mkdir -p dist/bin dist/doc reports
      - echo "$GREETING $WHO from $(cat name.txt) at $CODEBUILD_RESOLVED_SOURCE_VERSION" > dist/doc/greeting
      - printf '#!/bin/sh\n' > dist/bin/run && chmod 755 dist/bin/run && ln -s run dist/bin/link
      - cp "$CODEBUILD_SRC_DIR_my_data/data.txt" dist/doc/
      - export VERSION="1.0-$CODEBUILD_INITIATOR"; OUT=dist
      - echo '<testsuite><testcase name="good"/><testcase name="bad"><failure message="no"/></testcase></testsuite>' > reports/TEST-a.xml
      - "[ -z \"$FAIL\" ]"
artifacts:
  files: ['**/*']
  base-directory: $OUT
  secondary-artifacts:
    Docs:
      files: ['dist/doc/*']
      exclude-paths: ['**/data.txt']
      discard-paths: yes
reports:
  unit:
    files: ['reports/*.xml']
"#;

fn job(host: &FakeHost<'_>, extra: &[(&'static str, &'static str)]) -> Job {
    let mut configuration = vec![("PrimarySource", "App")];
    configuration.extend(extra);
    let mut job = host.job(configuration);
    let mut app = host.input("App", &[("buildspec.yml", BUILDSPEC), ("name.txt", "app")]);
    app.revision = Some("abc123".into());
    job.input_artifacts = vec![host.input("my-data", &[("data.txt", "data")]), app];
    job.output_artifacts = vec![host.output("Built"), host.output("Docs")];
    job
}

fn run(host: &FakeHost<'_>, job: &Job) -> Result<Success, Failure> {
    match lockgate_plugin::run::<BuildCommands>(job, host)? {
        Outcome::Succeeded(success) => Ok(success),
        Outcome::Pending(pending) => panic!("{pending:?}"),
    }
}

#[test]
fn a_build_leaves_its_artifacts_variables_and_summary() {
    let host = FakeHost::new().running_commands();
    let variables = r#"[{"name":"WHO","value":"world 'x'","type":"PLAINTEXT"}]"#;
    let mut job = job(&host, &[]);
    job.configuration
        .insert("EnvironmentVariables".into(), variables.into());
    let success = run(&host, &job).unwrap();

    let built = host.root().join("out/Built");
    assert_eq!(
        std::fs::read_to_string(built.join("doc/greeting")).unwrap(),
        "hello world 'x' from app at abc123\n"
    );
    let mode = std::fs::metadata(built.join("bin/run")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o755);
    assert!(built.join("bin/link").is_symlink());
    assert_eq!(
        walk(&host.root().join("out/Docs")).unwrap(),
        ["greeting"],
        "{}",
        host.log_text()
    );
    assert_eq!(
        success.variables,
        [("VERSION".to_owned(), "1.0-codepipeline/Demo".to_owned())]
    );
    assert_eq!(
        success.summary.as_deref(),
        Some("2 tests, 1 failures, 0 errors, 0 skipped")
    );
    let log = host.log_text();
    assert!(log.contains("Failed: bad: no"), "{log}");
    assert!(
        log.contains("The exported variable UNSET was not set"),
        "{log}"
    );
    assert!(
        !host.root().join("in/App/dist").exists(),
        "the input stays as it was"
    );
}

#[test]
fn a_failing_command_fails_the_action_and_tells_of_the_tests() {
    let host = FakeHost::new().running_commands();
    let mut job = job(&host, &[]);
    job.environment_variables
        .push(("FAIL".to_owned(), "yes".to_owned()));
    let failure = run(&host, &job).unwrap_err();
    assert_eq!(failure.kind, FailureType::JobFailed);
    assert_eq!(
        failure.message,
        "build command 7 of 7 failed with exit code 1: [ -z \"$FAIL\" ] (2 tests, 1 failures, 0 errors, 0 skipped)"
    );
    assert_eq!(walk(&host.root().join("out")).unwrap().len(), 0);
}

#[test]
fn a_buildspec_may_stand_in_the_configuration() {
    let host = FakeHost::new().running_commands();
    let mut job = host.job([(
        "BuildSpec",
        "version: 0.2\nphases:\n  build:\n    commands: ['test -f a.txt']\n",
    )]);
    job.input_artifacts = vec![host.input("App", &[("a.txt", "")])];
    run(&host, &job).unwrap();
}

/// A job of one of CodeBuild's own types, whose buildspec asks for the project.
fn codebuild(host: &FakeHost<'_>, category: Category, extra: &[(&'static str, &str)]) -> Job {
    let mut job = host.job([("ProjectName", "webshop")]);
    for (name, value) in extra {
        job.configuration.insert((*name).into(), (*value).into());
    }
    job.action_type.category = category;
    job.action_type.owner = "AWS".into();
    job.action_type.provider = "CodeBuild".into();
    let spec = "version: 0.2\nphases: {build: {commands: ['test \"$CODEBUILD_PROJECT\" = webshop && exit ${CODE:-0}']}}\n";
    job.input_artifacts = vec![host.input("App", &[("buildspec.yml", spec)])];
    job
}

type All = (BuildCommands, CodeBuild, CodeBuildRule);

#[test]
fn a_codebuild_action_and_rule_run_the_buildspec_and_know_their_project() {
    for category in [Category::Build, Category::Test, Category::Rule] {
        let host = FakeHost::new().running_commands();
        All::dispatch(&codebuild(&host, category, &[]), &host).unwrap();
        let host = FakeHost::new().running_commands();
        let variables = r#"[{"name":"CODE","value":"4"}]"#;
        let job = codebuild(&host, category, &[("EnvironmentVariables", variables)]);
        let failure = All::dispatch(&job, &host).unwrap_err();
        assert_eq!(failure.kind, FailureType::JobFailed);
        let said = "build command 1 of 1 failed with exit code 4";
        assert!(failure.message.starts_with(said), "{failure:?}");
    }
}

#[test]
fn a_batch_build_is_refused_before_anything_runs() {
    let host = FakeHost::new();
    let job = codebuild(&host, Category::Build, &[("BatchEnabled", "true")]);
    let failure = All::dispatch(&job, &host).unwrap_err();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    assert_eq!(
        failure.message,
        "BatchEnabled: 'true' will not do; write false, and one action for each build with the same runOrder: batch builds are not available"
    );
    assert!(host.commands().is_empty());
}

/// Runs a job that must not start a command, and returns what was wrong.
fn refused(configuration: &[(&str, &str)], outputs: &[&str]) -> String {
    let host = FakeHost::new();
    let mut job = host.job(configuration.iter().copied());
    let spec = "version: 0.2\nphases: {build: {commands: ['true']}}\n";
    job.input_artifacts = vec![
        host.input(
            "One",
            &[
                ("buildspec.yml", spec),
                ("bad.yml", "version: 1\nphase: {}\n"),
            ],
        ),
        host.input("Two", &[]),
    ];
    job.output_artifacts = outputs.iter().map(|name| host.output(name)).collect();
    let failure = run(&host, &job).unwrap_err();
    assert_eq!(failure.kind, FailureType::ConfigurationError, "{failure:?}");
    assert!(host.commands().is_empty());
    failure.message
}

#[test]
fn what_is_wrong_with_an_action_is_said_before_anything_runs() {
    let one = ("PrimarySource", "One");
    let said = [
        refused(&[], &[]),
        refused(&[("PrimarySource", "Three")], &[]),
        refused(&[one, ("BuildSpec", "../x.yml")], &[]),
        refused(&[one, ("BuildSpec", "arn:aws:s3:::b/x.yml")], &[]),
        refused(&[one, ("BuildSpec", "none.yml")], &[]),
        refused(&[one, ("BuildSpec", "bad.yml")], &[]),
        refused(&[one], &["Built"]),
        refused(&[one], &["Built", "More"]),
        refused(&[one, ("EnvironmentVariables", "A=1")], &[]),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn artifacts_that_the_build_did_not_make_fail_it_clearly() {
    for (artifacts, said) in [
        (
            "{files: ['*.jar']}",
            "artifact Built: files: nothing in the source matches *.jar; let the commands make the files or correct the globs",
        ),
        (
            "{files: ['*'], base-directory: dist}",
            "artifact Built: base-directory: there is no directory 'dist' at the end; let the commands make it or correct the path",
        ),
        (
            "{files: ['**/*.txt'], discard-paths: yes}",
            "artifact Built: two files would both be 'a.txt' (one is 'x/a.txt'); rename one, or keep their paths apart",
        ),
        (
            "{files: ['../out/*']}",
            "artifact Built: files: '../out/*' leaves its directory with '..'; set base-directory instead",
        ),
        (
            "{files: ['*'], base-directory: /etc}",
            "artifact Built: base-directory: '/etc' lies outside of ",
        ),
    ] {
        let host = FakeHost::new().running_commands();
        let spec = format!(
            "version: 0.2\nphases: {{build: {{commands: ['true']}}}}\nartifacts: {artifacts}\n"
        );
        let mut job = host.job([("BuildSpec", spec.as_str())]);
        job.input_artifacts = vec![host.input("App", &[("a.txt", ""), ("x/a.txt", "")])];
        job.output_artifacts = vec![host.output("Built")];
        let message = run(&host, &job).unwrap_err().message;
        assert!(message.starts_with(said), "{message}");
    }
}

#[test]
fn a_base_directory_may_be_a_glob_and_links_are_not_followed_out() {
    let host = FakeHost::new().running_commands();
    let spec = "version: 0.2\nphases: {build: {commands: ['mkdir out-a out-b', 'echo a > out-a/a', 'echo b > out-b/b', 'ln -s /etc out-a/etc']}}\nartifacts: {files: ['**/*'], base-directory: 'out-*'}\n";
    let mut job = host.job([("BuildSpec", spec)]);
    job.input_artifacts = vec![host.input("App", &[("x", "")])];
    job.output_artifacts = vec![host.output("Built")];
    run(&host, &job).unwrap();
    let built = host.root().join("out/Built");
    assert_eq!(walk(&built).unwrap(), ["a", "b", "etc"]);
    assert!(built.join("etc").is_symlink());
}

#[test]
fn the_manifest_asks_for_commands_only() {
    let manifest = include_str!("../plugin.toml");
    assert!(manifest.contains("\nexec = ") && manifest.contains("\nexec-network = "));
    assert!(!manifest.contains("write = ") && !manifest.contains("http = "));
}
