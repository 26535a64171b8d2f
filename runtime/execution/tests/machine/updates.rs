//! What an update does to executions of older versions (semantics 2.4, 5.11).

use crate::definitions::{
    Judged, Words, action, build, pipeline, rule, source, stage, three_stages,
};
use crate::line::Line;
use lockgate_execution::{Command, Direction, Rejected, UpdatePolicy};
use lockgate_model::action_type::Category;
use lockgate_model::definition::{ExecutionMode, Pipeline, RetryMode};

/// semantics 5.11
#[test]
fn under_pin_executions_finish_under_the_definition_they_started_with() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    line.start();
    let mut changed = three_stages();
    changed.stages.insert(
        2,
        stage("Test", vec![action("check", Category::Test).takes("bin")]),
    );
    assert_eq!(
        line.update_by(&changed, UpdatePolicy::Pin),
        ["PipelineUpdated"]
    );
    let told = line.succeed("make");
    assert!(
        told.contains(&"StageEntered 1 Deploy".to_owned()),
        "{told:?}"
    );
    line.succeed("put");
    assert_eq!(line.status(1), "Succeeded");
    line.start();
    line.succeed("get");
    line.succeed("make");
    line.succeed("put");
    assert_eq!(line.status(2), "Succeeded");
    line.succeed("get");
    let told = line.succeed("make");
    assert!(told.contains(&"StageEntered 3 Test".to_owned()), "{told:?}");
}

/// semantics 5.11
#[test]
fn under_pin_both_definitions_share_the_locks_of_their_stages() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    line.update_by(&three_stages(), UpdatePolicy::Pin);
    line.start();
    let told = line.succeed("get");
    assert_eq!(told[2], "ExecutionWaiting 2 Build");
    line.start();
    let told = line.succeed("get");
    assert!(
        told.contains(&"ExecutionSuperseded 2".to_owned()),
        "{told:?}"
    );
}

/// semantics 5.11
#[test]
fn under_pin_a_stage_is_retried_while_it_is_as_it_was() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    line.fail("make");
    let mut renewed = three_stages();
    renewed.stages[1].actions[0]
        .configuration
        .insert("k".into(), "v".into());
    line.update_by(&renewed, UpdatePolicy::Pin);
    line.retry(1, "Build", RetryMode::AllActions).unwrap();
    assert!(
        line.job("make").configuration.is_empty(),
        "its own settings"
    );
    line.fail("make");
    let mut other = three_stages();
    other.stages[1].actions.push(build("more"));
    line.update_by(&other, UpdatePolicy::Pin);
    let refused = line.retry(1, "Build", RetryMode::AllActions).unwrap_err();
    assert!(refused.to_string().contains("was changed"), "{refused}");
}

/// semantics 5.11
#[test]
fn under_pin_an_execution_still_comes_to_a_stage_that_is_no_more() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    let mut shorter = three_stages();
    shorter.stages.remove(1);
    shorter.stages[1].actions[0].input_artifacts.clear();
    line.disable("Build", Direction::Outbound);
    line.update_by(&shorter, UpdatePolicy::Pin);
    assert_eq!(
        line.succeed("make")[1..],
        ["StageSucceeded 1 Build", "ExecutionWaiting 1 Deploy"]
    );
    let told = line.enable("Build", Direction::Outbound);
    assert_eq!(told[1], "StageEntered 1 Deploy");
    line.succeed("put");
    line.start();
    assert!(
        line.state.gate("Build").is_none(),
        "nobody comes there any more"
    );
}

/// semantics 5.11
#[test]
fn a_later_update_that_cancels_reaches_what_an_earlier_one_spared() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.update_by(&three_stages(), UpdatePolicy::Pin);
    line.start();
    line.update(&three_stages());
    line.succeed("get");
    assert_eq!(line.status(1), "Cancelled");
    assert_eq!(line.status(2), "Cancelled");
}

/// semantics 5.11
#[test]
fn under_pin_an_older_execution_gives_way_to_a_newer_one_that_waits() {
    let stages = |order: [&str; 2]| {
        let stage_of = |name: &str| stage(name, vec![build(&format!("in-{name}"))]);
        pipeline(vec![
            stage("Source", vec![source("get")]),
            stage_of(order[0]),
            stage_of(order[1]),
        ])
    };
    let mut line = Line::new(&stages(["A", "B"]));
    line.disable("B", Direction::Inbound);
    line.start();
    line.succeed("get");
    line.update_by(&stages(["B", "A"]), UpdatePolicy::Pin);
    line.start();
    let told = line.succeed("get");
    assert_eq!(told[2], "ExecutionWaiting 2 B");
    let told = line.succeed("in-A");
    assert_eq!(told[2], "ExecutionSuperseded 1");
    assert_eq!(line.run(1).superseded_by, Some(line.run(2).id));
}

/// semantics 5.11
#[test]
fn under_pin_those_of_a_queue_are_not_superseded_by_newer_ones() {
    let queued = Pipeline {
        execution_mode: ExecutionMode::Queued,
        ..three_stages()
    };
    let mut line = Line::new(&queued);
    for _ in 0..2 {
        line.start();
        line.succeed("get");
    }
    line.update_by(&three_stages(), UpdatePolicy::Pin);
    line.start();
    line.succeed("get");
    assert_eq!(line.state.gate("Build").unwrap().waiting.len(), 2);
    line.start();
    line.succeed("get");
    assert_eq!(line.status(2), "InProgress");
    assert_eq!(line.status(3), "Superseded");
}

/// semantics 5.11
#[test]
fn under_pin_the_next_enters_when_the_one_that_was_held_before_it_is_gone() {
    let stages = |order: [&str; 2]| Pipeline {
        execution_mode: ExecutionMode::Queued,
        ..pipeline(vec![
            stage("Source", vec![source("get")]),
            stage(order[0], vec![build(&format!("in-{}", order[0]))]),
            stage(order[1], vec![build(&format!("in-{}", order[1]))]),
        ])
    };
    let mut line = Line::new(&stages(["A", "B"]));
    line.start();
    line.succeed("get");
    line.disable("A", Direction::Outbound);
    line.succeed("in-A");
    line.update_by(&stages(["B", "A"]), UpdatePolicy::Pin);
    line.start();
    let told = line.succeed("get");
    assert_eq!(told[2], "ExecutionWaiting 2 B", "behind one that is held");
    assert_eq!(
        line.stop(1, false).unwrap()[1..],
        [
            "ExecutionStopped 1",
            "StageEntered 2 B",
            "ActionStarted 2 B in-B",
        ]
    );
}

/// semantics 2.9
#[test]
fn a_condition_has_rules_and_each_its_own_name() {
    let twice = three_stages();
    let with = |rules| {
        let mut wanted = twice.clone();
        wanted.stages[1] = wanted.stages[1].clone().entry(None, rules);
        Command::UpdatePipeline {
            definition: Box::new(wanted),
            policy: UpdatePolicy::Cancel,
        }
    };
    let mut line = Line::new(&three_stages());
    let refused = line
        .ask(with(vec![rule("a", "X"), rule("a", "X")]))
        .unwrap_err();
    assert!(refused.to_string().contains("are named 'a'"), "{refused}");
    let refused = line.ask(with(vec![])).unwrap_err();
    assert!(refused.to_string().contains("has no rule"), "{refused}");
}

/// semantics 2.7, 5.11: a stage that an update takes away and another brings back
/// still knows who entered it last, and that it is disabled.
#[test]
fn under_pin_a_stage_that_comes_back_knows_who_entered_it_last() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    line.start();
    line.succeed("get");
    line.fail("make");
    line.succeed("make");
    line.succeed("put");
    assert_eq!([1, 2].map(|n| line.status(n)), ["Failed", "Succeeded"]);
    line.disable("Build", Direction::Inbound);
    let without = pipeline(vec![
        stage("Source", vec![source("get").makes("src").space("git")]),
        stage("Deploy", vec![action("put", Category::Deploy).takes("src")]),
    ]);
    line.update_by(&without, UpdatePolicy::Pin);
    line.update_by(&three_stages(), UpdatePolicy::Pin);
    assert!(matches!(
        line.retry(1, "Build", RetryMode::FailedActions),
        Err(Rejected::NotLatestExecution { .. })
    ));
    assert!(!line.state.gate("Build").unwrap().inbound.enabled);
}
