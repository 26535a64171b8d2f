//! Stopping: wait, abandon, and the one after the other.

use crate::definitions::{Words, build, failure, pipeline, source, stage, three_stages};
use crate::line::Line;
use lockgate_execution::{Effect, Event, PipelineState, Rejected, apply, owed};
use lockgate_model::definition::RetryMode;

fn two_running() -> Line {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Build", vec![build("a"), build("b"), build("c").order(2)]),
        stage("Ship", vec![build("d")]),
    ]));
    line.start();
    line.succeed("get");
    line
}

#[test]
fn a_stop_waits_for_running_actions_and_starts_no_others() {
    let mut line = two_running();
    assert_eq!(line.stop(1, false).unwrap(), ["ExecutionStopping 1"]);
    assert_eq!(line.status(1), "Stopping");
    assert_eq!(line.succeed("a"), ["ActionSucceeded 1 Build a"]);
    assert_eq!(
        line.succeed("b"),
        [
            "ActionSucceeded 1 Build b",
            "StageStopped 1 Build",
            "ExecutionStopped 1",
        ]
    );
}

#[test]
fn a_failure_while_stopping_still_ends_as_stopped() {
    let mut line = two_running();
    line.stop(1, false).unwrap();
    line.fail("a");
    line.succeed("b");
    assert_eq!(line.status(1), "Stopped");
}

#[test]
fn an_abandoning_stop_ends_everything_at_once_and_ends_the_jobs() {
    let mut line = two_running();
    let (a, b) = (line.job("a"), line.job("b"));
    let before = line.log.len();
    assert_eq!(
        line.stop(1, true).unwrap(),
        [
            "ExecutionStopping 1",
            "ActionAbandoned 1 Build a",
            "ActionAbandoned 1 Build b",
            "StageStopped 1 Build",
            "ExecutionStopped 1",
        ]
    );
    assert_eq!(
        owed(&line.state, &line.log[before..]),
        [Effect::Cancel(a.id), Effect::Cancel(b.id)]
    );
    let refused = line.answer(&a, failure("late")).unwrap_err();
    assert!(matches!(refused, Rejected::StaleJob { .. }));
}

#[test]
fn a_waiting_stop_can_become_an_abandoning_one_but_not_be_repeated() {
    let mut line = two_running();
    line.stop(1, false).unwrap();
    let refused = line.stop(1, false).unwrap_err();
    assert!(matches!(refused, Rejected::DuplicatedStopRequest { .. }));
    line.stop(1, true).unwrap();
    let refused = line.stop(1, true).unwrap_err();
    assert_eq!(
        refused.exception(),
        "PipelineExecutionNotStoppableException"
    );
    assert!(refused.to_string().contains("is Stopped"), "{refused}");
}

#[test]
fn a_waiting_execution_stops_at_once_and_cannot_be_retried() {
    let mut line = two_running();
    line.start();
    line.succeed("get");
    assert_eq!(
        line.stop(2, false).unwrap(),
        ["ExecutionStopping 2", "ExecutionStopped 2"]
    );
    let refused = line.retry(2, "Build", RetryMode::AllActions).unwrap_err();
    assert!(refused.to_string().contains("execution"), "{refused}");
    line.succeed("a");
    line.succeed("b");
    line.succeed("c");
    assert_eq!(line.status(2), "Stopped");
}

#[test]
fn a_stop_frees_the_stage_for_the_next() {
    let mut line = two_running();
    line.start();
    line.succeed("get");
    let told = line.stop(1, true).unwrap();
    assert!(
        told.contains(&"StageEntered 2 Build".to_owned()),
        "{told:?}"
    );
}

#[test]
fn a_stopped_stage_goes_on_where_it_was_when_retried() {
    let mut line = two_running();
    line.stop(1, false).unwrap();
    line.succeed("a");
    line.succeed("b");
    assert_eq!(
        line.retry(1, "Build", RetryMode::FailedActions).unwrap(),
        ["StageRetried 1 Build", "ActionStarted 1 Build c"]
    );
    line.succeed("c");
    line.succeed("d");
    assert_eq!(line.status(1), "Succeeded");
}

#[test]
fn what_never_was_cannot_be_stopped() {
    let mut line = Line::new(&three_stages());
    let refused = line.stop(7, false).unwrap_err();
    assert_eq!(refused.exception(), "PipelineExecutionNotFoundException");
}

/// semantics 2.6: a log that was cut behind the request still says that it was
/// made.
#[test]
fn an_abandoning_stop_is_asked_once() {
    let mut line = two_running();
    line.stop(1, true).unwrap();
    let cut = line
        .log
        .iter()
        .position(|recorded| matches!(recorded.event, Event::ExecutionStopping { .. }))
        .unwrap();
    let log = line.log[..=cut].to_vec();
    let mut state = PipelineState::new(line.state.tenant().clone(), line.state.name());
    for recorded in &log {
        apply(&mut state, recorded).unwrap();
    }
    let mut line = Line::resume(state, log);
    for abandon in [true, false] {
        assert!(matches!(
            line.stop(1, abandon),
            Err(Rejected::DuplicatedStopRequest { .. })
        ));
    }
    line.pass();
    assert_eq!(line.status(1), "Stopped");
}

/// semantics 2.4, 2.6: who stops what an update ends says how it ends.
#[test]
fn what_an_update_ends_can_still_be_stopped_and_abandoned() {
    for abandon in [false, true] {
        let mut line = two_running();
        line.update(&three_stages());
        assert_eq!(line.status(1), "InProgress");
        line.stop(1, abandon).unwrap();
        if !abandon {
            assert_eq!(line.status(1), "Stopping");
            line.succeed("a");
            line.succeed("b");
        }
        assert_eq!(line.status(1), "Stopped");
        assert!(matches!(
            line.retry(1, "Build", RetryMode::FailedActions),
            Err(Rejected::StageNotRetryable { .. })
        ));
    }
}
