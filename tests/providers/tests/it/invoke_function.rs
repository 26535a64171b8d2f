//! The invoke-function component in the real host, calling a real function.

use lockgate_model::job::{FailureType, Outcome};
use lockgate_test_providers::{Bench, Ran, component, prepare};
use std::fs;

const HELLO: &str = "lockgate-test-function";

/// An action that calls this function, where `hello` is installed.
fn calling(function: &str, configuration: &[(&str, &str)]) -> Bench {
    let all = [&[("Function", function)], configuration].concat();
    let hello = prepare(HELLO, &[]).unwrap();
    Bench::new("Invoke/Custom/Function/1", &all).function("hello", hello)
}

async fn invoked(bench: &Bench) -> Ran {
    bench
        .run(&prepare("invoke-function", &["invoke"]).unwrap())
        .await
}

/// An action that calls the installed function with this event.
fn installed(event: &str) -> Bench {
    calling("plugin:hello", &[("Event", event)])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installed_function_is_called_and_its_result_given_out() {
    let bench = installed(r#"{"name":"Ada"}"#).makes("Result");
    let ran = invoked(&bench).await;
    assert_eq!(ran.success().variables["greeting"], "Hello, Ada!");
    assert!(ran.log_text().contains("greeting Ada"), "{ran:?}");
    let file = fs::read_to_string(bench.output("Result").join("result.json")).unwrap();
    assert_eq!(file, r#"{"greeting":"Hello, Ada!"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_in_an_artifact_is_called_from_there() {
    let files = [
        ("functions/hello.wasm", component(HELLO)),
        ("functions/text.wasm", b"not a component".to_vec()),
    ];
    for (path, expected) in [
        ("functions/hello.wasm", Ok("Hello, world!")),
        ("functions/absent.wasm", Err("absent.wasm")),
        ("functions/text.wasm", Err("text.wasm")),
    ] {
        let bench = calling(&format!("App::{path}"), &[]).takes("App", &files);
        let ran = invoked(&bench).await;
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
    let ran = invoked(&installed(r#"{"fail":"the page is blank"}"#)).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::JobFailed);
    assert_eq!(
        failure.message,
        "function plugin:hello failed: the page is blank"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_not_installed_is_named() {
    let ran = invoked(&calling("plugin:other", &[])).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    assert!(failure.message.contains("'other'"), "{failure:?}");
}
