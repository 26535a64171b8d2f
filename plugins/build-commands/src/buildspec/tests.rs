//! What a buildspec means, and every sentence said of one that is wrong.

use super::*;

#[test]
fn a_whole_buildspec_is_read() {
    let spec = Buildspec::parse(
        r#"
version: 0.2
env:
  shell: bash
  variables:
    VERSION: 1.10
    FLAG: no
    EMPTY:
    TEXT: "it's \"quoted\""
  exported-variables: [VERSION, BUILT]
phases:
  build:
    on-failure: CONTINUE
    commands:
      - make
      - |
        if true; then
          echo yes
        fi
    finally: [echo done]
  install:
    runtime-versions:
      nodejs: 20
    commands: [ "echo 'a: b'" ]
artifacts:
  files: ['**/*']
  base-directory: dist
  exclude-paths: ['**/*.map']
  discard-paths: yes
  name: ignored-$(date)
  secondary-artifacts:
    docs:
      files: [docs/**/*]
reports:
  arn:aws:codebuild:us-east-1:1:report-group/unit:
    files: ['TEST-*.xml']
    base-directory: target
    file-format: JunitXml
cache:
  key: all
  paths: ['/root/.m2/**/*']
"#,
    )
    .unwrap();
    assert_eq!(spec.environment.shell, Shell::Bash);
    assert_eq!(
        spec.environment.variables,
        [
            ("VERSION", "1.10"),
            ("FLAG", "no"),
            ("EMPTY", ""),
            ("TEXT", "it's \"quoted\"")
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(spec.environment.exported, ["VERSION", "BUILT"]);
    let [install, build] = spec.phases.as_slice() else {
        panic!("{:?}", spec.phases)
    };
    assert_eq!(install.name, PhaseName::Install);
    assert_eq!(install.commands, ["echo 'a: b'"]);
    assert_eq!(build.commands[1], "if true; then\n  echo yes\nfi\n");
    assert_eq!(build.finally, ["echo done"]);
    assert_eq!(build.on_failure, Some(OnFailure::Continue));
    let primary = spec.artifacts.primary.unwrap();
    assert_eq!(primary.files, ["**/*"]);
    assert_eq!(primary.base_directory.as_deref(), Some("dist"));
    assert_eq!(primary.exclude, ["**/*.map"]);
    assert!(primary.discard_paths);
    assert_eq!(spec.artifacts.secondary[0].name, "docs");
    assert_eq!(spec.reports[0].files, ["TEST-*.xml"]);
    assert_eq!(spec.cache.len(), 1);
    assert_eq!(
        (spec.cache[0].line, spec.cache[0].text.as_str()),
        (41, "/root/.m2/**/*")
    );
    insta::assert_snapshot!(spec.notes.join("\n"));
}

/// Every mistake that a buildspec can hold, a few to a file.
const WRONG: [&str; 12] = [
    "",
    "- a list",
    "version: 0.1\nphases:\n  build: {}\n",
    "phases:\n  bulid:\n    commands: [make]\nartefacts: {}\n",
    "version: 0.2\nrun-as: root\nbatch: {}\nenv:\n  parameter-store: {A: b}\n  secrets-manager: {A: b}\n  git-credential-helper: yes\n  shell: powershell.exe\nphases: {build: {commands: [a]}}\n",
    "version: 0.2\nenv:\n  variables:\n    a-b: 1\n    CODEBUILD_X: 1\n    L: [1]\n  exported-variables: ['A;B', {x: y}]\nphases: {build: {commands: [a]}}\n",
    "version: 0.2\nphases:\n  build:\n    commands:\n      - echo this: that\n      -\n      - [x]\n    on-failure: IGNORE\n    run-as: bob\n  post_build:\n    commands: make\n    on-failure: RETRY-2\n    comands: []\n",
    "version: 0.2\nphases: {build: {commands: [a]}}\nartifacts:\n  base-directory: x\n",
    "version: 0.2\nphases: {build: {commands: [a]}}\nartifacts:\n  files: [a]\n  s3-prefix: x\n  discard-paths: maybe\n  enable-symlinks: no\n  secondary-artifacts:\n    one: {}\n    two:\n      files: ['']\n",
    "version: 0.2\nphases: {build: {commands: [a]}}\nreports:\n  unit:\n    file-format: TAP\n  other:\n    file-format: CUCUMBERJSON\ncache:\n  pahts: []\n",
    "version: 0.2\nversion: 0.2\n",
    "version: 0.2\nphases:\n\tbuild: x\n",
];

#[test]
fn every_mistake_is_named_with_its_line_its_value_and_a_remedy() {
    let said: Vec<String> = WRONG
        .iter()
        .map(|text| {
            let problems = Buildspec::parse(text).unwrap_err();
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            problems.join("\n")
        })
        .collect();
    insta::assert_snapshot!(said.join("\n--\n"));
}

#[test]
fn a_buildspec_with_nothing_to_run_is_refused() {
    let problems = Buildspec::parse("version: 0.2\nphases:\n  build:\n    commands: []\n");
    assert_eq!(
        problems.unwrap_err()[0].to_string(),
        "line 2: phases: holds no command; write at least one under 'build:' and 'commands:'"
    );
}
