//! build-commands' component in a real host, with commands in a real sandbox.
use lockgate_host::Prepared;
use lockgate_model::job::{FailureType, Outcome};
use lockgate_test_providers::{Bench, Ran, prepare};
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

fn provider(grants: &[&str]) -> Arc<Prepared> {
    prepare("build-commands", grants).unwrap()
}

const BUILDSPEC: &str = r#"
version: 0.2
env:
  shell: bash
  variables: {GREETING: "it's \"here\""}
  exported-variables: [VERSION, TEXT]
phases:
  install:
    runtime-versions: {nodejs: 20}
    commands:
      - cd app && count() { ls "$1" | wc -l; }
  build:
    commands:
      - mkdir -p ../dist/bin ../reports && cp *.txt ../dist/
      - printf '#!/bin/sh\necho ran\n' > ../dist/bin/run && chmod 750 ../dist/bin/run && ln -s run ../dist/bin/link
      - export VERSION="$CODEBUILD_RESOLVED_SOURCE_VERSION-$(count .)" TEXT=$'two\nlines '
      - echo "$GREETING"; echo "to stderr" >&2; ../dist/bin/run
      - test -f "$CODEBUILD_SRC_DIR_my_data/data.txt"
      - echo '<testsuite><testcase name="good"/><testcase classname="c" name="bad"><failure message="no"/></testcase></testsuite>' > ../reports/a.xml
    finally:
      - echo "finally in ${PWD#"$CODEBUILD_SRC_DIR"}"
artifacts:
  files: ['**/*']
  base-directory: dist
  secondary-artifacts:
    Texts: {files: ['app/*.txt'], discard-paths: yes}
reports:
  unit: {files: ['reports/*.xml']}
"#;

#[tokio::test]
async fn a_buildspec_runs_in_the_sandbox_and_leaves_what_it_says() {
    let bench = Bench::new("Build/Custom/BuildSpec/1", &[("PrimarySource", "Source")])
        .takes(
            "Source",
            &[
                ("buildspec.yml", BUILDSPEC),
                ("app/a.txt", "a"),
                ("app/b.txt", "b"),
            ],
        )
        .takes("my-data", &[("data.txt", "")])
        .makes("Built")
        .makes("Texts");
    let ran = bench.run(&provider(&["exec"])).await;
    let success = ran.success();

    let built = bench.output("Built");
    assert_eq!(fs::read_to_string(built.join("a.txt")).unwrap(), "a");
    let mode = fs::metadata(built.join("bin/run")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o750);
    assert_eq!(
        fs::read_link(built.join("bin/link")).unwrap().to_str(),
        Some("run")
    );
    let mut texts: Vec<_> = fs::read_dir(bench.output("Texts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    texts.sort();
    assert_eq!(texts, ["a.txt", "b.txt"]);
    assert_eq!(success.variables["VERSION"], "abc123-2");
    assert_eq!(success.variables["TEXT"], "two\nlines ");
    assert_eq!(
        success.external.summary.as_deref(),
        Some("2 tests, 1 failures, 0 errors, 0 skipped")
    );

    let log = ran.log_text();
    for line in [
        "Running build command 4 of 6: echo \"$GREETING\"; echo \"to stderr\" >&2; ../dist/bin/run",
        "it's \"here\"",
        "to stderr",
        "ran",
        "finally in /app",
        "Failed: c.bad: no",
        "Artifact Built: 4 files",
    ] {
        assert!(log.lines().any(|l| l == line), "{line}\n--\n{log}");
    }
    assert!(
        log.contains("runtime-versions (nodejs 20) installs nothing"),
        "{log}"
    );
}

async fn build(commands: &str, grants: &[&str]) -> Ran {
    let spec = format!("version: 0.2\nenv: {{shell: bash}}\nphases:\n{commands}");
    let bench = Bench::new("Test/Custom/BuildSpec/1", &[("BuildSpec", &spec)])
        .takes("Source", &[("x", "")]);
    bench.run(&provider(grants)).await
}

#[tokio::test]
async fn a_failing_command_is_named_and_post_build_still_runs() {
    let commands = "  build:\n    commands: ['export KEPT=yes; cd /work', 'exit 3', 'echo never']\n  post_build:\n    commands: ['echo \"post $KEPT $PWD $CODEBUILD_BUILD_SUCCEEDING\"']\n";
    let ran = build(commands, &["exec"]).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::JobFailed);
    assert_eq!(
        failure.message,
        "build command 2 of 3 failed with exit code 3: exit 3"
    );
    let log = ran.log_text();
    assert!(log.lines().any(|line| line == "post yes /work 0"), "{log}");
    assert!(!log.lines().any(|line| line == "never"), "{log}");
}

async fn cached(cache: &Path, commands: &str) -> Ran {
    let spec = format!(
        "version: 0.2\nphases:\n  build:\n    commands: {commands}\ncache:\n  paths: ['deps/**/*', '/root/.m2/**/*']\n"
    );
    let bench = Bench::new("Build/Custom/BuildSpec/1", &[("BuildSpec", &spec)])
        .takes("Source", &[("x", "")])
        .caching(cache);
    bench.run(&provider(&["exec"])).await
}

#[tokio::test]
async fn builds_of_one_action_share_what_they_keep_and_others_do_not() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    // Closed directories, as caches of modules have them, and links.
    let fill = "['mkdir -p deps ~/.m2/a && cp /in/Source/x deps/x && ln -s x deps/link && echo jar > ~/.m2/a/jar && chmod 555 ~/.m2/a']";
    cached(one.path(), fill).await.success();
    let look = "['test -f deps/x && test \"$(readlink deps/link)\" = x', 'test \"$(cat ~/.m2/a/jar)\" = jar', 'test \"$(stat -c %a ~/.m2/a)\" = 555', 'test -d /cache/kept']";
    for _ in 0..2 {
        let ran = cached(one.path(), look).await;
        ran.success();
        let log = ran.log_text();
        let line = "Cache: restored deps/**/*, /root/.m2/**/*";
        assert!(log.lines().any(|l| l == line), "{log}");
        assert_eq!(fs::read_dir(one.path()).unwrap().count(), 1, "{log}");
    }
    let none = "['test ! -e deps && test ! -e ~/.m2 && test ! -e /cache/kept']";
    cached(other.path(), none).await.success();
}

#[tokio::test]
async fn what_a_command_puts_into_the_cache_itself_only_spoils_the_cache() {
    let cache = TempDir::new().unwrap();
    let spoil = "['mkdir -p /cache/kept/src/deps /cache/kept/session /cache/old/a', 'mkfifo /cache/kept/src/deps/pipe', 'ln -s /etc /cache/kept/home', 'chmod 0 /cache/old/a /cache/old', 'ln -s /work /cache/next', 'false']";
    cached(cache.path(), spoil).await.failure();
    let ran = cached(
        cache.path(),
        "['test ! -e deps', 'mkdir deps && touch deps/y']",
    )
    .await;
    ran.success();
    let log = ran.log_text();
    assert!(log.contains("deps/**/* is not restored: "), "{log}");
    let ran = cached(cache.path(), "['test -f deps/y']").await;
    ran.success();
}

#[tokio::test]
async fn inputs_cannot_be_written_by_commands() {
    let commands =
        "  build:\n    commands: ['test -f /in/Source/x', '! touch /in/Source/y', 'touch y']\n";
    let ran = build(commands, &["exec"]).await;
    ran.success();
}

#[tokio::test]
async fn commands_reach_the_network_only_where_it_is_granted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let commands = format!(
        "  build:\n    commands: ['exec 3<>/dev/tcp/127.0.0.1/{port} && echo reached >&3']\n"
    );
    let ran = build(&commands, &["exec"]).await;
    assert!(matches!(ran.outcome, Outcome::Failed(_)), "{ran:?}");

    let ran = build(&commands, &["exec", "exec-network"]).await;
    ran.success();
    let mut said = String::new();
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_to_string(&mut said).unwrap();
    assert_eq!(said, "reached\n");
}

#[tokio::test]
async fn without_a_grant_for_commands_the_provider_does_not_start() {
    let refused = prepare("build-commands", &[]).err().unwrap().to_string();
    assert!(
        refused.contains("exec") && refused.contains("grant"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_buildspec_with_mistakes_starts_nothing() {
    let spec = "version: 0.2\nphases:\n  build:\n    commands: ['touch /work/started', {a: b}]\n    on-failure: never\n";
    let bench =
        Bench::new("Build/Custom/BuildSpec/1", &[]).takes("Source", &[("buildspec.yml", spec)]);
    let ran = bench.run(&provider(&["exec"])).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    assert!(
        failure
            .message
            .starts_with("buildspec.yml: line 4: phases.build.commands[2]: is a mapping")
            && failure
                .message
                .contains("; line 5: phases.build.on-failure: 'never'"),
        "{}",
        failure.message
    );
    assert!(!ran.log_text().contains("Running"));
}
