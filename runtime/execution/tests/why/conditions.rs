//! Conditions, rules and overrides.

use crate::log::Log;
use serde_json::{Value, json};

fn condition(kind: &str, rest: Value) -> Value {
    let mut fields = json!({"stage": "Prod", "condition": kind});
    fields
        .as_object_mut()
        .unwrap()
        .extend(rest.as_object().unwrap().clone());
    fields
}

/// In front of the actions of Prod, one rule running.
fn judged() -> Log {
    let mut log = Log::new("SUPERSEDED");
    log.started(1)
        .in_stage("StageEntered", 1, "Prod")
        .of("ConditionStarted", 1, condition("BEFORE_ENTRY", json!({})))
        .rule(1, "BEFORE_ENTRY", "Window", "DeploymentWindow");
    log
}

/// Semantics 2.9.
#[test]
fn a_stage_that_waits_for_a_rule_names_it() {
    let mut log = judged();
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    now InProgress [Rule]: it waits: rule 'Window' of the entry condition of stage 'Prod' has not said yet; it fails at 2024-05-01T13:02:00Z
    ");
    let pending = json!({
        "rule": "Window", "job": crate::log::id(903), "attempt": 2, "notBefore": 1_714_564_800_000_i64,
        "continuation": "", "percent": null, "external": {"summary": "the window opens at 06:00"},
    });
    log.server("JobFinished")
        .of("RulePending", 1, condition("BEFORE_ENTRY", pending));
    insta::assert_snapshot!(log.why_stage(1, "Prod"), @"
    2 Started: it started because bob asked
    2 StageEntered: it entered stage 'Prod'
    2 ConditionStarted: the rules of the entry condition of stage 'Prod' started
    2 RuleStarted: rule 'Window' started: provider Rule/AWS/DeploymentWindow/1 has until 2024-05-01T13:02:00Z
    now InProgress [Rule]: it waits: rule 'Window' of the entry condition of stage 'Prod' has not said yet, and is asked again at 2024-05-01T12:00:00Z; it fails at 2024-05-01T13:02:00Z
    ");
    insta::assert_snapshot!(log.why_action(1, "Prod", "Approve"), @"
    2 Started: it started because bob asked
    2 StageEntered: it entered stage 'Prod'
    2 ConditionStarted: the rules of the entry condition of stage 'Prod' started
    2 RuleStarted: rule 'Window' started: provider Rule/AWS/DeploymentWindow/1 has until 2024-05-01T13:02:00Z
    now InProgress [Rule]: it waits: rule 'Window' of the entry condition of stage 'Prod' has not said yet, and is asked again at 2024-05-01T12:00:00Z; it fails at 2024-05-01T13:02:00Z
    ");
}

/// Semantics 2.9: FAIL.
#[test]
fn a_stage_that_a_condition_failed_names_the_rule() {
    let mut log = judged();
    log.server("JobFinished")
        .of("RuleFailed", 1, condition("BEFORE_ENTRY", json!({
            "rule": "Window", "job": null, "failure": {"kind": "JobFailed", "message": "no window is open"},
        })))
        .of("ConditionEnded", 1, condition("BEFORE_ENTRY", json!({"status": "Failed", "result": "FAIL"})))
        .of("StageFailed", 1, json!({"stage": "Prod", "reason": "its entry condition was not met: rule 'Window'"}))
        .in_stage("ExecutionFailed", 1, "Prod");
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    3 RuleFailed: rule 'Window' of the entry condition of stage 'Prod' failed (JobFailed): no window is open
    3 ConditionEngaged: the entry condition of stage 'Prod' was not met, so the stage fails (FAIL)
    3 Failed: it failed in stage 'Prod': its entry condition was not met: rule 'Window'
    now Failed []: it failed in stage 'Prod': its entry condition was not met: rule 'Window'
    ");
    log.by("carol", "OverrideCondition")
        .of(
            "ConditionOverridden",
            1,
            condition("BEFORE_ENTRY", json!({"resumed": true})),
        )
        .approval(1);
    insta::assert_snapshot!(log.why_stage(1, "Prod"), @"
    2 Started: it started because bob asked
    2 StageEntered: it entered stage 'Prod'
    2 ConditionStarted: the rules of the entry condition of stage 'Prod' started
    2 RuleStarted: rule 'Window' started: provider Rule/AWS/DeploymentWindow/1 has until 2024-05-01T13:02:00Z
    3 RuleFailed: rule 'Window' of the entry condition of stage 'Prod' failed (JobFailed): no window is open
    3 ConditionEngaged: the entry condition of stage 'Prod' was not met, so the stage fails (FAIL)
    3 StageFailed: stage 'Prod' failed: its entry condition was not met: rule 'Window'
    3 Failed: it failed in stage 'Prod': its entry condition was not met: rule 'Window'
    4 ConditionOverridden: carol overrode the entry condition of stage 'Prod'; the stage had failed by it, and runs again
    4 ApprovalAsked: approval 'Approve' was asked for, and fails if nobody answers until 2024-05-01T13:04:00Z
    now InProgress [Approval]: it waits: nobody has answered approval 'Approve' of stage 'Prod', open since 2024-05-01T12:04:00Z; it fails at 2024-05-01T13:04:00Z
    ");
}

/// Semantics 2.9: SKIP.
#[test]
fn a_stage_that_a_condition_skipped_says_so() {
    let mut log = judged();
    log.server("JobFinished")
        .of("RuleFailed", 1, condition("BEFORE_ENTRY", json!({
            "rule": "Window", "job": null, "failure": {"kind": "JobFailed", "message": "it is Sunday"},
        })))
        .of("ConditionEnded", 1, condition("BEFORE_ENTRY", json!({"status": "Failed", "result": "SKIP"})))
        .in_stage("StageSkipped", 1, "Prod")
        .of("ExecutionSucceeded", 1, json!({}));
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    3 RuleFailed: rule 'Window' of the entry condition of stage 'Prod' failed (JobFailed): it is Sunday
    3 ConditionEngaged: the entry condition of stage 'Prod' was not met, so the stage is skipped (SKIP)
    3 StageSkipped: stage 'Prod' was skipped, as its entry condition says
    3 Succeeded: it succeeded: it is through its last stage
    now Succeeded []: it succeeded: it is through its last stage
    ");
    insta::assert_snapshot!(log.why_action(1, "Prod", "Ship").lines().last().unwrap(), @"now Succeeded []: action 'Ship' did not run: stage 'Prod' was skipped, as its entry condition says");
}

/// Semantics 2.9: a condition that is met, and one that is overridden while it is
/// judged.
#[test]
fn a_condition_that_is_met_or_overridden_lets_the_stage_go_on() {
    let mut log = judged();
    log.server("JobFinished")
        .of(
            "RuleSucceeded",
            1,
            condition("BEFORE_ENTRY", json!({"rule": "Window", "external": {}})),
        )
        .of(
            "ConditionEnded",
            1,
            condition("BEFORE_ENTRY", json!({"status": "Succeeded"})),
        )
        .of("ConditionStarted", 1, condition("ON_SUCCESS", json!({})))
        .rule(1, "ON_SUCCESS", "Alarm", "CloudWatchAlarm");
    log.by("carol", "OverrideCondition")
        .of("ConditionOverridden", 1, condition("ON_SUCCESS", json!({})))
        .of(
            "RuleAbandoned",
            1,
            condition("ON_SUCCESS", json!({"rule": "Alarm", "job": null})),
        )
        .in_stage("StageSucceeded", 1, "Prod")
        .of("ExecutionSucceeded", 1, json!({}));
    insta::assert_snapshot!(log.why_stage(1, "Prod"), @"
    2 Started: it started because bob asked
    2 StageEntered: it entered stage 'Prod'
    2 ConditionStarted: the rules of the entry condition of stage 'Prod' started
    2 RuleStarted: rule 'Window' started: provider Rule/AWS/DeploymentWindow/1 has until 2024-05-01T13:02:00Z
    3 RuleSucceeded: the criterion of rule 'Window' holds
    3 ConditionPassed: the entry condition of stage 'Prod' was met
    3 ConditionStarted: the rules of the success condition of stage 'Prod' started
    3 RuleStarted: rule 'Alarm' started: provider Rule/AWS/CloudWatchAlarm/1 has until 2024-05-01T13:03:00Z
    4 ConditionOverridden: carol overrode the success condition of stage 'Prod'
    4 RuleAbandoned: rule 'Alarm' of the success condition of stage 'Prod' was not waited for
    4 StageSucceeded: stage 'Prod' succeeded
    4 Succeeded: it succeeded: it is through its last stage
    now Succeeded []: stage 'Prod' succeeded
    ");
}
