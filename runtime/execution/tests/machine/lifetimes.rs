//! How long actions and rules may last (semantics 2.11).

use crate::definitions::{
    Judged, MINUTE, Words, action, build, pending, pipeline, rule, source, stage,
};
use crate::line::Line;
use lockgate_execution::{Effect, due};
use lockgate_model::action_type::Category;
use lockgate_model::definition::{Action, Rule};

fn of_action(action: Action) -> i64 {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Only", vec![action]),
    ]));
    line.start();
    line.succeed("get");
    let run = &line.run(1).stage("Only").unwrap().actions[0];
    (run.expires.0 - run.started.0) / MINUTE
}

fn of_rule(rule: Rule) -> i64 {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Only", vec![build("make")]).entry(None, vec![rule]),
    ]));
    line.start();
    line.succeed("get");
    let run = line.run(1).stage("Only").unwrap();
    let run = &run.before_entry.as_ref().unwrap().rules[0];
    (run.expires.0 - run.started.0) / MINUTE
}

/// semantics 2.11
#[test]
fn every_action_type_has_its_time() {
    const HOURS: i64 = 60;
    const DAYS: i64 = 24 * HOURS;
    let table = [
        (Category::Build, "CodeBuild", 36 * HOURS),
        (Category::Test, "CodeBuild", 36 * HOURS),
        (Category::Deploy, "CodeDeploy", 5 * DAYS),
        (Category::Deploy, "CodeDeployToECS", 5 * DAYS),
        (Category::Deploy, "CloudFormation", 3 * DAYS),
        (Category::Invoke, "StepFunctions", 7 * DAYS),
        (Category::Invoke, "Lambda", DAYS),
        (Category::Deploy, "S3", 90),
        (Category::Deploy, "ECS", HOURS),
        (Category::Compute, "Commands", 55),
        (Category::Test, "DeviceFarm", 8 * HOURS),
        (Category::Deploy, "AppConfig", HOURS),
        (Category::Approval, "Manual", 7 * DAYS),
    ];
    for (category, provider, minutes) in table {
        let mut one = action("it", category);
        one.action_type_id.provider = provider.into();
        assert_eq!(of_action(one), minutes, "{category} {provider}");
    }
    let mut own = action("it", Category::Deploy);
    own.action_type_id.owner = "Custom".into();
    assert_eq!(of_action(own), DAYS);
}

/// semantics 2.11
#[test]
fn an_ecs_deployment_has_the_time_it_asks_for_up_to_an_hour() {
    for (asked, minutes) in [("15", 15), ("90", 60), ("soon", 60)] {
        let mut one = action("it", Category::Deploy).key("DeploymentTimeout", asked);
        one.action_type_id.provider = "ECS".into();
        assert_eq!(of_action(one), minutes, "{asked}");
    }
}

/// semantics 2.11
#[test]
fn a_function_answers_within_twenty_minutes_or_asks_for_more() {
    let mut function = action("it", Category::Invoke);
    function.action_type_id.provider = "Lambda".into();
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Only", vec![function]),
    ]));
    line.start();
    line.succeed("get");
    line.later(15 * MINUTE);
    line.finish("it", pending("more", 60));
    let deadline = line.job("it").deadline;
    assert_eq!(deadline.0, line.now.0 + 21 * MINUTE);
    assert!(due(&line.state).contains(&Effect::WakeAt(deadline)));
    line.later(20 * MINUTE);
    assert!(line.pass().is_empty());
    line.later(MINUTE);
    assert_eq!(line.pass()[0], "ActionFailed 1 Only it");
    let run = &line.run(1).stages[1].actions[0];
    let said = &run.failure.as_ref().unwrap().message;
    assert!(said.contains("did not answer within 20 minutes"), "{said}");
}

/// semantics 2.9
#[test]
fn a_rule_has_its_own_timeout_or_that_of_its_kind() {
    let table = [
        ("DeploymentWindow", 24 * 60),
        ("CodeBuild", 36 * 60),
        ("Commands", 55),
        ("VariableCheck", 60),
        ("LambdaInvoke", 60),
    ];
    for (provider, minutes) in table {
        assert_eq!(of_rule(rule("it", provider)), minutes, "{provider}");
        let own = Rule {
            timeout_in_minutes: Some(7),
            ..rule("it", provider)
        };
        assert_eq!(of_rule(own), 7);
    }
    let mut alarm = rule("it", "CloudWatchAlarm");
    alarm.configuration.insert("WaitTime".into(), "120".into());
    assert_eq!(of_rule(alarm), 180, "it watches for two hours");
}

/// semantics 2.9
#[test]
fn a_rule_whose_time_is_over_fails_and_so_does_its_condition() {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage("Only", vec![build("make")]).entry(None, vec![rule("open", "DeploymentWindow")]),
    ]));
    line.start();
    line.succeed("get");
    line.later(24 * 60 * MINUTE);
    assert_eq!(
        line.pass(),
        [
            "RuleFailed 1 Only BEFORE_ENTRY open",
            "ConditionEnded 1 Only BEFORE_ENTRY",
            "StageFailed 1 Only",
            "ExecutionFailed 1 Only",
        ]
    );
}
