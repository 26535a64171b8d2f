//! The run-commands component in a real host, with commands in a real sandbox.

use lockgate_host::Prepared;
use lockgate_model::definition::EnvironmentVariable;
use lockgate_model::job::{FailureType, LogLevel};
use lockgate_test_providers::{Bench, Ran, prepare};
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

fn provider(grants: &[&str]) -> Arc<Prepared> {
    prepare("run-commands", grants).unwrap()
}

fn action(action_type: &str, commands: &[&str]) -> Bench {
    let mut bench = Bench::new(action_type, &[("ComputeType", "BUILD_GENERAL1_SMALL")])
        .takes("Source", &[("app/name.txt", "app")])
        .takes("my-data", &[("data.txt", "data")]);
    bench.job.commands = commands.iter().map(ToString::to_string).collect();
    bench
}

async fn ran(commands: &[&str], grants: &[&str]) -> Ran {
    action("Compute/AWS/Commands/1", commands)
        .run(&provider(grants))
        .await
}

/// semantics 2.17
#[tokio::test]
async fn commands_share_a_shell_and_leave_their_files_variables_and_log() {
    let commands = [
        "cd app && mkdir -p ../out/bin",
        "GREETING=\"$WORD $(cat name.txt) $(cat \"$CODEBUILD_SRC_DIR_my_data/data.txt\")\"",
        "printf '#!/bin/sh\n' > ../out/bin/run && chmod 750 ../out/bin/run && echo no > ../out/log",
        "echo \"$GREETING\"; echo to stderr >&2; export BUILD=$CODEBUILD_RESOLVED_SOURCE_VERSION",
    ];
    let mut bench = action("Compute/AWS/Commands/1", &commands).makes("Built");
    bench.job.output_artifacts[0].files = vec!["out/**/run".into()];
    bench.job.output_variables = vec!["GREETING".into(), "BUILD".into(), "NEVER".into()];
    bench.job.environment_variables = vec![EnvironmentVariable {
        name: "WORD".into(),
        value: "it's".into(),
    }];
    let ran = bench.run(&provider(&["exec"])).await;
    let success = ran.success();
    assert_eq!(success.variables["GREETING"], "it's app data");
    assert_eq!(success.variables["BUILD"], "abc123");
    assert!(!success.variables.contains_key("NEVER"));
    let run = bench.output("Built").join("out/bin/run");
    let mode = fs::metadata(run).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
    assert!(!bench.output("Built").join("out/log").exists());
    let log = ran.log_text();
    for line in [
        "Running command 1 of 4: cd app && mkdir -p ../out/bin",
        "it's app data",
        "to stderr",
        "Artifact Built: 1 files",
        "The output variable NEVER was not set by the commands",
    ] {
        assert!(log.lines().any(|l| l == line), "{line}\n--\n{log}");
    }
}

#[tokio::test]
async fn the_first_command_that_fails_ends_the_action_and_is_named() {
    let ran = ran(&["echo one", "sh -c 'exit 7'", "echo never"], &["exec"]).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::JobFailed);
    assert_eq!(
        failure.message,
        "command 2 of 3 failed with exit code 7: sh -c 'exit 7'"
    );
    let log = ran.log_text();
    assert!(!log.lines().any(|line| line == "never"), "{log}");
}

/// semantics 2.9
#[tokio::test]
async fn a_rule_holds_where_every_command_succeeds() {
    for (command, holds) in [("grep -q app app/name.txt", true), ("false", false)] {
        let bench = action("Rule/AWS/Commands/1", &[command]);
        let ran = bench.run(&provider(&["exec"])).await;
        if holds {
            ran.success();
        } else {
            assert_eq!(ran.failure().kind, FailureType::JobFailed);
        }
    }
}

#[tokio::test]
async fn without_a_grant_for_commands_nothing_starts() {
    let refused = prepare("run-commands", &[]).unwrap_err().to_string();
    assert!(refused.ends_with("run-commands exec"), "{refused}");
    // Withdrawn from a provider that was prepared with it.
    let provider = provider(&["exec"]);
    provider.regrant(lockgate_model::grant::Grant::default());
    let ran = action("Compute/AWS/Commands/1", &["true"])
        .run(&provider)
        .await;
    assert_eq!(ran.failure().kind, FailureType::PermissionError);
}

#[tokio::test]
async fn commands_reach_the_network_only_where_it_is_granted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let reach = format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && echo reached >&3'");
    let no = ran(&[&reach], &["exec"]).await;
    assert_eq!(no.failure().kind, FailureType::JobFailed);
    ran(&[&reach], &["exec", "exec-network"]).await.success();
    let mut said = String::new();
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_to_string(&mut said).unwrap();
    assert_eq!(said, "reached\n");
}

#[tokio::test]
async fn commands_see_neither_the_servers_environment_nor_its_secrets() {
    // The test's own process stands for the server.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let mut bench = action(
        "Compute/AWS/Commands/1",
        &["env; cat /proc/self/environ /proc/1/environ 2>/dev/null | tr '\\0' '\\n'; ls /in /work"],
    )
    .secret("TOKEN", "s3cr3t-v4lue");
    bench.job.output_variables = vec!["TOKEN".into(), "CARGO_MANIFEST_DIR".into()];
    let ran = bench.run(&provider(&["exec"])).await;
    assert!(ran.success().variables.is_empty());
    let log = ran.log_text();
    assert!(
        log.contains("CODEBUILD_INITIATOR=codepipeline/Demo"),
        "{log}"
    );
    for secret in ["CARGO_MANIFEST_DIR=", "s3cr3t-v4lue", "TOKEN=", "RUST"] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[tokio::test]
async fn stopping_the_action_kills_its_commands_as_a_tree() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // A connection that a child in the background holds open for as long as it
    // lives.
    let hold =
        format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; echo started >&3; sleep 1000 & wait'");
    let bench = action("Compute/AWS/Commands/1", &[&hold]);
    let provider = provider(&["exec", "exec-network"]);
    let job = tokio::spawn(async move { bench.run(&provider).await });
    let (read, started) = tokio::sync::oneshot::channel();
    let reader = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let mut first = [0; 8];
        stream.read_exact(&mut first).unwrap();
        read.send(first).unwrap();
        // Ends when nobody holds the other side any more.
        stream.read_to_end(&mut Vec::new())
    });
    assert_eq!(&started.await.unwrap(), b"started\n");
    job.abort();
    assert!(job.await.unwrap_err().is_cancelled());
    let ended = tokio::task::spawn_blocking(|| reader.join().unwrap());
    assert!(ended.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_flood_of_output_is_cut_and_the_action_goes_on() {
    let ran = ran(
        &[
            "head -c 40000000 /dev/zero | tr '\\0' 'x' | fold -w 1000",
            "true",
        ],
        &["exec"],
    )
    .await;
    let bytes: usize = ran.log.iter().map(|line| line.text.len()).sum();
    assert!(bytes < 20 << 20, "{bytes}");
    assert!(
        ran.log.iter().any(|line| line.level == LogLevel::Host),
        "the log says nothing of what it lost"
    );
}
