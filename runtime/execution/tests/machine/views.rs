//! The rows that a decision changes.

use crate::definitions::{
    Judged, Words, action, approval, build, failure, pending, pipeline, rule, source, stage,
    three_stages,
};
use crate::line::{Line, execution};
use lockgate_execution::{ApprovalStatus, Changed, Command, Direction, StopView, changes};
use lockgate_model::action_type::Category;
use lockgate_model::definition::{ConditionResult, ConditionType, RetryMode};
use lockgate_model::id::Principal;
use lockgate_model::status::{
    ActionStatus, ConditionStatus, ExecutionStatus, JobStatus, RuleStatus, StageStatus,
};
use lockgate_model::trigger::{ExecutionType, RetryTrigger};

fn changed(line: &mut Line, act: impl FnOnce(&mut Line)) -> Changed {
    let before = line.log.len();
    act(line);
    changes(&line.state, &line.log[before..])
}

#[test]
fn one_decision_changes_each_row_once() {
    let mut line = Line::new(&three_stages());
    line.start();
    let rows = changed(&mut line, |line| {
        line.succeed("get");
    });
    let [run] = rows.executions.as_slice() else {
        panic!("{rows:#?}")
    };
    assert_eq!(run.stage.as_deref(), Some("Build"));
    assert_eq!(run.fetched[0].artifact.as_deref(), Some("src"));
    assert_eq!(run.fetched[0].revision.id, "rev-of-get");
    let stages: Vec<_> = rows
        .stages
        .iter()
        .map(|row| (row.stage.as_str(), row.status))
        .collect();
    assert_eq!(
        stages,
        [
            ("Source", StageStatus::Succeeded),
            ("Build", StageStatus::InProgress),
        ]
    );
    let [get, make] = rows.actions.as_slice() else {
        panic!("{rows:#?}")
    };
    assert_eq!(
        (get.status, get.ended),
        (ActionStatus::Succeeded, Some(line.now))
    );
    assert_eq!((make.status, make.ended), (ActionStatus::InProgress, None));
    assert!(!rows.pipeline && !rows.transitions && rows.approvals.is_empty());
}

#[test]
fn the_end_of_an_execution_can_still_be_seen() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    line.succeed("make");
    let rows = changed(&mut line, |line| {
        line.succeed("put");
    });
    let run = &rows.executions[0];
    assert_eq!(run.status, ExecutionStatus::Succeeded);
    assert_eq!((run.ended, run.stage.as_deref()), (Some(line.now), None));
}

#[test]
fn the_superseded_one_and_its_successor_both_change() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.start();
    let rows = changed(&mut line, |line| {
        line.start();
    });
    let statuses: Vec<_> = rows.executions.iter().map(|r| (r.id, r.status)).collect();
    assert_eq!(
        statuses,
        [
            (execution(3), ExecutionStatus::InProgress),
            (execution(2), ExecutionStatus::Superseded),
        ]
    );
    assert_eq!(rows.executions[0].waiting_for.as_deref(), Some("Source"));
    assert_eq!(rows.executions[1].superseded_by, Some(execution(3)));
}

#[test]
fn an_approval_is_a_row_of_its_own() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Gate", vec![approval("ok").key("CustomData", "look")]),
    ]));
    line.start();
    let rows = changed(&mut line, |line| {
        line.succeed("get");
    });
    assert_eq!(rows.approvals[0].status, ApprovalStatus::Open);
    assert_eq!(rows.approvals[0].custom_data.as_deref(), Some("look"));
    let token = line.token();
    assert_eq!(rows.actions[1].token, Some(token));
    let rows = changed(&mut line, |line| {
        line.approve("Gate", "ok", token, false).unwrap();
    });
    assert_eq!(rows.approvals[0].status, ApprovalStatus::Rejected);
    assert_eq!(rows.approvals[0].token, token);
    assert_eq!(rows.actions[0].token, None, "it is good for nothing now");
    line.retry(1, "Gate", RetryMode::FailedActions).unwrap();
    let rows = changed(&mut line, |line| {
        line.stop(1, true).unwrap();
    });
    assert_eq!(rows.approvals[0].status, ApprovalStatus::Withdrawn);
    assert_eq!(rows.executions[0].status_summary.as_deref(), Some("enough"));
}

#[test]
fn stopping_changes_the_stage_too() {
    let mut line = Line::new(&three_stages());
    line.start();
    let rows = changed(&mut line, |line| {
        line.stop(1, false).unwrap();
    });
    assert_eq!(rows.executions[0].status, ExecutionStatus::Stopping);
    assert_eq!(rows.stages[0].status, StageStatus::Stopping);
}

#[test]
fn progress_and_transitions_are_told() {
    let mut line = Line::new(&three_stages());
    line.start();
    let rows = changed(&mut line, |line| {
        line.finish("get", pending("half", 3));
    });
    assert_eq!(rows.actions[0].job.map(|(_, attempt)| attempt), Some(2));
    let rows = changed(&mut line, |line| {
        line.disable("Build", Direction::Inbound);
    });
    assert!(rows.transitions);
}

/// semantics 2.9
#[test]
fn conditions_and_their_rules_are_rows() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Only", vec![build("make")]).entry(
            Some(ConditionResult::Fail),
            vec![rule("a", "VariableCheck"), rule("b", "VariableCheck")],
        ),
    ]));
    line.start();
    let rows = changed(&mut line, |line| {
        line.succeed("get");
    });
    assert_eq!(rows.rules.len(), 2);
    assert_eq!(rows.rules[0].status, RuleStatus::InProgress);
    assert_eq!(rows.rules[0].job.unwrap().0, line.job("a").id);
    let only = rows.stages.iter().find(|row| row.stage == "Only").unwrap();
    assert_eq!(only.conditions[0].condition, ConditionType::BeforeEntry);
    assert_eq!(only.conditions[0].status, ConditionStatus::InProgress);
    line.succeed("a");
    let rows = changed(&mut line, |line| {
        line.finish("b", failure("closed"));
    });
    assert_eq!(rows.rules.len(), 1, "the other one did not change");
    assert_eq!(rows.rules[0].failure.as_ref().unwrap().message, "closed");
    let only = &rows.stages[0];
    assert_eq!(only.status, StageStatus::Failed);
    assert_eq!(
        only.conditions[0].summary.as_deref(),
        Some("rule 'b': closed")
    );
    assert_eq!(only.conditions[0].result, Some(ConditionResult::Fail));
    assert!(only.reason.as_ref().unwrap().contains("BEFORE_ENTRY"));
    let rows = changed(&mut line, |line| {
        line.go_past(1, "Only", ConditionType::BeforeEntry).unwrap();
    });
    let asked = &rows.stages[0].conditions[0];
    assert_eq!(asked.status, ConditionStatus::Overridden);
    assert!(asked.overridden_by.is_some());
    assert_eq!(rows.executions[0].attempt, 2);
}

/// semantics 2.8
#[test]
fn a_rollback_and_the_execution_that_led_to_it_name_each_other() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Only", vec![action("put", Category::Deploy)])
            .on_failure(ConditionResult::Rollback, None),
    ]));
    for _ in 0..2 {
        line.start();
        line.succeed("get");
        if line.started() == 1 {
            line.succeed("put");
        }
    }
    let rows = changed(&mut line, |line| {
        line.fail("put");
    });
    let [failed, back] = rows.executions.as_slice() else {
        panic!("{rows:#?}")
    };
    assert_eq!(failed.rolled_back_by, Some(back.id));
    assert_eq!(
        (failed.kind, back.kind),
        (ExecutionType::Standard, ExecutionType::Rollback)
    );
    let details = back.rollback.as_ref().unwrap();
    assert_eq!(
        (details.target, details.stage.as_str()),
        (execution(1), "Only")
    );
    assert_eq!(back.fetched[0].revision.id, "rev-of-get");
}

/// semantics 2.7
#[test]
fn retries_are_counted_by_whose_wish_they_were() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]).on_failure(ConditionResult::Retry, None),
        stage("Only", vec![build("make")]),
    ]));
    line.start();
    line.fail("get");
    line.fail("get");
    let rows = changed(&mut line, |line| {
        line.retry(1, "Source", RetryMode::AllActions).unwrap();
    });
    let retries = rows.stages[0].retries;
    assert_eq!((retries.automatic, retries.manual), (1, 1));
    assert_eq!(retries.latest, Some(RetryTrigger::ManualStageRetry));
    assert_eq!(rows.executions[0].attempt, 3);
}

/// semantics 2.7
#[test]
fn what_an_automatic_retry_puts_aside_keeps_its_rows() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Gate", vec![approval("ok"), build("make")])
            .entry(None, vec![rule("set", "VariableCheck")])
            .on_failure(ConditionResult::Retry, None),
    ]));
    line.start();
    line.succeed("get");
    let rows = changed(&mut line, |line| {
        line.fail("set");
    });
    let statuses: Vec<_> = rows.rules.iter().map(|row| row.status).collect();
    assert_eq!(statuses, [RuleStatus::Failed, RuleStatus::InProgress]);
    assert_ne!(rows.rules[0].id, rows.rules[1].id);

    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Gate", vec![approval("ok")]).on_failure(ConditionResult::Retry, None),
    ]));
    line.start();
    line.succeed("get");
    let first = line.token();
    let rows = changed(&mut line, |line| {
        line.approve("Gate", "ok", first, false).unwrap();
    });
    let statuses: Vec<_> = rows.actions.iter().map(|row| row.status).collect();
    assert_eq!(statuses, [ActionStatus::Failed, ActionStatus::InProgress]);
    assert_eq!(rows.approvals[0].token, first);
    assert_eq!(rows.approvals[0].status, ApprovalStatus::Rejected);
    assert_eq!(rows.approvals[1].status, ApprovalStatus::Open);
}

/// semantics 2.6
#[test]
fn who_stopped_an_execution_and_why_is_told() {
    let mut line = Line::new(&three_stages());
    line.start();
    let rows = changed(&mut line, |line| {
        line.stop(1, true).unwrap();
    });
    assert_eq!(
        rows.executions[0].stop,
        Some(StopView {
            reason: "enough".into(),
            by: Principal("arn:aws:iam::111122223333:user/ann".into()),
            abandon: true,
        })
    );
}

/// semantics 2.16
#[test]
fn how_far_a_job_is_with_workers_is_told() {
    let mut line = Line::new(&three_stages());
    line.start();
    let job = line.job("get").id;
    let rows = changed(&mut line, |line| {
        line.ask(Command::QueueJob { job }).unwrap();
    });
    assert_eq!(rows.actions[0].worker, Some(JobStatus::Queued));
    let rows = changed(&mut line, |line| {
        line.stop(1, true).unwrap();
    });
    assert_eq!(rows.actions[0].status, ActionStatus::Abandoned);
}

/// semantics 2.12
#[test]
fn both_the_template_and_what_it_became_are_kept() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get").space("git")]),
        stage(
            "Only",
            vec![build("make").key("Tag", "v-#{git.by}").key("Plain", "x")],
        ),
    ]));
    line.start();
    let rows = changed(&mut line, |line| {
        line.succeed("get");
    });
    let input = &rows.actions[1].input;
    assert_eq!(input.configuration["Tag"], "v-get");
    assert_eq!(input.templates.len(), 1, "what is the same is kept once");
    assert_eq!(input.declared_configuration()["Tag"], "v-#{git.by}");
    assert_eq!(input.declared_configuration()["Plain"], "x");
}

/// semantics 2.8
#[test]
fn what_ended_before_a_rollback_in_the_same_decision_keeps_its_row() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage(
            "Last",
            vec![action("put", Category::Deploy).order(2), approval("ok")],
        )
        .on_failure(ConditionResult::Rollback, None),
    ]));
    let to_the_end = |line: &mut Line| {
        line.start();
        line.succeed("get");
        let token = line.token();
        line.approve("Last", "ok", token, true).unwrap();
    };
    to_the_end(&mut line);
    line.succeed("put");
    let mut impossible = line.state.definition().unwrap().as_ref().clone();
    impossible.stages[1].actions[1]
        .configuration
        .insert("CustomData".into(), "#{no.where}".into());
    to_the_end(&mut line);
    line.update_by(&impossible, lockgate_execution::UpdatePolicy::Pin);
    line.start();
    line.succeed("get");
    let rows = changed(&mut line, |line| {
        line.succeed("put");
    });
    let statuses: Vec<_> = rows.executions.iter().map(|row| row.status).collect();
    assert_eq!(
        statuses,
        [
            ExecutionStatus::Succeeded,
            ExecutionStatus::Failed,
            ExecutionStatus::Failed,
        ],
        "the second succeeds, the third fails at once, and so does its rollback"
    );
}
