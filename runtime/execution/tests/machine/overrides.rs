//! Going past a condition by hand: the table of semantics 2.9.

use crate::definitions::{Judged, Words, action, build, pipeline, rule, source, stage};
use crate::line::{Line, execution};
use lockgate_execution::{Direction, Effect, Rejected, owed};
use lockgate_model::action_type::Category;
use lockgate_model::definition::{ConditionResult, ConditionType, ExecutionMode, RetryMode, Stage};
use lockgate_model::id::Principal;
use lockgate_model::status::ConditionStatus;

use ConditionType::{BeforeEntry, OnFailure, OnSuccess};

fn deploy() -> Stage {
    stage("Deploy", vec![action("put", Category::Deploy)])
}

fn with(deploy: Stage) -> Line {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get").makes("src")]),
        deploy,
        stage("After", vec![build("tell")]),
    ]));
    line.start();
    line.succeed("get");
    line
}

fn entry(result: ConditionResult) -> Line {
    with(deploy().entry(
        Some(result),
        vec![rule("a", "VariableCheck"), rule("b", "VariableCheck")],
    ))
}

fn why(refused: Rejected) -> String {
    match refused {
        Rejected::ConditionNotOverridable { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

/// semantics 2.9
#[test]
fn going_past_an_entry_condition_abandons_its_rules_and_runs_the_stage() {
    let mut line = entry(ConditionResult::Fail);
    line.fail("a");
    let gone = line.job("b").id;
    let before = line.log.len();
    assert_eq!(
        line.go_past(1, "Deploy", BeforeEntry).unwrap(),
        [
            "ConditionOverridden 1 Deploy BEFORE_ENTRY",
            "RuleAbandoned 1 Deploy BEFORE_ENTRY b",
            "ActionStarted 1 Deploy put",
        ]
    );
    assert!(owed(&line.state, &line.log[before..]).contains(&Effect::Cancel(gone)));
    let run = line.run(1).stage("Deploy").unwrap();
    let asked = run.before_entry.as_ref().unwrap();
    assert_eq!(asked.status, ConditionStatus::Overridden);
    assert_eq!(
        asked.overridden_by,
        Some(Principal("arn:aws:iam::111122223333:user/ann".into()))
    );
}

/// semantics 2.9
#[test]
fn a_stage_that_failed_at_its_entry_goes_on_when_somebody_goes_past_it() {
    let mut line = entry(ConditionResult::Fail);
    line.succeed("a");
    line.fail("b");
    assert_eq!(line.status(1), "Failed");
    assert_eq!(
        line.go_past(1, "Deploy", BeforeEntry).unwrap(),
        [
            "ConditionOverridden 1 Deploy BEFORE_ENTRY",
            "ActionStarted 1 Deploy put",
        ]
    );
    assert_eq!(line.status(1), "InProgress");
    assert_eq!(line.run(1).attempt, 2);
    assert_eq!(
        line.state.gate("Deploy").unwrap().holder,
        Some(execution(1))
    );
    line.succeed("put");
    line.succeed("tell");
    assert_eq!(line.status(1), "Succeeded");
}

/// semantics 2.9
#[test]
fn going_past_a_success_condition_lets_the_stage_succeed() {
    for result in [ConditionResult::Fail, ConditionResult::Rollback] {
        let mut line = with(deploy().success(Some(result), vec![rule("a", "CloudWatchAlarm")]));
        line.succeed("put");
        assert_eq!(
            line.go_past(1, "Deploy", OnSuccess).unwrap(),
            [
                "ConditionOverridden 1 Deploy ON_SUCCESS",
                "RuleAbandoned 1 Deploy ON_SUCCESS a",
                "StageSucceeded 1 Deploy",
                "StageEntered 1 After",
                "ActionStarted 1 After tell",
            ]
        );
    }
}

/// semantics 2.9
#[test]
fn a_stage_that_failed_at_its_success_condition_succeeds_when_somebody_goes_past_it() {
    for result in [ConditionResult::Fail, ConditionResult::Rollback] {
        let mut line = with(deploy().success(Some(result), vec![rule("a", "CloudWatchAlarm")]));
        line.succeed("put");
        line.fail("a");
        assert_eq!(line.status(1), "Failed", "there was nothing to go back to");
        let told = line.go_past(1, "Deploy", OnSuccess).unwrap();
        assert_eq!(told[1], "StageSucceeded 1 Deploy");
    }
}

/// semantics 2.9
#[test]
fn a_condition_that_skips_is_not_overridden() {
    let mut line = entry(ConditionResult::Skip);
    let refused = line.go_past(1, "Deploy", BeforeEntry).unwrap_err();
    assert_eq!(refused.exception(), "ConditionNotOverridableException");
    assert!(why(refused).contains("SKIP"));
}

/// semantics 2.9
#[test]
fn what_is_not_judged_or_was_met_is_not_overridden() {
    let mut line = with(
        deploy()
            .entry(None, vec![rule("a", "VariableCheck")])
            .success(None, vec![rule("b", "VariableCheck")])
            .failure(
                Some(ConditionResult::Rollback),
                vec![rule("c", "VariableCheck")],
            ),
    );
    let refused = line.go_past(1, "Deploy", OnSuccess).unwrap_err();
    assert!(why(refused).contains("not judged"));
    let refused = line.go_past(1, "After", BeforeEntry).unwrap_err();
    assert!(why(refused).contains("no such condition"));
    line.succeed("a");
    let refused = line.go_past(1, "Deploy", BeforeEntry).unwrap_err();
    assert!(why(refused).contains("it was met"));
    line.fail("put");
    let refused = line.go_past(1, "Deploy", OnFailure).unwrap_err();
    assert!(why(refused).contains("condition at failure"));
    let refused = line.go_past(1, "Deploi", BeforeEntry).unwrap_err();
    assert_eq!(refused.exception(), "StageNotFoundException");
    let refused = line.go_past(7, "Deploy", BeforeEntry).unwrap_err();
    assert_eq!(refused.exception(), "PipelineExecutionNotFoundException");
}

/// semantics 2.9
#[test]
fn only_the_latest_execution_in_the_stage_goes_past_its_condition() {
    let mut line = entry(ConditionResult::Fail);
    line.succeed("a");
    line.fail("b");
    line.start();
    line.succeed("get");
    let refused = line.go_past(1, "Deploy", BeforeEntry).unwrap_err();
    assert_eq!(refused.exception(), "NotLatestPipelineExecutionException");
}

/// semantics 2.9
#[test]
fn while_the_failure_is_dealt_with_nothing_is_overridden() {
    let mut line = with(
        deploy()
            .success(None, vec![rule("a", "CloudWatchAlarm")])
            .failure(
                Some(ConditionResult::Rollback),
                vec![rule("b", "CloudWatchAlarm")],
            ),
    );
    line.succeed("put");
    line.fail("a");
    let refused = line.go_past(1, "Deploy", OnSuccess).unwrap_err();
    assert!(why(refused).contains("being dealt with"));
    line.fail("b");
    line.go_past(1, "Deploy", OnSuccess).unwrap();
}

/// semantics 2.4
#[test]
fn after_an_update_a_failed_condition_is_not_overridden() {
    let mut line = entry(ConditionResult::Fail);
    line.succeed("a");
    line.fail("b");
    line.update(&pipeline(vec![
        stage("Source", vec![source("get").makes("src")]),
        deploy(),
    ]));
    let refused = line.go_past(1, "Deploy", BeforeEntry).unwrap_err();
    assert!(why(refused).contains("updated"));
}

/// semantics 2.6
#[test]
fn what_is_about_to_end_is_not_let_through() {
    let mut line = entry(ConditionResult::Fail);
    line.stop(1, false).unwrap();
    let refused = line.go_past(1, "Deploy", BeforeEntry).unwrap_err();
    assert!(why(refused).contains("about to end"));
}

/// semantics 2.3
#[test]
fn fifty_executions_leave_no_room_to_let_a_failed_one_through() {
    let mut definition = pipeline(vec![
        stage("Source", vec![source("get")]),
        deploy().entry(None, vec![rule("a", "VariableCheck")]),
    ]);
    definition.execution_mode = ExecutionMode::Queued;
    let mut line = Line::new(&definition);
    line.start();
    line.succeed("get");
    line.fail("a");
    line.disable("Deploy", Direction::Inbound);
    for _ in 0..50 {
        line.start();
    }
    let refused = line.go_past(1, "Deploy", BeforeEntry).unwrap_err();
    assert_eq!(
        refused.exception(),
        "ConcurrentPipelineExecutionsLimitExceededException"
    );
}

/// semantics 2.7, 2.9: going past a condition is no retry.
#[test]
fn a_stage_that_somebody_let_through_is_retried_while_siblings_still_run() {
    let mut line = with(
        stage(
            "Deploy",
            vec![
                action("put", Category::Deploy),
                action("tell", Category::Deploy),
            ],
        )
        .entry(
            Some(ConditionResult::Fail),
            vec![rule("a", "VariableCheck")],
        ),
    );
    line.fail("a");
    line.go_past(1, "Deploy", BeforeEntry).unwrap();
    line.fail("put");
    assert_eq!(
        line.retry(1, "Deploy", RetryMode::FailedActions).unwrap(),
        ["StageRetried 1 Deploy", "ActionStarted 1 Deploy put"]
    );
    line.fail("put");
    assert!(matches!(
        line.retry(1, "Deploy", RetryMode::FailedActions),
        Err(Rejected::StageNotRetryable { .. })
    ));
}
