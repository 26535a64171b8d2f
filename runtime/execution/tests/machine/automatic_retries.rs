//! The one retry that a definition asks for (semantics 2.7).

use crate::definitions::{Judged, Words, action, build, pipeline, rule, source, stage};
use crate::line::Line;
use lockgate_model::action_type::Category;
use lockgate_model::definition::{ConditionResult, RetryMode, Stage};

fn deploy() -> Stage {
    stage("Deploy", vec![action("put", Category::Deploy).takes("src")])
}

fn with(deploy: Stage) -> Line {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get").makes("src")]),
        deploy,
        stage("After", vec![build("tell")]),
    ]));
    line.start();
    line
}

/// semantics 2.7
#[test]
fn an_automatic_retry_happens_once_and_keeps_the_stage() {
    let mut line = with(deploy().on_failure(ConditionResult::Retry, None));
    line.succeed("get");
    line.start();
    line.succeed("get");
    assert_eq!(
        line.fail("put"),
        [
            "ActionFailed 1 Deploy put",
            "StageRetried 1 Deploy",
            "ActionStarted 1 Deploy put",
        ]
    );
    let retries = line.run(1).stage("Deploy").unwrap().retries;
    assert_eq!((retries.automatic, retries.manual), (1, 0));
    assert_eq!(line.run(1).attempt, 2);
    assert_eq!(
        line.fail("put")[1..3],
        ["StageFailed 1 Deploy", "ExecutionFailed 1 Deploy"]
    );
}

/// semantics 2.7
#[test]
fn an_automatic_retry_works_for_sources_and_for_all_actions() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("a"), source("b").order(2)])
            .on_failure(ConditionResult::Retry, Some(RetryMode::AllActions)),
        stage("Build", vec![build("make")]),
    ]));
    line.start();
    line.succeed("a");
    assert_eq!(
        line.fail("b")[1..],
        ["StageRetried 1 Source", "ActionStarted 1 Source a"]
    );
    line.succeed("a");
    line.fail("b");
    assert_eq!(line.status(1), "Failed");
    line.retry(1, "Source", RetryMode::FailedActions).unwrap();
    let retries = line.run(1).stage("Source").unwrap().retries;
    assert_eq!((retries.automatic, retries.manual), (1, 1));
    line.fail("b");
    assert_eq!(line.status(1), "Failed", "there is no second one");
}

/// semantics 2.7
#[test]
fn an_automatic_retry_asks_a_condition_again_that_was_not_met() {
    let mut line = with(
        deploy()
            .entry(None, vec![rule("set", "VariableCheck")])
            .on_failure(ConditionResult::Retry, None),
    );
    line.succeed("get");
    assert_eq!(
        line.fail("set")[2..],
        [
            "StageRetried 1 Deploy",
            "ConditionStarted 1 Deploy BEFORE_ENTRY",
            "RuleStarted 1 Deploy BEFORE_ENTRY set",
        ]
    );
}

/// semantics 2.7
#[test]
fn what_was_stopped_or_cancelled_is_not_retried_by_itself() {
    let mut line = with(deploy().on_failure(ConditionResult::Retry, None));
    line.succeed("get");
    line.stop(1, false).unwrap();
    assert_eq!(
        line.fail("put")[1..],
        ["StageStopped 1 Deploy", "ExecutionStopped 1"]
    );
}
