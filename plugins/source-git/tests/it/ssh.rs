//! Repositories over ssh: the provider's commands are really run, with a
//! stand-in for `ssh` that starts the server's side on this machine. The tests
//! of the component have a real one.

use crate::{assert_failure, detect, output, take, variable};
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{Ending, ExecError, Exit, FailureType};
use lockgate_test_providers::git::{Repository, snapshot};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs what the provider asks for, with `ssh` replaced by a script that drops
/// the options and the host and runs the rest here.
fn run(command: &lockgate_plugin::Command, bin: &Path) -> Exit {
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut child = Command::new(&command.arguments[0])
        .args(&command.arguments[1..])
        .envs(command.environment.iter().cloned())
        .env("PATH", path)
        .env("TMPDIR", bin.join("tmp"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&command.input).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Exit {
        ending: Ending::Code(output.status.code().unwrap().try_into().unwrap()),
        output: output.stdout,
    }
}

/// A private key and a `known_hosts` file, as far as the provider looks.
fn files() -> (tempfile::TempDir, String, String) {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let key = write("it's a key", &format!("{KEY}\n"));
    let hosts = write("known hosts", HOSTS);
    (directory, key, hosts)
}

const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nsecret";
const HOSTS: &str = "host.example ssh-ed25519 AAAA\n";

fn stand_in() -> tempfile::TempDir {
    let bin = tempfile::tempdir().unwrap();
    let ssh = bin.path().join("ssh");
    fs::create_dir(bin.path().join("tmp")).unwrap();
    let script = format!(
        "#!/bin/sh\n\
         [ \"$(stat -c %a \"$LOCKGATE_SSH/key\")\" = 600 ] || exit 3\n\
         [ \"$(cat \"$LOCKGATE_SSH/key\")\" = '{KEY}' ] || exit 4\n\
         [ \"$(cat \"$LOCKGATE_SSH/known_hosts\")\" = '{}' ] || exit 5\n\
         for last; do :; done\nexec sh -c \"$last\"\n",
        HOSTS.trim_end()
    );
    fs::write(&ssh, script).unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    bin
}

#[test]
fn a_repository_over_ssh_is_fetched_by_git_and_written_by_us() {
    let repository = Repository::rich();
    let (bin, (_directory, key, hosts)) = (stand_in(), files());
    let url = format!("ssh://git@host.example{}", repository.path().display());
    let host = FakeHost::new().on_exec(|command| Ok(run(&command, bin.path())));
    let configuration = [
        ("RepositoryUrl", &*url),
        ("SshKeyFile", &*key),
        ("SshKnownHostsFile", &*hosts),
    ];
    let id = repository.git(&["rev-parse", "main"]);
    assert_eq!(detect(&host, &configuration).unwrap().cursor, id);
    let success = take(&host, &configuration, None).unwrap();
    assert_eq!(variable(&success, "CommitId"), id);
    assert_eq!(variable(&success, "BranchName"), "main");
    let archive = repository.archive("main");
    let expected = snapshot(&archive.path().join("files"));
    assert!(snapshot(&output(&host)) == expected, "the trees differ");
    let left = fs::read_dir(bin.path().join("tmp")).unwrap();
    assert_eq!(left.count(), 0, "a key is left behind");
    for command in host.commands() {
        let words = format!("{:?}{:?}", command.arguments, command.environment);
        assert!(!words.contains("secret"), "{words}");
        if command.arguments.contains(&url) {
            let place = |word: &str| command.arguments.iter().position(|a| a == word);
            assert!(place("--") < place(&url), "{:?}", command.arguments);
        }
    }
}

#[test]
fn tags_revisions_and_history_work_over_ssh_too() {
    let repository = Repository::rich();
    let (bin, (_directory, key, hosts)) = (stand_in(), files());
    let url = format!("ssh://git@host.example{}", repository.path().display());
    let tag = repository.git(&["rev-parse", "v1.10^{commit}"]);
    let host = FakeHost::new().on_exec(|command| Ok(run(&command, bin.path())));
    let files = [("SshKeyFile", &*key), ("SshKnownHostsFile", &*hosts)];
    let configuration = [&files[..], &[("RepositoryUrl", &*url), ("TagName", "v*")]].concat();
    assert_eq!(detect(&host, &configuration).unwrap().cursor, tag);
    let success = take(&host, &configuration, None).unwrap();
    assert_eq!(variable(&success, "CommitId"), tag);
    assert_eq!(variable(&success, "BranchName"), "v1.10");

    let host = FakeHost::new().on_exec(|command| Ok(run(&command, bin.path())));
    let old = repository.git(&["rev-parse", "main~2"]);
    let history = [
        ("RepositoryUrl", &*url),
        ("OutputArtifactFormat", "FullHistory"),
    ];
    let configuration = [&files[..], &history].concat();
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
    let (_directory, key, hosts) = files();
    let configuration = [
        ("RepositoryUrl", "git@host.example:a/b.git"),
        ("SshKeyFile", &*key),
        ("SshKnownHostsFile", &*hosts),
    ];
    assert_failure(
        take(&FakeHost::new(), &configuration, None),
        FailureType::PermissionError,
        &["'source-git exec'", "'source-git exec-network'"],
    );
    for (left_out, part) in [(1, "SshKeyFile: it is missing"), (2, "SshKnownHostsFile: ")] {
        let mut configuration = configuration.to_vec();
        configuration.remove(left_out);
        assert_failure(
            take(&FakeHost::new(), &configuration, None),
            FailureType::ConfigurationError,
            &[
                part,
                "'source-git read=<path>'",
                "'source-git exec-network'",
            ],
        );
    }
    let host = FakeHost::new().on_exec(|_| Err(ExecError::NotFound("no sh".into())));
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
        &["'git ls-remote' for git@host.example:a/b.git ended with code 128"],
    );
    let configuration = [configuration[0], ("SecretName", "TOKEN")];
    assert_failure(
        take(&host, &configuration, None),
        FailureType::ConfigurationError,
        &["SecretName", "leave it out"],
    );
}

/// The script runs for real, where there is only what a test leaves.
#[test]
fn a_machine_without_git_or_ssh_is_told_what_to_install() {
    let (_directory, key, hosts) = files();
    let configuration = [
        ("RepositoryUrl", "git@host.example:a/b.git"),
        ("SshKeyFile", &*key),
        ("SshKnownHostsFile", &*hosts),
    ];
    let bin = tempfile::tempdir().unwrap();
    for missing in ["git", "ssh"] {
        let host = FakeHost::new().on_exec(|command| {
            let output = Command::new("/bin/sh")
                .args(&command.arguments[1..])
                .env("PATH", bin.path())
                .output()
                .unwrap();
            let code = output.status.code().unwrap();
            Ok(Exit {
                ending: Ending::Code(code.try_into().unwrap()),
                output: output.stdout,
            })
        });
        let part = format!("there is no '{missing}'; install");
        assert_failure(
            take(&host, &configuration, None),
            FailureType::SystemUnavailable,
            &[&part, "apt-get install git openssh-client"],
        );
        // For the next round.
        std::os::unix::fs::symlink("/bin/true", bin.path().join(missing)).unwrap();
    }
}
