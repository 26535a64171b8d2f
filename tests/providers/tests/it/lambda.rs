//! Lambda's own action types in the real host, calling a real function.

use lockgate_model::job::FailureType;
use lockgate_test_providers::{Bench, Ran, component, prepare};

const HELLO: &str = "lockgate-test-function";
const TYPES: [&str; 2] = ["Invoke/AWS/Lambda/1", "Rule/AWS/LambdaInvoke/1"];

async fn invoked(action_type: &str, configuration: &[(&str, &str)]) -> Ran {
    let hello = prepare(HELLO, &[]).unwrap();
    let bench = Bench::new(action_type, configuration)
        .takes("App", &[("f.wasm", component(HELLO))])
        .function("hello", hello);
    bench
        .run(&prepare("invoke-function", &["invoke"]).unwrap())
        .await
}

/// semantics 2.9, 2.16
#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_called_by_its_plugins_name_or_from_an_artifact() {
    for action_type in TYPES {
        for name in ["hello", "App::f.wasm"] {
            let ran = invoked(action_type, &[("FunctionName", name)]).await;
            // It takes any object, and finds no name in CodePipeline's.
            assert_eq!(ran.success().variables["greeting"], "Hello, world!");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_is_not_there_is_named() {
    for action_type in TYPES {
        let ran = invoked(action_type, &[("FunctionName", "other")]).await;
        let failure = ran.failure();
        assert_eq!(failure.kind, FailureType::ConfigurationError);
        assert!(failure.message.contains("'other'"), "{failure:?}");
        let ran = invoked(action_type, &[("FunctionName", "Lib::f.wasm")]).await;
        let said = &ran.failure().message;
        assert!(said.starts_with("FunctionName: 'Lib::f.wasm'"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_grant_no_function_is_called() {
    let refused = prepare("invoke-function", &[]).unwrap_err().to_string();
    assert!(refused.ends_with("invoke-function invoke"), "{refused}");
}
