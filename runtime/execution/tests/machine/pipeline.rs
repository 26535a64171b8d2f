//! The life of the pipeline itself.

use crate::definitions::{build, pipeline, source, stage, three_stages, variable};
use crate::line::Line;
use lockgate_execution::{Command, Rejected, UpdatePolicy};
use lockgate_model::definition::Pipeline;

fn create(definition: Pipeline) -> Command {
    Command::CreatePipeline {
        definition: Box::new(definition),
    }
}

#[test]
fn a_pipeline_is_created_once_and_counts_its_versions() {
    let mut line = Line::new(&three_stages());
    let refused = line.ask(create(three_stages())).unwrap_err();
    assert_eq!(refused.exception(), "PipelineNameInUseException");
    let mut changed = three_stages();
    changed.version = 40;
    line.update(&changed);
    assert_eq!(line.state.definition().unwrap().version, 2);
}

#[test]
fn what_cannot_run_at_all_is_refused() {
    let twice = pipeline(vec![stage("A", vec![build("x"), build("x")])]);
    let empty = pipeline(vec![stage("A", vec![source("x")]), stage("B", vec![])]);
    let same = pipeline(vec![
        stage("A", vec![source("x")]),
        stage("A", vec![build("y")]),
    ]);
    let mut renamed = three_stages();
    renamed.name = "other".into();
    let mut line = Line::new(&three_stages());
    for bad in [twice, empty, same, pipeline(vec![]), renamed] {
        let refused = line
            .ask(Command::UpdatePipeline {
                definition: Box::new(bad),
                policy: UpdatePolicy::Cancel,
            })
            .unwrap_err();
        assert!(matches!(refused, Rejected::InvalidStructure { .. }));
    }
}

#[test]
fn an_update_cancels_what_runs_after_its_actions_and_what_waits_at_once() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    line.start();
    line.succeed("get");
    assert_eq!(
        line.update(&three_stages()),
        [
            "PipelineUpdated",
            "ExecutionCancelling 1",
            "ExecutionCancelling 2",
            "ExecutionCancelled 2",
        ]
    );
    line.start();
    assert_eq!(
        line.succeed("get")[2..],
        ["ExecutionWaiting 3 Build"],
        "the old one holds its stage until its action ends"
    );
    assert_eq!(
        line.succeed("make"),
        [
            "ActionSucceeded 1 Build make",
            "StageCancelled 1 Build",
            "ExecutionCancelled 1",
            "StageEntered 3 Build",
            "ActionStarted 3 Build make",
        ]
    );
}

#[test]
fn an_update_may_take_away_the_stage_an_execution_is_in() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    line.update(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Ship", vec![build("go")]),
    ]));
    assert!(line.state.gate("Build").is_some(), "somebody is in it");
    line.succeed("make");
    line.start();
    assert!(line.state.gate("Build").is_none());
    line.succeed("get");
    line.succeed("go");
    assert_eq!(line.status(2), "Succeeded");
}

#[test]
fn a_deletion_ends_everything_at_once_and_may_be_repeated() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.succeed("get");
    line.start();
    assert_eq!(
        line.ask(Command::DeletePipeline).unwrap(),
        [
            "PipelineDeleted",
            "ExecutionCancelling 1",
            "ActionAbandoned 1 Build make",
            "StageCancelled 1 Build",
            "ExecutionCancelled 1",
            "ExecutionCancelling 2",
            "ActionAbandoned 2 Source get",
            "StageCancelled 2 Source",
            "ExecutionCancelled 2",
        ]
    );
    assert!(line.ask(Command::DeletePipeline).unwrap().is_empty());
    assert!(!line.state.exists());
}

#[test]
fn a_deletion_does_not_wait_for_an_execution_that_is_being_stopped() {
    let mut line = Line::new(&three_stages());
    line.start();
    line.stop(1, false).unwrap();
    line.ask(Command::DeletePipeline).unwrap();
    assert_eq!(line.status(1), "Cancelled");
}

#[test]
fn a_deleted_pipeline_takes_no_commands_and_can_be_created_anew() {
    let mut line = Line::new(&three_stages());
    line.update(&three_stages());
    line.ask(Command::DeletePipeline).unwrap();
    let refused = line.start_with(Default::default(), vec![]).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "there is no pipeline 'site'; create it first, or list the pipelines there are"
    );
    line.ask(create(three_stages())).unwrap();
    assert_eq!(line.state.definition().unwrap().version, 1);
    line.start();
}

#[test]
fn an_id_starts_one_execution() {
    let mut line = Line::new(&three_stages());
    line.start();
    let again = Command::StartExecution {
        id: crate::line::execution(1),
        trigger: lockgate_model::trigger::Trigger {
            trigger_type: lockgate_model::trigger::TriggerType::StartPipelineExecution,
            trigger_detail: String::new(),
        },
        variables: Default::default(),
        source_revisions: vec![],
    };
    let refused = line.ask(again).unwrap_err();
    assert_eq!(refused.exception(), "ConflictException");
}

#[test]
fn a_start_needs_a_value_for_every_variable_and_takes_no_others() {
    let mut definition = three_stages();
    definition.variables = vec![variable("env", None), variable("size", Some("small"))];
    let mut line = Line::new(&definition);
    let start = |line: &mut Line, pairs: &[(&str, &str)]| {
        let given = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        line.start_with(given, vec![])
    };
    assert_eq!(
        start(&mut line, &[]).unwrap_err().to_string(),
        "pipeline 'site' cannot start without a value for 'env'; give one with the start, or a defaultValue in the definition"
    );
    assert_eq!(
        start(&mut line, &[("env", "x"), ("colour", "red")])
            .unwrap_err()
            .to_string(),
        "pipeline 'site' declares no variable 'colour'; declare it in the definition, or start without it"
    );
    start(&mut line, &[("env", "test")]).unwrap();
    let variables = &line.run(1).variables;
    assert_eq!(
        (variables["env"].as_str(), variables["size"].as_str()),
        ("test", "small")
    );
}
