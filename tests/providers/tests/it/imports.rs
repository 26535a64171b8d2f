//! What a provider does not call, its component does not import: each import
//! is something that an operator must grant.

use lockgate_test_providers::{PROVIDERS, component, imports};

/// The interfaces of `wasi:http` and of this contract that need a grant or say
/// something; the base of WASI and the contract's types are left out.
fn capabilities(package: &str) -> Vec<String> {
    imports(&component(package))
        .into_iter()
        .filter(|name| name.starts_with("wasi:http") || name.starts_with("lockgate:"))
        .filter(|name| name != "lockgate:action/types")
        .collect()
}

#[test]
fn a_provider_that_does_nothing_imports_no_capability() {
    assert!(capabilities("lockgate-test-noop").is_empty());
}

#[test]
fn nothing_imports_more_of_wasi_than_its_base() {
    for package in PROVIDERS
        .into_iter()
        .chain(["lockgate-test-noop", "lockgate-test-function"])
    {
        for name in imports(&component(package)) {
            let base = ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/"];
            let known = base.iter().any(|prefix| name.starts_with(prefix))
                || name.starts_with("wasi:random/")
                || name.starts_with("wasi:http/")
                || name.starts_with("lockgate:action/");
            assert!(known, "{package} imports {name}");
        }
    }
}

#[test]
fn a_function_imports_its_log_alone() {
    assert_eq!(
        capabilities("lockgate-test-function"),
        ["lockgate:action/log"]
    );
}

#[test]
fn a_webhook_imports_http_secrets_and_its_log() {
    assert_eq!(
        capabilities("notify-webhook"),
        [
            "lockgate:action/log",
            "lockgate:action/secrets",
            "wasi:http/outgoing-handler",
            "wasi:http/types",
        ]
    );
}

#[test]
fn a_rule_imports_what_it_judges_by_and_no_more() {
    assert!(capabilities("rule-variable-check").is_empty());
    assert_eq!(
        capabilities("rule-deployment-window"),
        ["lockgate:action/log"]
    );
    assert_eq!(
        capabilities("rule-alarm"),
        [
            "lockgate:action/log",
            "lockgate:action/secrets",
            "wasi:http/outgoing-handler",
            "wasi:http/types",
        ]
    );
}

#[test]
fn a_caller_imports_what_it_calls_and_its_log() {
    assert_eq!(
        capabilities("invoke-function"),
        ["lockgate:action/invoke", "lockgate:action/log"]
    );
    assert_eq!(
        capabilities("start-pipeline"),
        ["lockgate:action/log", "lockgate:action/pipelines"]
    );
}

#[test]
fn what_runs_commands_imports_them() {
    for name in ["build-commands", "run-commands"] {
        assert_eq!(
            capabilities(name),
            [
                "lockgate:action/artifacts",
                "lockgate:action/exec",
                "lockgate:action/log",
            ],
            "{name}"
        );
    }
    assert_eq!(
        capabilities("deploy-files"),
        [
            "lockgate:action/artifacts",
            "lockgate:action/exec",
            "lockgate:action/log",
            "wasi:http/outgoing-handler",
            "wasi:http/types",
        ]
    );
    assert_eq!(
        capabilities("source-git"),
        [
            "lockgate:action/artifacts",
            "lockgate:action/exec",
            "lockgate:action/log",
            "lockgate:action/secrets",
            "wasi:http/outgoing-handler",
            "wasi:http/types",
        ]
    );
}
