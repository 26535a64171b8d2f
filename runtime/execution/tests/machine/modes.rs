//! What a newer execution does to older ones.

use crate::definitions::{Words, approval, build, pipeline, source, stage, three_stages};
use crate::line::Line;
use lockgate_execution::{Direction, Rejected};
use lockgate_model::definition::{ExecutionMode, Pipeline};

fn in_mode(mode: ExecutionMode) -> Pipeline {
    Pipeline {
        execution_mode: mode,
        ..three_stages()
    }
}

#[test]
fn superseded_a_newer_execution_takes_the_place_of_the_one_that_waits() {
    let mut line = Line::new(&three_stages());
    line.start();
    assert_eq!(
        line.start(),
        ["ExecutionStarted 2", "ExecutionWaiting 2 Source"]
    );
    assert_eq!(
        line.start(),
        [
            "ExecutionStarted 3",
            "ExecutionSuperseded 2",
            "ExecutionWaiting 3 Source",
        ]
    );
    assert_eq!(
        line.succeed("get")[4..],
        ["StageEntered 3 Source", "ActionStarted 3 Source get"]
    );
}

#[test]
fn superseded_a_running_stage_is_never_interrupted() {
    let mut line = Line::new(&three_stages());
    for _ in 0..3 {
        line.start();
        line.succeed("get");
    }
    assert_eq!(line.status(1), "InProgress");
    assert_eq!(line.status(2), "Superseded");
    assert_eq!(line.run(2).superseded_by, Some(crate::line::execution(3)));
    line.succeed("make");
    assert_eq!(line.run(3).current_stage().unwrap().name, "Build");
}

#[test]
fn superseded_every_stage_has_its_own_slot() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Build", vec![build("make")]),
        stage("Gate", vec![approval("ok")]),
    ]));
    for _ in 0..2 {
        line.start();
        line.succeed("get");
        line.succeed("make");
    }
    line.start();
    line.succeed("get");
    line.start();
    line.succeed("get");
    line.start();
    line.start();
    let waiting = |stage: &str| line.state.gate(stage).unwrap().waiting.len();
    assert_eq!(
        ["Source", "Build", "Gate"].map(waiting),
        [1, 1, 1],
        "2 waits for the gate, 4 for the build, 6 for the source"
    );
    for number in [1, 2, 3, 4, 5, 6] {
        assert_eq!(line.status(number), "InProgress", "{number}");
    }
    assert_eq!(line.state.live().count(), 6);
}

#[test]
fn superseded_a_failure_lets_the_next_one_in() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    line.start();
    line.succeed("get");
    assert_eq!(
        line.fail("make"),
        [
            "ActionFailed 1 Build make",
            "StageFailed 1 Build",
            "ExecutionFailed 1 Build",
            "StageEntered 2 Build",
            "ActionStarted 2 Build make",
        ]
    );
}

#[test]
fn queued_everybody_waits_and_nobody_is_superseded_or_overtaken() {
    let mut line = Line::new(&in_mode(ExecutionMode::Queued));
    for _ in 0..4 {
        line.start();
    }
    for number in 1..=4 {
        line.succeed("get");
        line.succeed("make");
        let told = line.succeed("put");
        assert!(told.contains(&format!("ExecutionSucceeded {number}")));
    }
}

#[test]
fn queued_there_are_fifty_at_the_most() {
    for mode in [ExecutionMode::Queued, ExecutionMode::Parallel] {
        let mut line = Line::new(&in_mode(mode));
        for _ in 0..50 {
            line.start();
        }
        let refused = line.start_with(Default::default(), vec![]).unwrap_err();
        assert!(
            matches!(
                refused,
                Rejected::ConcurrentExecutionsLimit { limit: 50, .. }
            ),
            "{refused}"
        );
    }
}

#[test]
fn parallel_executions_do_not_see_each_other() {
    let mut line = Line::new(&in_mode(ExecutionMode::Parallel));
    for _ in 0..3 {
        line.start();
    }
    assert_eq!(line.jobs().len(), 3);
    let [_, second, _] = &line.jobs()[..] else {
        panic!()
    };
    let second = second.clone();
    let outcome = lockgate_model::job::Outcome::Succeeded(crate::definitions::success(&second));
    let told = line.answer(&second, outcome).unwrap();
    assert!(told.contains(&"StageEntered 2 Build".to_owned()));
}

#[test]
fn parallel_one_execution_runs_five_actions_at_a_time() {
    let mut definition = pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Test", (0..8).map(|n| build(&format!("t{n}"))).collect()),
    ]);
    definition.execution_mode = ExecutionMode::Parallel;
    let mut line = Line::new(&definition);
    line.start();
    line.succeed("get");
    assert_eq!(line.jobs().len(), 5);
    assert_eq!(
        line.succeed("t2"),
        ["ActionSucceeded 1 Test t2", "ActionStarted 1 Test t5"]
    );
}

#[test]
fn parallel_executions_finish_under_the_definition_they_started_with() {
    let mut line = Line::new(&in_mode(ExecutionMode::Parallel));
    line.start();
    line.disable("Build", Direction::Inbound);
    line.succeed("get");
    assert_eq!(line.update(&three_stages()), ["PipelineUpdated"]);
    line.start();
    line.succeed("get");
    assert_eq!(
        line.state.gate("Build").unwrap().waiting.len(),
        2,
        "the old one stands in nobody's way and is not superseded"
    );
    let told = line.enable("Build", Direction::Inbound);
    assert!(
        told.contains(&"StageEntered 1 Build".to_owned()),
        "{told:?}"
    );
    assert!(
        told.contains(&"StageEntered 2 Build".to_owned()),
        "{told:?}"
    );
}

#[test]
fn a_group_of_one_stage_may_hold_many_actions_outside_parallel_mode() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage(
            "Test",
            (0..60).map(|n| build(&format!("t{n}")).order(3)).collect(),
        ),
    ]));
    line.start();
    line.succeed("get");
    assert_eq!(line.jobs().len(), 60);
}
