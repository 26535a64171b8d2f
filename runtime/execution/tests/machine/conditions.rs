//! Conditions of a stage and their rules (semantics 2.9).

use crate::definitions::{
    Judged, Words, action, build, failure, pending, pipeline, rule, source, stage, three_stages,
};
use crate::line::Line;
use lockgate_execution::{Event, Rejected};
use lockgate_model::action_type::Category;
use lockgate_model::definition::{ConditionResult, ConditionType, ExecutionMode, RetryMode, Stage};
use lockgate_model::job::{Failure, FailureType, Outcome};
use lockgate_model::status::{ConditionStatus, RuleStatus};

fn deploy() -> Stage {
    stage(
        "Deploy",
        vec![action("put", Category::Deploy).takes("src").makes("log")],
    )
}

/// `Deploy` is what the test is about; `After` comes behind it.
fn with(deploy: Stage) -> Line {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get").makes("src").space("git")]),
        deploy,
        stage("After", vec![build("tell")]),
    ]));
    line.start();
    line
}

fn last_reason(line: &Line) -> Option<String> {
    line.log.iter().rev().find_map(|r| match &r.event {
        Event::StageFailed { reason, .. } => Some(reason.clone()),
        _ => None,
    })?
}

/// semantics 2.9
#[test]
fn all_rules_start_at_once_and_the_stage_runs_when_all_succeeded() {
    let mut line = with(deploy().entry(
        Some(ConditionResult::Fail),
        vec![
            rule("open", "DeploymentWindow"),
            rule("set", "VariableCheck"),
        ],
    ));
    assert_eq!(
        line.succeed("get")[2..],
        [
            "StageEntered 1 Deploy",
            "ConditionStarted 1 Deploy BEFORE_ENTRY",
            "RuleStarted 1 Deploy BEFORE_ENTRY open",
            "RuleStarted 1 Deploy BEFORE_ENTRY set",
        ]
    );
    let job = line.job("open");
    assert_eq!(job.condition, Some(ConditionType::BeforeEntry));
    assert_eq!(
        line.state.gate("Deploy").unwrap().holder,
        Some(line.run(1).id)
    );
    assert_eq!(
        line.succeed("set"),
        ["RuleSucceeded 1 Deploy BEFORE_ENTRY set"]
    );
    assert_eq!(
        line.succeed("open"),
        [
            "RuleSucceeded 1 Deploy BEFORE_ENTRY open",
            "ConditionEnded 1 Deploy BEFORE_ENTRY",
            "ActionStarted 1 Deploy put",
        ]
    );
}

/// semantics 2.9
#[test]
fn an_entry_condition_that_is_not_met_fails_the_stage_without_its_actions() {
    for result in [Some(ConditionResult::Fail), None] {
        let mut line = with(deploy().entry(result, vec![rule("set", "VariableCheck")]));
        line.succeed("get");
        assert_eq!(
            line.finish("set", failure("the variable is empty")),
            [
                "RuleFailed 1 Deploy BEFORE_ENTRY set",
                "ConditionEnded 1 Deploy BEFORE_ENTRY",
                "StageFailed 1 Deploy",
                "ExecutionFailed 1 Deploy",
            ]
        );
        assert_eq!(
            last_reason(&line).unwrap(),
            "condition BEFORE_ENTRY was not met: rule 'set': the variable is empty"
        );
        let run = line.run(1).stage("Deploy").unwrap();
        assert!(run.actions.is_empty());
        let asked = run.before_entry.as_ref().unwrap();
        assert_eq!(asked.status, ConditionStatus::Failed);
        assert_eq!(asked.result, Some(ConditionResult::Fail));
    }
}

/// semantics 2.9
#[test]
fn an_entry_condition_can_skip_the_stage_and_the_execution_goes_on() {
    let mut line = with(deploy().entry(
        Some(ConditionResult::Skip),
        vec![rule("set", "VariableCheck")],
    ));
    line.succeed("get");
    assert_eq!(
        line.fail("set")[1..],
        [
            "ConditionEnded 1 Deploy BEFORE_ENTRY",
            "StageSkipped 1 Deploy",
            "StageEntered 1 After",
            "ActionStarted 1 After tell",
        ]
    );
    assert_eq!(line.state.gate("Deploy").unwrap().holder, None);
    line.succeed("tell");
    assert_eq!(line.status(1), "Succeeded");
}

/// semantics 2.7
#[test]
fn a_skipped_stage_is_not_retried() {
    let mut line = with(deploy().entry(
        Some(ConditionResult::Skip),
        vec![rule("set", "VariableCheck")],
    ));
    line.succeed("get");
    line.fail("set");
    line.fail("tell");
    let refused = line.retry(1, "Deploy", RetryMode::AllActions).unwrap_err();
    assert_eq!(refused.exception(), "StageNotRetryableException");
    assert!(refused.to_string().contains("it was skipped"), "{refused}");
}

/// semantics 2.9
#[test]
fn a_success_condition_is_asked_when_every_action_succeeded() {
    let mut line = with(deploy().success(
        Some(ConditionResult::Fail),
        vec![rule("alarm", "CloudWatchAlarm")],
    ));
    line.succeed("get");
    assert_eq!(
        line.succeed("put"),
        [
            "ActionSucceeded 1 Deploy put",
            "ConditionStarted 1 Deploy ON_SUCCESS",
            "RuleStarted 1 Deploy ON_SUCCESS alarm",
        ]
    );
    assert_eq!(
        line.succeed("alarm"),
        [
            "RuleSucceeded 1 Deploy ON_SUCCESS alarm",
            "ConditionEnded 1 Deploy ON_SUCCESS",
            "StageSucceeded 1 Deploy",
            "StageEntered 1 After",
            "ActionStarted 1 After tell",
        ]
    );
}

/// semantics 2.9
#[test]
fn a_success_condition_that_is_not_met_fails_the_stage_after_its_actions_succeeded() {
    for result in [Some(ConditionResult::Fail), None] {
        let mut line = with(deploy().success(result, vec![rule("alarm", "CloudWatchAlarm")]));
        line.succeed("get");
        line.succeed("put");
        assert_eq!(
            line.fail("alarm")[1..],
            [
                "ConditionEnded 1 Deploy ON_SUCCESS",
                "StageFailed 1 Deploy",
                "ExecutionFailed 1 Deploy",
            ]
        );
    }
}

/// semantics 5.1
#[test]
fn a_failure_condition_that_is_not_met_leaves_the_stage_failed() {
    let mut line = with(deploy().failure(
        Some(ConditionResult::Rollback),
        vec![rule("alarm", "CloudWatchAlarm")],
    ));
    line.succeed("get");
    assert_eq!(
        line.fail("put"),
        [
            "ActionFailed 1 Deploy put",
            "ConditionStarted 1 Deploy ON_FAILURE",
            "RuleStarted 1 Deploy ON_FAILURE alarm",
        ]
    );
    assert_eq!(
        line.fail("alarm")[1..],
        [
            "ConditionEnded 1 Deploy ON_FAILURE",
            "StageFailed 1 Deploy",
            "ExecutionFailed 1 Deploy",
        ]
    );
    assert_eq!(last_reason(&line), None);
}

/// semantics 2.9
#[test]
fn a_rule_that_could_not_be_judged_makes_its_condition_errored_and_not_met() {
    let mut line = with(deploy().entry(
        Some(ConditionResult::Fail),
        vec![rule("set", "VariableCheck"), rule("fn", "LambdaInvoke")],
    ));
    line.succeed("get");
    let fault = Failure::new(FailureType::PermissionError, "not granted");
    line.finish("fn", Outcome::Failed(fault));
    line.succeed("set");
    let run = line.run(1).stage("Deploy").unwrap();
    assert_eq!(
        run.condition(ConditionType::BeforeEntry).unwrap().status,
        ConditionStatus::Errored
    );
    assert_eq!(line.status(1), "Failed");
}

/// semantics 2.9
#[test]
fn a_rule_sees_the_variables_and_artifacts_made_before_it_and_keeps_the_template() {
    let mut asks = rule("fn", "LambdaInvoke");
    asks.configuration
        .insert("UserParameters".into(), "by #{git.by}".into());
    asks.input_artifacts = three_stages().stages[1].actions[0].input_artifacts.clone();
    let mut line = with(deploy().entry(None, vec![asks]));
    line.succeed("get");
    let job = line.job("fn");
    assert_eq!(job.configuration["UserParameters"], "by get");
    assert_eq!(job.input_artifacts[0].name, "src");
    let run = line.run(1).stage("Deploy").unwrap();
    let input = &run.before_entry.as_ref().unwrap().rules[0].input;
    assert_eq!(input.templates["UserParameters"], "by #{git.by}");
}

/// semantics 2.9
#[test]
fn a_rule_that_cannot_be_resolved_fails_and_the_others_start_all_the_same() {
    let mut bad = rule("bad", "VariableCheck");
    bad.configuration
        .insert("Variable".into(), "#{no.where}".into());
    let mut line = with(deploy().entry(None, vec![bad, rule("good", "VariableCheck")]));
    assert_eq!(
        line.succeed("get")[3..],
        [
            "ConditionStarted 1 Deploy BEFORE_ENTRY",
            "RuleStarted 1 Deploy BEFORE_ENTRY bad",
            "RuleStarted 1 Deploy BEFORE_ENTRY good",
            "RuleFailed 1 Deploy BEFORE_ENTRY bad",
        ]
    );
    line.succeed("good");
    assert_eq!(line.status(1), "Failed");
}

/// semantics 2.9
#[test]
fn a_rule_can_say_that_it_does_not_know_yet() {
    let mut line = with(deploy().entry(None, vec![rule("open", "DeploymentWindow")]));
    line.succeed("get");
    let first = line.job("open");
    assert_eq!(
        line.answer(&first, pending("at nine", 60)).unwrap(),
        ["RulePending 1 Deploy BEFORE_ENTRY open"]
    );
    let second = line.job("open");
    assert_ne!(first.id, second.id);
    assert_eq!(
        (second.attempt, second.continuation.as_deref()),
        (2, Some("at nine"))
    );
    let late = line.answer(&first, failure("late")).unwrap_err();
    assert!(matches!(late, Rejected::StaleJob { .. }));
    line.succeed("open");
    assert_eq!(line.jobs()[0].action, "put");
}

/// semantics 2.7
#[test]
fn a_retry_of_a_stage_that_failed_at_its_entry_asks_again() {
    for mode in [RetryMode::FailedActions, RetryMode::AllActions] {
        let mut line = with(deploy().entry(None, vec![rule("set", "VariableCheck")]));
        line.succeed("get");
        let first = line.job("set");
        line.fail("set");
        assert_eq!(
            line.retry(1, "Deploy", mode).unwrap(),
            [
                "StageRetried 1 Deploy",
                "ConditionStarted 1 Deploy BEFORE_ENTRY",
                "RuleStarted 1 Deploy BEFORE_ENTRY set",
            ]
        );
        assert_ne!(line.job("set").action_execution, first.action_execution);
        line.succeed("set");
        line.succeed("put");
        line.succeed("tell");
        assert_eq!(line.status(1), "Succeeded");
    }
}

/// semantics 2.7
#[test]
fn a_retry_of_failed_actions_does_not_ask_again_what_was_met() {
    let mut line = with(deploy().entry(None, vec![rule("set", "VariableCheck")]));
    line.succeed("get");
    line.succeed("set");
    line.fail("put");
    assert_eq!(
        line.retry(1, "Deploy", RetryMode::FailedActions).unwrap(),
        ["StageRetried 1 Deploy", "ActionStarted 1 Deploy put"]
    );
    line.fail("put");
    let all = line.retry(1, "Deploy", RetryMode::AllActions).unwrap();
    assert_eq!(all[1], "ConditionStarted 1 Deploy BEFORE_ENTRY");
}

/// semantics 2.7
#[test]
fn a_retry_of_a_stage_that_failed_at_its_success_condition_asks_that_alone() {
    let mut line = with(deploy().success(None, vec![rule("alarm", "CloudWatchAlarm")]));
    line.succeed("get");
    line.succeed("put");
    line.fail("alarm");
    assert_eq!(
        line.retry(1, "Deploy", RetryMode::FailedActions).unwrap(),
        [
            "StageRetried 1 Deploy",
            "ConditionStarted 1 Deploy ON_SUCCESS",
            "RuleStarted 1 Deploy ON_SUCCESS alarm",
        ]
    );
}

/// semantics 2.9
#[test]
fn while_a_condition_is_judged_the_stage_is_not_retried() {
    let mut line = with(deploy().failure(
        Some(ConditionResult::Rollback),
        vec![rule("alarm", "CloudWatchAlarm")],
    ));
    line.succeed("get");
    line.fail("put");
    for mode in [RetryMode::FailedActions, RetryMode::AllActions] {
        let refused = line.retry(1, "Deploy", mode).unwrap_err();
        assert!(refused.to_string().contains("being judged"), "{refused}");
    }
}

/// semantics 2.6
#[test]
fn a_stop_that_waits_lets_rules_end_and_nothing_comes_after_them() {
    let mut line = with(deploy().entry(None, vec![rule("set", "VariableCheck")]));
    line.succeed("get");
    assert_eq!(line.stop(1, false).unwrap(), ["ExecutionStopping 1"]);
    assert_eq!(
        line.succeed("set"),
        [
            "RuleSucceeded 1 Deploy BEFORE_ENTRY set",
            "ConditionEnded 1 Deploy BEFORE_ENTRY",
            "StageStopped 1 Deploy",
            "ExecutionStopped 1",
        ]
    );
    assert_eq!(
        line.retry(1, "Deploy", RetryMode::FailedActions).unwrap(),
        ["StageRetried 1 Deploy", "ActionStarted 1 Deploy put"],
        "it was met"
    );
}

/// semantics 2.6
#[test]
fn a_stop_that_abandons_ends_rules_at_once() {
    let mut line = with(deploy().entry(None, vec![rule("set", "VariableCheck")]));
    line.succeed("get");
    assert_eq!(
        line.stop(1, true).unwrap(),
        [
            "ExecutionStopping 1",
            "RuleAbandoned 1 Deploy BEFORE_ENTRY set",
            "ConditionEnded 1 Deploy BEFORE_ENTRY",
            "StageStopped 1 Deploy",
            "ExecutionStopped 1",
        ]
    );
    let run = line.run(1).stage("Deploy").unwrap();
    let asked = run.before_entry.as_ref().unwrap();
    assert_eq!(asked.status, ConditionStatus::Abandoned);
    assert_eq!(asked.rules[0].status, RuleStatus::Abandoned);
    let again = line.retry(1, "Deploy", RetryMode::FailedActions).unwrap();
    assert_eq!(again[1], "ConditionStarted 1 Deploy BEFORE_ENTRY");
}

/// semantics 2.4
#[test]
fn an_update_does_not_wait_for_rules() {
    let mut line = with(deploy().entry(None, vec![rule("open", "DeploymentWindow")]));
    line.succeed("get");
    assert_eq!(
        line.update(&three_stages())[1..],
        [
            "ExecutionCancelling 1",
            "RuleAbandoned 1 Deploy BEFORE_ENTRY open",
            "ConditionEnded 1 Deploy BEFORE_ENTRY",
            "StageCancelled 1 Deploy",
            "ExecutionCancelled 1",
        ]
    );
    let run = line.run(1).stage("Deploy").unwrap();
    assert_eq!(
        run.before_entry.as_ref().unwrap().status,
        ConditionStatus::Cancelled
    );
}

/// semantics 2.9
#[test]
fn after_a_stop_no_failure_condition_is_asked() {
    let mut line = with(deploy().failure(
        Some(ConditionResult::Rollback),
        vec![rule("alarm", "CloudWatchAlarm")],
    ));
    line.succeed("get");
    line.stop(1, false).unwrap();
    assert_eq!(
        line.fail("put")[1..],
        ["StageStopped 1 Deploy", "ExecutionStopped 1"]
    );
}

/// semantics 2.3
#[test]
fn in_parallel_mode_executions_are_judged_side_by_side() {
    let mut definition = pipeline(vec![
        stage("Source", vec![source("get").makes("src")]),
        deploy().entry(None, vec![rule("set", "VariableCheck")]),
    ]);
    definition.execution_mode = ExecutionMode::Parallel;
    let mut line = Line::new(&definition);
    for _ in 0..2 {
        line.start();
        line.succeed("get");
    }
    let rules = line.jobs();
    assert_eq!(rules.len(), 2);
    assert_ne!(rules[0].id, rules[1].id);
    line.answer(&rules[1], failure("no")).unwrap();
    assert_eq!(line.status(2), "Failed");
    assert_eq!(line.status(1), "InProgress");
}

/// semantics 2.9: whichever stage is skipped, the execution goes on behind it.
#[test]
fn the_first_and_the_last_stage_can_be_skipped() {
    let skipped = |stage: Stage| {
        stage.entry(
            Some(ConditionResult::Skip),
            vec![rule("a", "VariableCheck")],
        )
    };
    let mut line = Line::new(&pipeline(vec![
        skipped(stage("Source", vec![source("get")])),
        stage("Build", vec![build("make")]),
        skipped(stage("Deploy", vec![action("put", Category::Deploy)])),
    ]));
    line.start();
    assert_eq!(
        line.fail("a")[2..],
        [
            "StageSkipped 1 Source",
            "StageEntered 1 Build",
            "ActionStarted 1 Build make",
        ]
    );
    line.succeed("make");
    assert_eq!(
        line.fail("a")[2..],
        ["StageSkipped 1 Deploy", "ExecutionSucceeded 1"]
    );
}
