//! Stages in order, actions in groups.

use crate::definitions::{Words, approval, build, pipeline, source, stage, three_stages};
use crate::line::Line;

#[test]
fn a_start_enters_the_first_stage_and_starts_its_actions() {
    let mut line = Line::new(&three_stages());
    assert_eq!(
        line.start(),
        [
            "ExecutionStarted 1",
            "StageEntered 1 Source",
            "ActionStarted 1 Source get",
        ]
    );
}

#[test]
fn a_stage_follows_when_every_action_of_the_one_before_succeeded() {
    let mut line = Line::new(&three_stages());
    line.start();
    assert_eq!(
        line.succeed("get"),
        [
            "ActionSucceeded 1 Source get",
            "StageSucceeded 1 Source",
            "StageEntered 1 Build",
            "ActionStarted 1 Build make",
        ]
    );
    line.succeed("make");
    assert_eq!(
        line.succeed("put"),
        [
            "ActionSucceeded 1 Deploy put",
            "StageSucceeded 1 Deploy",
            "ExecutionSucceeded 1",
        ]
    );
    assert!(line.jobs().is_empty());
}

fn groups() -> Line {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage(
            "Build",
            vec![
                build("last").order(7),
                build("a").order(2),
                build("b").order(2),
                build("c").order(3),
            ],
        ),
    ]));
    line.start();
    line
}

#[test]
fn equal_run_orders_run_side_by_side_and_gaps_do_not_matter() {
    let mut line = groups();
    assert_eq!(
        line.succeed("get")[2..],
        [
            "StageEntered 1 Build",
            "ActionStarted 1 Build a",
            "ActionStarted 1 Build b",
        ]
    );
    assert_eq!(line.succeed("b"), ["ActionSucceeded 1 Build b"]);
    assert_eq!(
        line.succeed("a"),
        ["ActionSucceeded 1 Build a", "ActionStarted 1 Build c"]
    );
    assert_eq!(
        line.succeed("c"),
        ["ActionSucceeded 1 Build c", "ActionStarted 1 Build last"]
    );
}

#[test]
fn after_a_failure_started_siblings_finish_and_no_later_group_starts() {
    let mut line = groups();
    line.succeed("get");
    assert_eq!(line.fail("a"), ["ActionFailed 1 Build a"]);
    assert_eq!(
        line.succeed("b"),
        [
            "ActionSucceeded 1 Build b",
            "StageFailed 1 Build",
            "ExecutionFailed 1 Build",
        ]
    );
}

#[test]
fn two_sources_run_side_by_side_and_the_second_one_opens_the_next_stage() {
    let mut line = Line::new(&pipeline(vec![
        stage(
            "Source",
            vec![source("x").makes("a"), source("y").makes("b")],
        ),
        stage("Gate", vec![approval("ok")]),
    ]));
    assert_eq!(line.start().len(), 4);
    assert_eq!(line.succeed("y"), ["ActionSucceeded 1 Source y"]);
    assert_eq!(
        line.succeed("x")[1..],
        [
            "StageSucceeded 1 Source",
            "StageEntered 1 Gate",
            "ActionStarted 1 Gate ok",
        ]
    );
}

#[test]
fn an_action_gets_the_artifacts_of_the_actions_before_it() {
    let mut line = Line::new(&three_stages());
    line.start();
    let get = line.job("get");
    assert_eq!(get.output_artifacts[0].name, "src");
    line.succeed("get");
    let make = line.job("make");
    let [src] = make.input_artifacts.as_slice() else {
        panic!("{make:?}")
    };
    assert_eq!(src.name, "src");
    assert_eq!(src.revision.as_deref(), Some("rev-of-get"));
    assert_eq!(src.digest, crate::definitions::artifact("src", &get).digest);
}
