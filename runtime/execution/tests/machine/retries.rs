//! Running a stage again.

use crate::definitions::{Words, build, pipeline, source, stage, three_stages};
use crate::line::{Line, execution};
use lockgate_execution::{Direction, Rejected};
use lockgate_model::definition::RetryMode;

fn one_failed_one_succeeded() -> Line {
    let mut line = running();
    line.succeed("a");
    line.fail("b");
    line
}

fn running() -> Line {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage(
            "Build",
            vec![build("a").makes("bin"), build("b"), build("c").order(2)],
        ),
    ]));
    line.start();
    line.succeed("get");
    line
}

fn why(refused: Rejected) -> String {
    match refused {
        Rejected::StageNotRetryable { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn failed_actions_only_are_repeated_in_the_same_execution() {
    let mut line = one_failed_one_succeeded();
    assert_eq!(line.status(1), "Failed");
    assert_eq!(
        line.retry(1, "Build", RetryMode::FailedActions).unwrap(),
        ["StageRetried 1 Build", "ActionStarted 1 Build b"]
    );
    assert_eq!(line.status(1), "InProgress");
    assert_eq!(line.succeed("b")[1..], ["ActionStarted 1 Build c"]);
    line.succeed("c");
    assert_eq!(line.status(1), "Succeeded");
}

#[test]
fn all_actions_are_repeated_and_their_artifacts_replaced() {
    let mut line = one_failed_one_succeeded();
    let before = line.run(1).products.artifact("bin").unwrap().clone();
    line.retry(1, "Build", RetryMode::AllActions).unwrap();
    assert_eq!(line.jobs().len(), 2);
    line.succeed("a");
    assert_ne!(&before, line.run(1).products.artifact("bin").unwrap());
}

#[test]
fn a_repeated_action_is_a_new_action_execution() {
    let mut line = running();
    let first = line.job("b");
    line.succeed("a");
    line.fail("b");
    line.retry(1, "Build", RetryMode::FailedActions).unwrap();
    let second = line.job("b");
    assert_ne!(first.id, second.id);
    assert_ne!(first.action_execution, second.action_execution);
    assert_eq!(second.attempt, 1);
}

#[test]
fn failed_actions_can_be_retried_while_siblings_still_run() {
    let mut line = running();
    line.fail("b");
    let all = line.retry(1, "Build", RetryMode::AllActions).unwrap_err();
    assert!(why(all).contains("still running"));
    assert_eq!(
        line.retry(1, "Build", RetryMode::FailedActions).unwrap(),
        ["StageRetried 1 Build", "ActionStarted 1 Build b"]
    );
    line.fail("b");
    let again = line
        .retry(1, "Build", RetryMode::FailedActions)
        .unwrap_err();
    assert!(why(again).contains("a retry of it is in progress"));
    line.succeed("a");
    assert_eq!(line.status(1), "Failed");
    line.retry(1, "Build", RetryMode::FailedActions).unwrap();
}

#[test]
fn only_a_stage_that_failed_or_was_stopped_is_retried() {
    let mut line = running();
    for (stage, says) in [
        ("Source", "it succeeded"),
        ("Build", "no action of it has failed"),
    ] {
        let refused = line.retry(1, stage, RetryMode::FailedActions).unwrap_err();
        assert!(why(refused).contains(says));
    }
    let refused = line.retry(1, "Bild", RetryMode::FailedActions).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "pipeline 'site' has no stage 'Bild'; its stages are 'Source', 'Build'"
    );
    let refused = line
        .retry(9, "Build", RetryMode::FailedActions)
        .unwrap_err();
    assert!(matches!(refused, Rejected::ExecutionNotFound { .. }));
    line.stop(1, false).unwrap();
    let refused = line.retry(1, "Build", RetryMode::AllActions).unwrap_err();
    assert!(why(refused).contains("being stopped"));
}

#[test]
fn a_stage_that_was_not_reached_is_not_retried() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.fail("get");
    let refused = line.retry(1, "Deploy", RetryMode::AllActions).unwrap_err();
    assert!(why(refused).contains("never entered"));
    line.retry(1, "Source", RetryMode::AllActions).unwrap();
    line.succeed("get");
    line.succeed("make");
    line.succeed("put");
    assert_eq!(line.status(1), "Succeeded");
}

#[test]
fn once_a_newer_execution_entered_the_stage_the_older_one_is_not_retried() {
    let mut line = one_failed_one_succeeded();
    line.start();
    line.succeed("get");
    let refused = line.retry(1, "Build", RetryMode::AllActions).unwrap_err();
    assert_eq!(
        refused,
        Rejected::NotLatestExecution {
            stage: "Build".into(),
            execution: execution(1),
            latest: execution(2),
        }
    );
}

#[test]
fn a_failed_execution_can_be_retried_while_a_newer_one_is_held_before_its_stage() {
    let mut line = one_failed_one_succeeded();
    line.disable("Build", Direction::Inbound);
    line.start();
    line.succeed("get");
    line.retry(1, "Build", RetryMode::FailedActions).unwrap();
    assert_eq!(
        line.enable("Build", Direction::Inbound),
        ["TransitionEnabled Build"],
        "the stage is taken again"
    );
    line.succeed("b");
    let told = line.succeed("c");
    assert_eq!(
        told[2..],
        [
            "ExecutionSucceeded 1",
            "StageEntered 2 Build",
            "ActionStarted 2 Build a",
            "ActionStarted 2 Build b",
        ]
    );
}

#[test]
fn after_an_update_nothing_older_is_retried() {
    let mut line = one_failed_one_succeeded();
    line.update(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Build", vec![build("a")]),
    ]));
    let refused = line.retry(1, "Build", RetryMode::AllActions).unwrap_err();
    assert!(why(refused).contains("updated"));
}

#[test]
fn what_can_no_longer_matter_is_forgotten() {
    let mut line = Line::new(&three_stages());
    for number in 1..=20 {
        line.start();
        line.succeed("get");
        if number == 7 {
            line.fail("make");
        } else {
            line.succeed("make");
            line.succeed("put");
        }
    }
    line.start();
    let held: Vec<_> = line.state.executions().map(|e| e.id).collect();
    assert_eq!(held, [execution(21)]);
}
