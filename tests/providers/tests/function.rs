//! The invoke-function component in the real host, calling a real function.

use lockgate_host::{Directory, Functions, RunRequest};
use lockgate_model::artifact::{Artifact, Digest};
use lockgate_model::definition::OutputArtifact;
use lockgate_model::job::{FailureType, Job, Outcome};
use lockgate_test_providers::{Ran, component, job, prepare, run};
use std::fs;
use tempfile::TempDir;

const PROVIDER: (&str, &str) = ("invoke-function", "plugins/invoke-function");
const HELLO: (&str, &str) = ("lockgate-test-function", "tests/function-hello");

async fn invoked(job: Job, around: impl FnOnce(RunRequest) -> RunRequest) -> Ran {
    let provider = prepare(PROVIDER.0, PROVIDER.1, &["invoke".into()]);
    let hello = prepare(HELLO.0, HELLO.1, &[]);
    run(&provider, job, |mut request| {
        request.functions = Functions::new(move |name| (name == "hello").then(|| hello.clone()));
        around(request)
    })
    .await
}

fn installed(event: &str) -> Job {
    let configuration = [("Function", "plugin:hello"), ("Event", event)];
    job("Invoke/Custom/Function/1", &configuration)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installed_function_is_called_and_its_result_given_out() {
    let out = TempDir::new().unwrap();
    let mut job = installed(r#"{"name":"Ada"}"#);
    job.output_artifacts = vec![OutputArtifact {
        name: "Result".into(),
        files: Vec::new(),
    }];
    let ran = invoked(job, |mut request| {
        request.directories = vec![Directory::write("/out/Result", out.path())];
        request
    })
    .await;
    let Outcome::Succeeded(success) = &ran.outcome else {
        panic!("{ran:?}");
    };
    assert_eq!(success.variables["greeting"], "Hello, Ada!");
    assert!(ran.log_text().contains("greeting Ada"), "{ran:?}");
    let file = fs::read_to_string(out.path().join("result.json")).unwrap();
    assert_eq!(file, r#"{"greeting":"Hello, Ada!"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_in_an_artifact_is_called_from_there() {
    let app = TempDir::new().unwrap();
    fs::create_dir(app.path().join("functions")).unwrap();
    fs::write(app.path().join("functions/hello.wasm"), component(HELLO.0)).unwrap();
    fs::write(app.path().join("functions/text.wasm"), "not a component").unwrap();
    for (path, expected) in [
        ("functions/hello.wasm", Ok("Hello, world!")),
        ("functions/absent.wasm", Err("absent.wasm")),
        ("functions/text.wasm", Err("text.wasm")),
    ] {
        let function = format!("App::{path}");
        let mut job = job("Invoke/Custom/Function/1", &[("Function", &function)]);
        job.input_artifacts = vec![Artifact {
            name: "App".into(),
            digest: Digest([0; 32]),
            bytes: 0,
            files: 2,
            revision: None,
        }];
        let ran = invoked(job, |mut request| {
            request.directories = vec![Directory::read("/in/App", app.path())];
            request
        })
        .await;
        match (&ran.outcome, expected) {
            (Outcome::Succeeded(success), Ok(greeting)) => {
                assert_eq!(success.variables["greeting"], greeting);
            }
            (Outcome::Failed(failure), Err(named)) => {
                assert_eq!(failure.kind, FailureType::ConfigurationError, "{ran:?}");
                assert!(failure.message.contains(named), "{ran:?}");
            }
            _ => panic!("{path}: {ran:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_fails_fails_the_action_with_its_own_words() {
    let ran = invoked(installed(r#"{"fail":"the page is blank"}"#), |request| {
        request
    })
    .await;
    let Outcome::Failed(failure) = &ran.outcome else {
        panic!("{ran:?}");
    };
    assert_eq!(failure.kind, FailureType::JobFailed);
    assert_eq!(
        failure.message,
        "function plugin:hello failed: the page is blank"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_not_installed_is_named() {
    let job = job("Invoke/Custom/Function/1", &[("Function", "plugin:other")]);
    let ran = invoked(job, |request| request).await;
    let Outcome::Failed(failure) = &ran.outcome else {
        panic!("{ran:?}");
    };
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    assert!(failure.message.contains("'other'"), "{failure:?}");
}
