//! Rules on a stage's conditions and their rules (semantics 2.1, 2.9).

use super::{GATED, assert_told, catalogue};
use crate::definition::{Format, load};

const ENTRY: &str = "[[stages.beforeEntry.conditions]]\nresult = \"SKIP\"";
const SUCCESS: &str = "[[stages.onSuccess.conditions]]\nresult = \"ROLLBACK\"";
const FAILURE: &str = "[[stages.onFailure.conditions]]\nresult = \"ROLLBACK\"";
const RETRY: &str = "onFailure = { result = \"RETRY\" }";
const FIRST: &str =
    "onFailure = { result = \"RETRY\", retryConfiguration = { retryMode = \"ALL_ACTIONS\" } }";

fn result(member: &str, result: &str) -> String {
    format!("[[stages.{member}.conditions]]\nresult = \"{result}\"")
}

/// semantics 2.1
#[test]
fn each_place_has_its_own_results() {
    assert_told!(
        GATED,
        Format::Toml,
        &[
            (
                "entry does not roll back",
                &[(ENTRY, &result("beforeEntry", "ROLLBACK"))]
            ),
            (
                "success does not skip",
                &[(SUCCESS, &result("onSuccess", "SKIP"))]
            ),
            (
                "success does not retry",
                &[(SUCCESS, &result("onSuccess", "RETRY"))]
            ),
            (
                "a condition at failure does not fail",
                &[(FAILURE, &result("onFailure", "FAIL"))]
            ),
            (
                "failure itself does not fail",
                &[(RETRY, "onFailure = { result = \"FAIL\" }")]
            ),
            (
                "a result is one of four",
                &[(RETRY, "onFailure = { result = \"REPEAT\" }")]
            ),
            (
                "a retry mode is one of two",
                &[("\"ALL_ACTIONS\"", "\"ALL\"")]
            ),
            (
                "a retry configuration goes with a retry",
                &[(
                    RETRY,
                    "onFailure = { result = \"ROLLBACK\", retryConfiguration = {} }"
                )]
            ),
            (
                "a retry does not go with conditions",
                &[(
                    FAILURE,
                    &format!("[stages.onFailure]\nresult = \"RETRY\"\n{FAILURE}")
                )]
            ),
            ("failure says something", &[(RETRY, "onFailure = {}")]),
        ],
    );
}

/// semantics 2.1
#[test]
fn nothing_rolls_a_source_back_and_nothing_rolls_back_in_parallel() {
    assert_told!(
        GATED,
        Format::Toml,
        &[
            (
                "a source stage that fails",
                &[(FIRST, "onFailure = { result = \"ROLLBACK\" }")]
            ),
            (
                "a source stage that succeeds",
                &[(
                    FIRST,
                    "onSuccess = { conditions = [{ result = \"ROLLBACK\", rules = [{ name = \"R\", ruleTypeId = \"Rule/AWS/DeploymentWindow/1\", configuration = { Cron = \"* * * * * * *\" } }] }] }"
                )]
            ),
            ("parallel executions", &[("\"QUEUED\"", "\"PARALLEL\"")]),
            (
                "parallel executions, at once",
                &[
                    ("\"QUEUED\"", "\"PARALLEL\""),
                    (RETRY, "onFailure = { result = \"ROLLBACK\" }"),
                    (SUCCESS, &result("onSuccess", "FAIL")),
                ]
            ),
        ],
    );
}

/// semantics 2.1
#[test]
fn a_stage_has_one_condition_of_each_kind_with_one_to_five_rules() {
    let rule = "{ name = \"R\", ruleTypeId = \"Rule/AWS/Commands/1\", commands = [\"true\"] },";
    let conditions = |rules: usize| {
        format!(
            "onSuccess = {{ conditions = [{{ rules = [{}] }}] }}",
            rule.repeat(rules)
        )
    };
    assert_told!(
        GATED,
        Format::Toml,
        &[
            ("none", &[(RETRY, "beforeEntry = { conditions = [] }")]),
            ("no list", &[(RETRY, "beforeEntry = {}")]),
            (
                "two",
                &[(
                    RETRY,
                    "onFailure = { conditions = [{ rules = [] }, { rules = [] }] }"
                )]
            ),
            ("no rules", &[(RETRY, &conditions(0))]),
            ("six rules", &[(RETRY, &conditions(6))]),
            ("two rules of one name", &[(RETRY, &conditions(2))]),
            (
                "a key is unknown",
                &[(RETRY, "onSuccess = { condition = [] }")]
            ),
        ],
    );
}

/// semantics 1.4, 2.9
#[test]
fn a_rule_is_held_against_its_provider() {
    let wanted = "\"Rule/AWS/VariableCheck/1\"";
    assert_told!(
        GATED,
        Format::Toml,
        &[
            ("a rule has a name", &[("name = \"Wanted\"", "")]),
            (
                "a rule's name has a form",
                &[("\"Wanted\"", "\"Is wanted\"")]
            ),
            (
                "a rule has a type",
                &[("ruleTypeId = \"Rule/AWS/VariableCheck/1\"", "")]
            ),
            (
                "a rule's type has four parts",
                &[(wanted, "\"VariableCheck\"")]
            ),
            (
                "an action's type is not a rule's",
                &[(wanted, "\"Invoke/AWS/CodePipeline/1\"")]
            ),
            (
                "a rule's provider is misspelt",
                &[(wanted, "\"Rule/AWS/VariableChek/1\"")]
            ),
            (
                "a rule's provider is not installed",
                &[(wanted, "\"Rule/AWS/CloudWatchAlarm/1\"")]
            ),
            ("a key is missing", &[(", Operator = \"EQ\"", "")]),
            (
                "a key is unknown",
                &[("Operator = \"EQ\"", "Operator = \"EQ\", Operand = \"x\"")]
            ),
            (
                "a value is long",
                &[(
                    ", Value = \"yes\"",
                    &format!(", Value = \"{}\"", "x".repeat(10_001))
                )]
            ),
            (
                "there are 201 settings",
                &[(
                    "Operator = \"EQ\"",
                    &(0..199)
                        .map(|n| format!("K{n} = \"x\""))
                        .collect::<Vec<_>>()
                        .join(", ")
                )]
            ),
            (
                "a timeout is too short",
                &[("timeoutInMinutes = 10", "timeoutInMinutes = 4")]
            ),
            (
                "it takes no artifacts",
                &[(
                    "Operator = \"EQ\" }",
                    "Operator = \"EQ\" }\ninputArtifacts = [{ name = \"Code\" }]"
                )]
            ),
            (
                "it runs no commands",
                &[(
                    "Operator = \"EQ\" }",
                    "Operator = \"EQ\" }\ncommands = [\"true\"]"
                )]
            ),
            (
                "it runs commands and has none",
                &[(
                    "commands = [\"curl -f https://shop.example.com/#{Deployed.ReleaseId}\"]",
                    ""
                )]
            ),
            (
                "only some rules may skip",
                &[(
                    "\"Rule/AWS/VariableCheck/1\"\nconfiguration = { Variable = \"#{variables.release}\", Value = \"yes\", Operator = \"EQ\" }",
                    "\"Rule/AWS/DeploymentWindow/1\"\nconfiguration = { Cron = \"* * * * * * *\" }"
                )]
            ),
        ],
    );
}

/// semantics 2.1, 2.12
#[test]
fn a_rule_uses_what_is_there_when_it_is_asked() {
    let entry = "Operator = \"EQ\" }";
    let failure = "FunctionName = \"is-broken\"";
    assert_told!(
        GATED,
        Format::Toml,
        &[
            (
                "at entry, a variable of the stage",
                &[(
                    "Value = \"yes\", Operator",
                    "Value = \"#{Deployed.ReleaseId}\", Operator"
                )]
            ),
            (
                "at failure, a variable of the stage",
                &[(failure, "FunctionName = \"#{Deployed.ReleaseId}\"")]
            ),
            (
                "a variable of a later stage",
                &[(
                    RETRY,
                    "onSuccess = { conditions = [{ rules = [{ name = \"R\", ruleTypeId = \"Rule/AWS/Commands/1\", commands = [\"#{Deployed.ReleaseId}\"] }] }] }"
                )]
            ),
            (
                "a variable of nobody",
                &[("#{variables.release}", "#{variables.relase}")]
            ),
            (
                "half a reference",
                &[("#{variables.release}", "#{release}")]
            ),
            (
                "at entry, an artifact of the stage",
                &[
                    (
                        entry,
                        "Operator = \"EQ\" }\ninputArtifacts = [{ name = \"Log\" }]"
                    ),
                    (
                        "namespace = \"Deployed\"",
                        "namespace = \"Deployed\"\noutputArtifacts = [{ name = \"Log\" }]"
                    )
                ]
            ),
            (
                "at failure, an artifact of the stage",
                &[
                    (
                        "{ provider = \"LambdaInvoke\" }",
                        "{ provider = \"LambdaInvoke\" }\ninputArtifacts = [{ name = \"Log\" }]"
                    ),
                    (
                        "namespace = \"Deployed\"",
                        "namespace = \"Deployed\"\noutputArtifacts = [{ name = \"Log\" }]"
                    )
                ]
            ),
            (
                "an artifact of nobody",
                &[(
                    "inputArtifacts = [{ name = \"Site\" }]\ntimeout",
                    "inputArtifacts = [{ name = \"Sight\" }]\ntimeout"
                )]
            ),
        ],
    );
}

/// A source's rules may use the pipeline's variables, its actions may not.
#[test]
fn entry_of_the_first_stage_may_have_a_condition() {
    let text = GATED.replacen(
        FIRST,
        "beforeEntry = { conditions = [{ result = \"SKIP\", rules = [{ name = \"R\", ruleTypeId = \"Rule/AWS/VariableCheck/1\", configuration = { Variable = \"#{variables.release}\", Value = \"yes\", Operator = \"EQ\" } }] }] }",
        1,
    );
    load(&text, Format::Toml, &catalogue()).unwrap();
}
