//! The rows that a decision changes.

use crate::definitions::{
    Line, Words, approval, execution, pending, pipeline, source, stage, three_stages,
};
use lockgate_execution::{ApprovalStatus, Changed, Direction, changes};
use lockgate_model::definition::RetryMode;
use lockgate_model::status::{ActionStatus, ExecutionStatus, StageStatus};

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
