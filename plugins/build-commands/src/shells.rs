//! A build's phases in real shells: state that is shared, failures, takeovers, values
//! that no quoting mistake survives.

use crate::buildspec::{OnFailure, Phase, PhaseName};
use crate::plan;
use lockgate_plugin::commands::{Finished, Session};
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{Failure, FailureType, Host};
use std::fs;

/// What a build wrote to its standard output, and how it finished.
fn run(
    shell: &str,
    phases: &[Phase],
    environment: &[(&str, &str)],
    names: &[&str],
) -> (String, Result<Finished, Failure>) {
    let said = std::cell::RefCell::new(String::new());
    let runner = FakeHost::new().running_commands();
    let work = runner.work();
    let source = work.join("src");
    fs::create_dir(&source).unwrap();
    let host = FakeHost::new().on_exec(|command| {
        let exit = runner.exec(&command)?;
        said.borrow_mut()
            .push_str(&String::from_utf8_lossy(&exit.output));
        Ok(exit)
    });
    let environment: Vec<(String, String)> = [("CODEBUILD_BUILD_SUCCEEDING", "1")]
        .iter()
        .chain(environment)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let finished = Session {
        steps: &plan::steps(phases),
        shell,
        home: work.join("it's a session"),
        source: &source,
        environment: &environment,
        names: &names,
    }
    .run(&host);
    drop(host);
    (said.into_inner(), finished)
}

fn phase(name: PhaseName, commands: &[&str], finally: &[&str]) -> Phase {
    Phase {
        name,
        commands: commands.iter().map(ToString::to_string).collect(),
        finally: finally.iter().map(ToString::to_string).collect(),
        on_failure: None,
    }
}

fn build(commands: &[&str]) -> Vec<Phase> {
    vec![phase(PhaseName::Build, commands, &[])]
}

const SHELLS: [&str; 2] = ["/bin/sh", "/bin/bash"];

fn own(said: &str) -> Vec<&str> {
    said.lines()
        .filter(|line| !line.starts_with("Running ") && !line.contains("failed with exit code"))
        .collect()
}

#[test]
fn commands_share_directory_variables_functions_and_options() {
    for shell in SHELLS {
        let (said, finished) = run(
            shell,
            &[
                phase(
                    PhaseName::Install,
                    &[
                        "mkdir deep && cd deep",
                        "plain=1",
                        "export E=2",
                        "f() { echo \"f $1\"; }",
                    ],
                    &[],
                ),
                phase(
                    PhaseName::Build,
                    &[
                        "basename \"$PWD\"",
                        "echo \"$plain$E\"",
                        "f x",
                        "sh -c 'echo \"[$plain]$E\"'",
                    ],
                    &[],
                ),
            ],
            &[],
            &[],
        );
        assert_eq!(finished.unwrap().failure, None, "{shell}: {said}");
        assert_eq!(own(&said), ["deep", "12", "f x", "[]2"], "{shell}: {said}");
    }
}

#[test]
fn a_failing_command_is_named_and_stops_its_phase() {
    for shell in SHELLS {
        let (said, finished) = run(
            shell,
            &[
                phase(
                    PhaseName::Build,
                    &["echo one", "(exit 7)", "echo never"],
                    &["echo cleanup"],
                ),
                phase(
                    PhaseName::PostBuild,
                    &["echo \"succeeding $CODEBUILD_BUILD_SUCCEEDING\""],
                    &[],
                ),
            ],
            &[],
            &[],
        );
        assert_eq!(
            finished.unwrap().failure.as_deref(),
            Some("build command 2 of 3 failed with exit code 7: (exit 7)")
        );
        assert_eq!(
            own(&said),
            ["one", "cleanup", "succeeding 0"],
            "{shell}: {said}"
        );
        assert!(said.contains("Running build command 2 of 3: (exit 7)\n"));
        assert!(said.contains("build command 2 of 3 failed with exit code 7\n"));
    }
}

#[test]
fn a_command_that_ends_the_shell_hands_its_state_to_the_next_one() {
    for shell in SHELLS {
        for ending in ["exit 3", "set -e; false", "set -eu; echo \"$unset\""] {
            let last = format!("inner=i; export LATE=l; {ending}");
            let (said, finished) = run(
                shell,
                &[
                    phase(
                        PhaseName::PreBuild,
                        &[
                            "mkdir deep; cd deep",
                            "tag=$(printf \"v 1'\\\\n2\")",
                            "export E='\"$x'",
                        ],
                        &[],
                    ),
                    phase(PhaseName::Build, &[&last, "echo never"], &["echo finally"]),
                    phase(
                        PhaseName::PostBuild,
                        &[
                            "set +eu",
                            "basename \"$PWD\"",
                            "echo \"$tag|$E|$inner|$LATE|$CODEBUILD_BUILD_SUCCEEDING\"",
                            "sh -c 'echo \"[$tag]$E\"'",
                        ],
                        &[],
                    ),
                ],
                &[],
                &[],
            );
            let finished = finished.unwrap();
            let failure = finished.failure.unwrap();
            assert!(
                failure.starts_with("build command 1 of 2 failed with exit code"),
                "{shell} {ending}: {failure}"
            );
            assert_eq!(
                own(&said),
                ["finally", "deep", "v 1'", "2|\"$x|i|l|0", "[]\"$x"],
                "{shell} {ending}: {said}"
            );
        }
    }
}

#[test]
fn functions_outlive_a_shell_of_bash() {
    let (said, finished) = run(
        "/bin/bash",
        &[
            phase(
                PhaseName::PreBuild,
                &["f() { echo \"f's $1\"; }", "readonly R=r; arr=(a 'b c')"],
                &[],
            ),
            phase(PhaseName::Build, &["exit 1"], &[]),
            phase(PhaseName::PostBuild, &["f x; echo \"$R ${arr[1]}\""], &[]),
        ],
        &[],
        &[],
    );
    assert!(finished.unwrap().failure.is_some());
    assert_eq!(own(&said), ["f's x", "r b c"], "{said}");
}

#[test]
fn exiting_with_zero_is_success() {
    for shell in SHELLS {
        let (said, finished) = run(
            shell,
            &build(&["export A=1; exit 0", "echo \"a $A\"", "exit 0"]),
            &[],
            &["A"],
        );
        let finished = finished.unwrap();
        assert_eq!(finished.failure, None, "{shell}: {said}");
        assert_eq!(finished.values["A"], "1");
        assert_eq!(own(&said), ["a 1"], "{shell}: {said}");
    }
}

#[test]
fn a_shell_that_is_killed_or_replaced_fails_its_command_only() {
    for shell in SHELLS {
        for (command, how) in [
            ("kill -9 $$", "was ended by signal 9"),
            ("exec false", "failed with exit code 1"),
            (
                "trap 'echo own trap' EXIT; exit 4",
                "failed with exit code 4",
            ),
            ("if; fi", "failed with exit code"),
        ] {
            let (said, finished) = run(
                shell,
                &[
                    phase(PhaseName::Build, &["cd / && A=1", command], &[]),
                    phase(PhaseName::PostBuild, &["echo \"$A in $PWD\""], &[]),
                ],
                &[],
                &[],
            );
            let failure = finished.unwrap().failure.unwrap();
            assert!(
                failure.starts_with(&format!("build command 2 of 2 {how}")),
                "{shell} {command}: {failure}"
            );
            assert!(said.ends_with("1 in /\n"), "{shell} {command}: {said}");
        }
    }
}

#[test]
fn exported_variables_keep_every_byte_that_text_has() {
    let nasty = "a'b\"c`d`$(e)\\n\n\tline 2\n\n é ✓ ;|&<>*?[ ";
    for shell in SHELLS {
        let (said, finished) = run(
            shell,
            &build(&["export COPY=\"$GIVEN\"", "unset GONE; SET=x; set -u"]),
            &[("GIVEN", nasty), ("GONE", "1")],
            &["GIVEN", "COPY", "GONE", "SET", "NEVER"],
        );
        let values = finished.unwrap().values;
        assert_eq!(values["GIVEN"], nasty, "{said}");
        assert_eq!(values["COPY"], nasty);
        assert_eq!(values["SET"], "x");
        assert!(!values.contains_key("GONE") && !values.contains_key("NEVER"));
    }
}

#[test]
fn what_a_command_says_stays_a_command() {
    // Commands that try to be more than one word of the script around them.
    let commands = [
        "echo 'single' \"double\" $((1 + 1))",
        "echo \\'; lockgate_x=1",
        "# only a comment",
        "",
        "cat <<'END'\n'; exit 9; '\nEND",
        "echo last \\",
    ];
    for shell in SHELLS {
        let (said, finished) = run(shell, &build(&commands), &[], &[]);
        assert_eq!(finished.unwrap().failure, None, "{shell}: {said}");
        for line in ["single double 2", "'", "'; exit 9; '", "last"] {
            assert!(said.lines().any(|l| l.trim_end() == line), "{line}: {said}");
        }
    }
}

#[test]
fn tracing_shows_the_commands_and_not_the_script() {
    let traced = "exec 2>&1; set -x";
    for shell in SHELLS {
        let (said, finished) = run(shell, &build(&[traced, "echo a", "echo b"]), &[], &[]);
        assert_eq!(finished.unwrap().failure, None, "{shell}: {said}");
        assert!(said.contains("+ echo b"), "{shell}: {said}");
        assert!(!said.contains("lockgate_"), "{shell}: {said}");
    }
}

#[test]
fn a_phase_that_continues_fails_the_build_in_the_end() {
    let mut install = phase(PhaseName::Install, &["false"], &[]);
    install.on_failure = Some(OnFailure::Continue);
    let (said, finished) = run(
        "/bin/sh",
        &[install, phase(PhaseName::Build, &["echo built"], &[])],
        &[],
        &[],
    );
    assert_eq!(own(&said), ["built"]);
    assert_eq!(
        finished.unwrap().failure.as_deref(),
        Some("install command 1 of 1 failed with exit code 1: false")
    );
}

#[test]
fn a_shell_that_the_machine_has_not_is_named() {
    let (_, finished) = run("/bin/no-such-shell", &build(&["true"]), &[], &[]);
    let failure = finished.unwrap_err();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    assert!(failure.message.contains("no-such-shell"), "{failure:?}");
}
