//! The rule-variable-check component in the real host.

use lockgate_model::job::FailureType;
use lockgate_test_providers::{Bench, prepare};

fn check(variable: &str, operator: &str, value: &str) -> Bench {
    Bench::new(
        "Rule/AWS/VariableCheck/1",
        &[
            ("Variable", variable),
            ("Operator", operator),
            ("Value", value),
        ],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_that_holds_succeeds_and_one_that_does_not_says_why() {
    let plugin = prepare("rule-variable-check", &[]).unwrap();
    let ran = check("release/1.2", "MATCHES", r"release/\d+\.\d+")
        .run(&plugin)
        .await;
    ran.success();
    let ran = check("develop", "EQ", "main").run(&plugin).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::JobFailed);
    assert_eq!(
        failure.message,
        "the variable's value 'develop' is not equal to 'main' (operator EQ)"
    );
    // A variable may have no value.
    check("", "NE", "main").run(&plugin).await.success();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pattern_holds_the_host_up() {
    let plugin = prepare("rule-variable-check", &[]).unwrap();
    let long = "a".repeat(10_000) + "!";
    for pattern in ["(a*)*b", "(a|a)*b", "(a|aa)+", "(.*)(.*)(.*)(.*)x"] {
        let ran = check(&long, "MATCHES", pattern).run(&plugin).await;
        assert_eq!(ran.failure().kind, FailureType::JobFailed, "{pattern}");
    }
    for pattern in ["(a{1000}){1000}", &"(".repeat(10_000)] {
        let ran = check(&long, "MATCHES", pattern).run(&plugin).await;
        let kind = ran.failure().kind;
        assert_eq!(kind, FailureType::ConfigurationError, "{ran:?}");
    }
}
