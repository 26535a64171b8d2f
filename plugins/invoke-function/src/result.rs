//! What becomes of a function's result: output variables, and a file in the
//! output artifact where there is one.

use crate::function::FunctionName;
use lockgate_plugin::{Failure, Host, Job, Outcome, Success};
use serde_json::Value;
use std::fs;

/// The file in the output artifact.
const FILE: &str = "result.json";

/// Turns a function's answer into the action's outcome.
///
/// # Errors
/// The answer is not JSON, or the artifact cannot be written.
pub fn success(
    name: &FunctionName,
    text: &str,
    job: &Job,
    host: &impl Host,
) -> Result<Outcome, Failure> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        Failure::job(format!(
            "function {name} returned what is not JSON ({error}); make it return one JSON value"
        ))
    })?;
    for artifact in &job.output_artifacts {
        let path = artifact.path.join(FILE);
        fs::write(&path, text).map_err(|error| {
            Failure::job(format!("{} cannot be written: {error}", path.display()))
        })?;
    }
    let mut success = Success::new().summary(format!("function {name} succeeded"));
    let Value::Object(members) = value else {
        return Ok(success.into());
    };
    for (key, value) in members {
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(bool) => bool.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        if is_variable_name(&key) {
            success = success.variable(key, text);
        } else {
            host.warning(&format!(
                "the result's member '{key}' is not an output variable: a name has letters, digits, @, - and _ only"
            ));
        }
    }
    Ok(success.into())
}

/// What CodePipeline takes as the name of a variable.
fn is_variable_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use crate::{InvokeFunction, Lambda, LambdaRule};
    use lockgate_plugin::testing::FakeHost;
    use lockgate_plugin::{Failure, FailureType, InvokeError, Outcome, Success, Target, run};
    use serde_json::{Value, json};

    const HELLO: (&str, &str) = ("Function", "plugin:hello");

    fn success(outcome: Result<Outcome, Failure>) -> Success {
        match outcome {
            Ok(Outcome::Succeeded(success)) => success,
            other => panic!("expected success, got {other:?}"),
        }
    }

    #[test]
    fn a_function_gets_its_event_and_which_job_this_is() {
        let host = FakeHost::new().on_invoke(|_, _| Ok("null".into()));
        let mut job = host.job([
            ("Function", "App::functions/hello.wasm"),
            ("Event", r#"{"name": "Ada"}"#),
        ]);
        let mut app = host.input("App", &[("functions/hello.wasm", "")]);
        app.revision = Some("abc".into());
        let path = app.path.join("functions/hello.wasm");
        job.input_artifacts.push(app);
        success(run::<InvokeFunction>(&job, &host));
        let [(target, event)] = &host.calls()[..] else {
            panic!("not one call");
        };
        assert_eq!(target, &Target::File(path));
        let event: Value = serde_json::from_str(event).unwrap();
        assert_eq!(
            event,
            json!({
                "name": "Ada",
                "lockgate": {
                    "account": job.account,
                    "pipeline": "Demo",
                    "executionId": job.execution_id,
                    "stage": "Stage",
                    "action": "Action",
                    "idempotencyKey": job.idempotency_key,
                    "inputArtifacts": [{ "name": "App", "revision": "abc" }],
                },
            })
        );
    }

    /// semantics 2.16
    #[test]
    fn a_function_that_lambda_names_gets_codepipelines_event_and_its_return_ends_the_action() {
        let host = FakeHost::new().on_invoke(|_, _| Ok(r#"{"url":"https://a/"}"#.into()));
        let mut job = host.job([("FunctionName", "hello"), ("UserParameters", "{\"a\":1}")]);
        let mut app = host.input("App", &[]);
        app.revision = Some("abc".into());
        job.input_artifacts.push(app);
        job.output_artifacts.push(host.output("Result"));
        let variables = success(run::<Lambda>(&job, &host)).variables;
        assert_eq!(variables, [("url".to_owned(), "https://a/".to_owned())]);
        success(run::<LambdaRule>(&job, &host));
        let [(target, event), (_, judged)] = &host.calls()[..] else {
            panic!("not two calls");
        };
        assert_eq!(target, &Target::Plugin("hello".into()));
        assert_eq!(event, judged);
        let event: Value = serde_json::from_str(event).unwrap();
        assert_eq!(
            event,
            json!({
                "CodePipeline.job": {
                    "id": job.id,
                    "accountId": job.account,
                    "data": {
                        "actionConfiguration": {
                            "configuration": { "FunctionName": "hello", "UserParameters": "{\"a\":1}" },
                        },
                        "pipelineContext": {
                            "pipelineName": "Demo",
                            "pipelineExecutionId": job.execution_id,
                            "stage": { "name": "Stage" },
                            "action": { "name": "Action", "actionExecutionId": job.idempotency_key },
                        },
                        "inputArtifacts": [{ "name": "App", "revision": "abc" }],
                        "outputArtifacts": [{ "name": "Result", "revision": null }],
                    },
                },
            })
        );
    }

    #[test]
    fn a_rule_does_not_hold_where_its_function_fails() {
        let host = FakeHost::new()
            .on_invoke(|_, _| Err(InvokeError::Failed("two tickets are open".into())));
        let failure = run::<LambdaRule>(&host.job([("FunctionName", "hello")]), &host).unwrap_err();
        assert_eq!(failure.kind, FailureType::JobFailed);
        assert_eq!(
            failure.message,
            "function plugin:hello failed: two tickets are open"
        );
    }

    #[test]
    fn plain_members_of_the_result_become_variables_and_the_whole_an_artifact() {
        let text = r#"{"url":"https://a/","count":3,"ok":true,"list":[1],"no":null,"a b":"x"}"#;
        let host = FakeHost::new().on_invoke(|_, _| Ok(text.into()));
        let mut job = host.job([HELLO]);
        job.output_artifacts.push(host.output("Result"));
        let mut variables = success(run::<InvokeFunction>(&job, &host)).variables;
        variables.sort();
        let expected = [("count", "3"), ("ok", "true"), ("url", "https://a/")];
        assert_eq!(
            variables,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        let file = job.output_artifacts[0].path.join("result.json");
        assert_eq!(std::fs::read_to_string(file).unwrap(), text);
        assert!(host.log_text().contains("'a b'"), "{}", host.log_text());
    }

    #[test]
    fn a_function_that_fails_fails_the_action_with_its_own_words() {
        let host = FakeHost::new()
            .on_invoke(|_, _| Err(InvokeError::Failed("the smoke test got a 500".into())));
        let failure = run::<InvokeFunction>(&host.job([HELLO]), &host).unwrap_err();
        assert_eq!(failure.kind, FailureType::JobFailed);
        assert_eq!(
            failure.message,
            "function plugin:hello failed: the smoke test got a 500"
        );
    }

    #[test]
    fn a_call_without_a_grant_is_a_matter_of_grants() {
        let host = FakeHost::new();
        let failure = run::<InvokeFunction>(&host.job([HELLO]), &host).unwrap_err();
        assert_eq!(failure.kind, FailureType::PermissionError);
    }

    #[test]
    fn a_result_that_is_not_json_says_so() {
        let host = FakeHost::new().on_invoke(|_, _| Ok("fine".into()));
        let failure = run::<InvokeFunction>(&host.job([HELLO]), &host).unwrap_err();
        let start = "function plugin:hello returned what is not JSON";
        assert!(failure.message.starts_with(start), "{}", failure.message);
    }

    #[test]
    fn every_mistake_in_the_configuration_is_named_before_anything_is_called() {
        let host = FakeHost::new().on_invoke(|_, _| Ok("1".into()));
        for (configuration, message) in [
            (
                [("Function", "hello"), ("Event", "[]")],
                "Function: 'hello' will not do; write plugin:name, or Artifact::path/to/function.wasm; \
                 Event: '[]' will not do; write JSON of the documented form",
            ),
            (
                [("Function", "App::a.wasm"), ("Event", "{}")],
                "Function: 'App::a.wasm' will not do; add App to the action's inputArtifacts: it has none",
            ),
            (
                [HELLO, ("Event", r#"{"lockgate": 1}"#)],
                "Event: '1' will not do; call the member \"lockgate\" something else",
            ),
        ] {
            let failure = run::<InvokeFunction>(&host.job(configuration), &host).unwrap_err();
            assert_eq!(failure.kind, FailureType::ConfigurationError);
            assert!(failure.message.starts_with(message), "{}", failure.message);
        }
        assert!(host.calls().is_empty());
    }
}
