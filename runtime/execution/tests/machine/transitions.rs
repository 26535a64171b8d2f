//! Disabled transitions: before a stage, and behind it.

use crate::definitions::{DAY, MINUTE, approval, build, pipeline, source, stage, three_stages};
use crate::line::Line;
use lockgate_execution::{Command, Direction, Rejected};

#[test]
fn a_disabled_inbound_transition_holds_arrivals_and_not_who_is_inside() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    line.disable("Build", Direction::Inbound);
    line.start();
    assert_eq!(line.succeed("get")[2..], ["ExecutionWaiting 2 Build"]);
    line.succeed("make");
    line.succeed("put");
    assert_eq!(line.status(1), "Succeeded");
    assert_eq!(line.status(2), "InProgress");
    assert_eq!(
        line.enable("Build", Direction::Inbound),
        [
            "TransitionEnabled Build",
            "StageEntered 2 Build",
            "ActionStarted 2 Build make",
        ]
    );
}

#[test]
fn who_waits_at_a_disabled_transition_can_be_superseded() {
    let mut line = Line::new(&three_stages());
    line.disable("Build", Direction::Inbound);
    for _ in 0..2 {
        line.start();
        line.succeed("get");
    }
    assert_eq!(line.status(1), "Superseded");
    line.enable("Build", Direction::Inbound);
    assert_eq!(line.run(2).current_stage().unwrap().name, "Build");
}

#[test]
fn a_disabled_outbound_transition_holds_what_leaves_the_stage() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.disable("Build", Direction::Outbound);
    line.succeed("get");
    assert_eq!(line.succeed("make")[2..], ["ExecutionWaiting 1 Deploy"]);
    line.enable("Build", Direction::Outbound);
    line.succeed("put");
    assert_eq!(line.status(1), "Succeeded");
}

#[test]
fn both_sides_are_kept_apart() {
    let mut line = Line::new(&three_stages());
    line.disable("Build", Direction::Outbound);
    line.disable("Deploy", Direction::Inbound);
    line.start();
    line.succeed("get");
    line.succeed("make");
    assert_eq!(
        line.enable("Build", Direction::Outbound),
        ["TransitionEnabled Build"]
    );
    let gate = line.state.gate("Deploy").unwrap();
    assert!(!gate.inbound.enabled && gate.outbound.enabled);
    assert_eq!(gate.inbound.reason.as_deref(), Some("frozen"));
    assert!(gate.inbound.changed_by.is_some());
    assert_eq!(line.enable("Deploy", Direction::Inbound).len(), 3);
}

#[test]
fn the_last_stage_lets_finished_executions_go_whatever_its_outbound_side_says() {
    let mut line = Line::new(&three_stages());
    line.disable("Deploy", Direction::Outbound);
    line.start();
    line.succeed("get");
    line.succeed("make");
    line.succeed("put");
    assert_eq!(line.status(1), "Succeeded");
}

#[test]
fn after_thirty_days_at_a_disabled_transition_an_execution_is_cancelled() {
    for (days, goes_on) in [(29, true), (31, false)] {
        let mut line = Line::new(&three_stages());
        line.disable("Build", Direction::Inbound);
        line.start();
        line.succeed("get");
        line.later(days * DAY);
        let told = line.enable("Build", Direction::Inbound);
        assert_eq!(told.contains(&"StageEntered 1 Build".to_owned()), goes_on);
        assert_eq!(told.contains(&"ExecutionCancelled 1".to_owned()), !goes_on);
    }
}

/// semantics 2.5
#[test]
fn only_the_time_behind_the_disabled_transition_counts_towards_thirty_days() {
    let mut slow = approval("ok");
    slow.timeout_in_minutes = Some(86_400);
    let definition = pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Build", vec![build("make")]),
        stage("Gate", vec![slow]),
    ]);
    for (side, at) in [(Direction::Inbound, "Gate"), (Direction::Outbound, "Build")] {
        let mut line = Line::new(&definition);
        for _ in 0..2 {
            line.start();
            line.succeed("get");
            line.succeed("make");
        }
        // All this time the other one was in the way.
        line.later(40 * DAY).disable(at, side);
        assert_eq!(
            line.later(MINUTE).enable(at, side),
            [format!("TransitionEnabled {at}")]
        );
        line.stop(1, true).unwrap();
        assert_eq!(line.run(2).current_stage().unwrap().name, "Gate");
    }
}

#[test]
fn enabling_what_is_enabled_changes_nothing() {
    let mut line = Line::new(&three_stages());
    assert!(line.enable("Build", Direction::Inbound).is_empty());
}

#[test]
fn a_transition_needs_a_stage() {
    let mut line = Line::new(&three_stages());
    let refused = line
        .ask(Command::DisableTransition {
            stage: "Bild".into(),
            direction: Direction::Inbound,
            reason: "typo".into(),
        })
        .unwrap_err();
    assert!(matches!(refused, Rejected::StageNotFound { .. }));
}

#[test]
fn an_update_keeps_the_transitions_of_stages_that_stay() {
    let mut line = Line::new(&three_stages());
    line.disable("Build", Direction::Inbound);
    line.update(&three_stages());
    assert!(!line.state.gate("Build").unwrap().inbound.enabled);
}
