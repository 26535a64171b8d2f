//! Repositories over ssh: the provider's commands are really run, with a
//! stand-in for `ssh` that starts the server's side on this machine.

use crate::{assert_failure, detect, output, take, variable};
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{Ending, ExecError, Exit, FailureType};
use lockgate_test_providers::git::{Repository, snapshot};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Runs what the provider asks for, with `ssh` replaced by a script that drops
/// the options and the host and runs the rest here.
fn run(command: &lockgate_plugin::Command, bin: &std::path::Path) -> Exit {
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let output = Command::new(&command.arguments[0])
        .args(&command.arguments[1..])
        .envs(command.environment.iter().cloned())
        .env("PATH", path)
        .output()
        .unwrap();
    Exit {
        ending: Ending::Code(output.status.code().unwrap().try_into().unwrap()),
        output: output.stdout,
    }
}

fn stand_in() -> tempfile::TempDir {
    let bin = tempfile::tempdir().unwrap();
    let ssh = bin.path().join("ssh");
    let script = "#!/bin/sh\nfor last; do :; done\nexec sh -c \"$last\"\n";
    fs::write(&ssh, script).unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    bin
}

#[test]
fn a_repository_over_ssh_is_fetched_by_git_and_written_by_us() {
    let repository = Repository::rich();
    let bin = stand_in();
    let url = format!("ssh://git@host.example{}", repository.path().display());
    let host = FakeHost::new().on_exec(|command| Ok(run(&command, bin.path())));
    let configuration = [
        ("RepositoryUrl", &*url),
        ("SshKeyFile", "/keys/it's a key"),
        ("SshKnownHostsFile", "/keys/known_hosts"),
    ];
    let id = repository.git(&["rev-parse", "main"]);
    assert_eq!(detect(&host, &configuration).unwrap().cursor, id);
    let success = take(&host, &configuration, None).unwrap();
    assert_eq!(variable(&success, "CommitId"), id);
    assert_eq!(variable(&success, "BranchName"), "main");
    let archive = repository.archive("main");
    let expected = snapshot(&archive.path().join("files"));
    assert!(snapshot(&output(&host)) == expected, "the trees differ");
    for command in host.commands() {
        let ssh = &command
            .environment
            .iter()
            .find(|(n, _)| n == "GIT_SSH_COMMAND")
            .unwrap()
            .1;
        assert!(ssh.contains(r"-i '/keys/it'\''s a key'"), "{ssh}");
        assert!(ssh.contains("StrictHostKeyChecking=yes"), "{ssh}");
        if command.arguments.contains(&url) {
            let place = |word: &str| command.arguments.iter().position(|a| a == word);
            assert!(place("--") < place(&url), "{:?}", command.arguments);
        }
    }
}

#[test]
fn tags_revisions_and_history_work_over_ssh_too() {
    let repository = Repository::rich();
    let bin = stand_in();
    let url = format!("ssh://git@host.example{}", repository.path().display());
    let tag = repository.git(&["rev-parse", "v1.10^{commit}"]);
    let host = FakeHost::new().on_exec(|command| Ok(run(&command, bin.path())));
    let configuration = [("RepositoryUrl", &*url), ("TagName", "v*")];
    assert_eq!(detect(&host, &configuration).unwrap().cursor, tag);
    let success = take(&host, &configuration, None).unwrap();
    assert_eq!(variable(&success, "CommitId"), tag);
    assert_eq!(variable(&success, "BranchName"), "v1.10");

    let host = FakeHost::new().on_exec(|command| Ok(run(&command, bin.path())));
    let old = repository.git(&["rev-parse", "main~2"]);
    let configuration = [
        ("RepositoryUrl", &*url),
        ("OutputArtifactFormat", "FullHistory"),
    ];
    take(&host, &configuration, Some(&old)).unwrap();
    let log = Command::new("git")
        .arg("-C")
        .arg(output(&host))
        .args(["log", "--format=%H"])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(log.stdout).unwrap().trim_end(),
        repository.git(&["log", "--format=%H", &old])
    );
    let host = FakeHost::new().on_exec(|command| Ok(run(&command, bin.path())));
    assert_failure(
        take(
            &host,
            &configuration,
            Some("0123456789012345678901234567890123456789"),
        ),
        FailureType::RevisionUnavailable,
        &["0123456789012345678901234567890123456789 could not be fetched"],
    );
}

#[test]
fn what_ssh_needs_is_said_when_it_is_missing() {
    let configuration = [("RepositoryUrl", "git@host.example:a/b.git")];
    assert_failure(
        take(&FakeHost::new(), &configuration, None),
        FailureType::PermissionError,
        &["'source-git exec'", "'source-git exec-network'"],
    );
    let host = FakeHost::new().on_exec(|_| Err(ExecError::NotFound("no git".into())));
    assert_failure(
        detect(&host, &configuration),
        FailureType::SystemUnavailable,
        &["need the programs 'git' and 'ssh'"],
    );
    let host = FakeHost::new().on_exec(|_| {
        Ok(Exit {
            ending: Ending::Code(128),
            output: Vec::new(),
        })
    });
    assert_failure(
        take(&host, &configuration, None),
        FailureType::SystemUnavailable,
        &[
            "'git ls-remote' for git@host.example:a/b.git ended with code 128",
            "SshKnownHostsFile",
        ],
    );
    let configuration = [configuration[0], ("SecretName", "TOKEN")];
    assert_failure(
        take(&host, &configuration, None),
        FailureType::ConfigurationError,
        &["SecretName", "leave it out"],
    );
}
