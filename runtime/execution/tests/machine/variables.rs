//! `#{namespace.key}`, just before an action starts.

use crate::definitions::{Words, build, pipeline, source, stage, success, variable};
use crate::line::{Line, execution};
use lockgate_model::definition::{Action, EnvironmentVariable, Pipeline};
use lockgate_model::job::Outcome;
use std::collections::BTreeMap;

fn with(make: Action) -> Pipeline {
    let mut definition = pipeline(vec![
        stage("Source", vec![source("get").space("git")]),
        stage("Build", vec![make, build("sibling")]),
    ]);
    definition.variables = vec![variable("env", Some("test"))];
    definition
}

/// What the action's failure says.
fn problem(make: Action) -> String {
    let mut line = Line::new(&with(make));
    line.start();
    let told = line.succeed("get");
    assert_eq!(
        told[3..],
        [
            "ActionStarted 1 Build make",
            "ActionStarted 1 Build sibling",
            "ActionFailed 1 Build make",
        ],
        "the group starts as a whole"
    );
    line.run(1)
        .stage("Build")
        .unwrap()
        .action("make")
        .unwrap()
        .failure
        .clone()
        .map(|failure| format!("{}: {}", failure.kind.as_str(), failure.message))
        .unwrap()
}

#[test]
fn references_are_resolved_in_configuration_environment_and_commands() {
    let mut make = build("make")
        .key("a", "#{git.by} in #{variables.env}")
        .key("b", "#{codepipeline.PipelineExecutionId}");
    make.commands = vec!["echo #{git.by}".into()];
    make.environment_variables = vec![EnvironmentVariable {
        name: "E".into(),
        value: "#{variables.env}".into(),
    }];
    let mut line = Line::new(&with(make));
    line.start();
    line.succeed("get");
    let job = line.job("make");
    assert_eq!(job.configuration["a"], "get in test");
    assert_eq!(job.configuration["b"], execution(1).to_string());
    assert_eq!(job.commands, ["echo get"]);
    assert_eq!(job.environment_variables[0].value, "test");
}

#[test]
fn a_value_that_looks_like_a_reference_stays_a_value() {
    let mut line = Line::new(&with(build("make").key("a", "#{git.by}")));
    line.start();
    let mut made = success(&line.job("get"));
    made.variables = BTreeMap::from([("by".to_owned(), "#{variables.env}".to_owned())]);
    line.finish("get", Outcome::Succeeded(made));
    assert_eq!(line.job("make").configuration["a"], "#{variables.env}");
}

#[test]
fn an_unknown_reference_fails_the_action_and_says_what_there_is() {
    for (text, says) in [
        (
            "#{git.sha}",
            "ConfigurationError: configuration key 'a': #{git.sha} is not known: the namespace 'git' has 'by'; write one of its variables",
        ),
        (
            "#{got.by}",
            "ConfigurationError: configuration key 'a': #{got.by} is not known: no action before this one has the namespace 'got'; give it to the action that sets the variable",
        ),
        (
            "#{variables.Env}",
            "ConfigurationError: configuration key 'a': #{variables.Env} is not known: the namespace 'variables' has 'env'; write one of its variables",
        ),
        (
            "#{codepipeline.Nothing}",
            "ConfigurationError: configuration key 'a': #{codepipeline.Nothing} is not known: the namespace 'codepipeline' has 'PipelineExecutionId'; write one of its variables",
        ),
        (
            "#{git",
            "ConfigurationError: configuration key 'a': '#{git' is not a variable; write #{namespace.key}",
        ),
    ] {
        assert_eq!(problem(build("make").key("a", text)), says);
    }
}

#[test]
fn an_input_artifact_nobody_made_fails_the_action() {
    assert_eq!(
        problem(build("make").takes("ghost")),
        "ConfigurationError: no earlier action made input artifact 'ghost'; name it in an earlier action's outputArtifacts"
    );
}

#[test]
fn pipeline_variables_have_no_meaning_in_source_actions() {
    let mut definition = with(build("make"));
    definition.stages[0].actions[0] = source("get").key("branch", "#{variables.env}");
    let mut line = Line::new(&definition);
    let told = line.start();
    assert_eq!(told.last().unwrap(), "ExecutionFailed 1 Source");
}

#[test]
fn a_short_text_cannot_be_blown_up_without_end() {
    let text = "#{git.by}".repeat(2000);
    let mut line = Line::new(&with(build("make").key("a", &text)));
    line.start();
    let mut made = success(&line.job("get"));
    made.variables = BTreeMap::from([("by".to_owned(), "x".repeat(100_000))]);
    line.finish("get", Outcome::Succeeded(made));
    let run = line.run(1).stage("Build").unwrap().action("make").unwrap();
    assert_eq!(run.input.configuration["a"], text);
    let message = &run.failure.as_ref().unwrap().message;
    assert!(message.contains("102400 bytes"), "{message}");
}

#[test]
fn variables_of_an_action_without_a_namespace_are_shown_and_cannot_be_used() {
    let mut definition = with(build("make").key("a", "#{get.by}"));
    definition.stages[0].actions[0].namespace = None;
    let mut line = Line::new(&definition);
    line.start();
    line.succeed("get");
    let get = line.run(1).stage("Source").unwrap().action("get").unwrap();
    assert_eq!(get.variables["by"], "get");
    let make = line.run(1).stage("Build").unwrap().action("make").unwrap();
    assert!(make.failure.is_some());
}
