//! Pipelines that start pipelines, in a real server: what the other execution
//! says of itself, how a circle ends, and that nothing starts without a grant.

use lockgate_test_server::{Place, Server, Settings, until};
use serde_json::Value;
use std::path::PathBuf;

const START: &str = include_str!("../start.toml");

/// The pipeline `name`, which starts `other`.
fn starting(place: &Place, name: &str, other: &str, variables: &str) -> PathBuf {
    let text = START
        .replace("@NAME@", name)
        .replace("@OTHER@", other)
        .replace("@VARIABLES@", variables);
    place.file(&format!("{name}.toml"), &text)
}

/// A pipeline that starts none, with one variable that has no default.
fn last(place: &Place) -> PathBuf {
    let text = "name = \"last\"\nvariables = [{ name = \"Stage\", defaultValue = \"test\" }]\n\
        stages = [\n\
        { name = \"Source\", actions = [{ name = \"Fetch\", actionTypeId = \"Source/Custom/NoOp/1\", outputArtifacts = [{ name = \"App\" }] }] },\n\
        { name = \"Build\", actions = [{ name = \"Make\", actionTypeId = \"Build/Custom/NoOp/1\", inputArtifacts = [{ name = \"App\" }] }] },\n\
        ]\n";
    place.file("last.toml", text)
}

/// All executions of a pipeline, the newest first.
fn executions(server: &Server, pipeline: &str) -> Vec<Value> {
    let path = format!("/pipelines/{pipeline}/executions");
    let list = server.api("GET", &path, "").unwrap().json();
    list["executions"].as_array().cloned().unwrap_or_default()
}

/// What came of the action that starts a pipeline.
fn start_action(document: &Value) -> Value {
    let actions = document["actions"].as_array().unwrap();
    let found = actions.iter().find(|action| action["name"] == "Start");
    found.unwrap().clone()
}

/// semantics 2.14
#[test]
fn a_started_execution_says_who_asked_and_has_what_it_was_given() {
    let place = Place::new();
    let server = Settings::of(&place)
        .with("--grant", "start-pipeline pipeline=last")
        .start();
    server.create(&last(&place));
    let before = executions(&server, "last").len();
    let variables = r#"[{"name":"Stage","value":"prod"}]"#;
    let id = server
        .create(&starting(&place, "first", "last", variables))
        .unwrap();
    let action = start_action(&server.wait(&id, "Succeeded"));
    let all = executions(&server, "last");
    assert_eq!(all.len(), before + 1, "{all:#?}");
    let started = &all[0];
    assert_eq!(started["pipelineExecutionId"], action["external"]["id"]);
    assert_eq!(
        started["trigger"]["triggerType"], "StartPipelineExecution",
        "{started:#}"
    );
    assert_eq!(
        started["trigger"]["triggerDetail"],
        format!("invoked by pipeline first, execution {id}, start 1 in a chain")
    );
    assert_eq!(started["variables"]["Stage"], "prod");
    server.wait(
        started["pipelineExecutionId"].as_str().unwrap(),
        "Succeeded",
    );
}

#[test]
fn a_pipeline_that_starts_itself_ends_after_ten_starts_across_a_restart_too() {
    let place = Place::new();
    let settings = Settings::of(&place).with("--grant", "start-pipeline pipeline=*");
    let server = settings.start();
    server.create(&starting(&place, "circle", "circle", "[]"));
    until("the circle has begun", || {
        (executions(&server, "circle").len() >= 3).then_some(())
    });
    server.kill();
    let server = settings.start();
    let failed = until("the last execution of the circle fails", || {
        executions(&server, "circle")
            .into_iter()
            .find(|execution| execution["status"] == "Failed")
    });
    let all = executions(&server, "circle");
    assert_eq!(all.len(), 11, "{all:#?}");
    assert_eq!(all[0], failed);
    let detail = failed["trigger"]["triggerDetail"].as_str().unwrap();
    assert!(detail.ends_with(", start 10 in a chain"), "{detail}");
    let id = failed["pipelineExecutionId"].as_str().unwrap();
    let failure = start_action(&server.execution(id))["failure"].clone();
    assert_eq!(failure["kind"], "ConfigurationError", "{failure:#}");
    let said = failure["message"].as_str().unwrap();
    assert!(
        said.contains("10 pipelines have started each other"),
        "{said}"
    );
}

#[test]
fn nothing_is_started_that_no_grant_names_or_that_is_not_there() {
    let place = Place::new();
    let server = Settings::of(&place)
        .with("--grant", "start-pipeline pipeline=absent")
        .start();
    server.create(&last(&place));
    let before = executions(&server, "last").len();
    for (name, other, kind, said) in [
        (
            "one",
            "last",
            "PermissionError",
            "grant it with: start-pipeline pipeline=last",
        ),
        (
            "two",
            "absent",
            "ConfigurationError",
            "no pipeline 'absent'",
        ),
    ] {
        let id = server.create(&starting(&place, name, other, "[]")).unwrap();
        let failure = start_action(&server.wait(&id, "Failed"))["failure"].clone();
        assert_eq!(failure["kind"], kind, "{failure:#}");
        let message = failure["message"].as_str().unwrap();
        assert!(message.contains(said), "{message}");
    }
    assert_eq!(executions(&server, "last").len(), before);
}
