//! Which rule is told of what, and what is wrong with one.

use super::{Tale, only};
use crate::notification::rule::NotificationRule;
use serde_json::{Value, json};

fn rule(value: Value) -> Result<NotificationRule, Vec<String>> {
    let rule: NotificationRule = serde_json::from_value(value).unwrap();
    rule.check()
}

fn of(events: &[&str]) -> NotificationRule {
    rule(json!({ "name": "r", "events": events, "url": "https://example.com" })).unwrap()
}

/// semantics 2.15
#[test]
fn a_rule_is_told_of_the_events_that_it_names() {
    let (mut tale, begun) = Tale::begin();
    let begun = only(begun);
    let entered = only(tale.stage("StageEntered", "Deploy"));
    let asked = only(tale.start_action("Deploy", "Ask", json!({})));
    let shipped = only(tale.ship());
    let wanted = |event: &str| {
        let rule = of(&[event]);
        [&begun, &entered, &asked, &shipped]
            .map(|notice| notice.change.is_among(&rule.events, notice.category))
    };
    assert_eq!(wanted("all"), [true; 4]);
    assert_eq!(
        wanted("pipeline-execution-started"),
        [true, false, false, false]
    );
    assert_eq!(
        wanted("stage-execution-started"),
        [false, true, false, false]
    );
    assert_eq!(
        wanted("action-execution-started"),
        [false, false, true, true]
    );
    assert_eq!(
        wanted("manual-approval-needed"),
        [false, false, true, false]
    );
    assert_eq!(wanted("pipeline-execution-failed"), [false; 4]);
}

#[test]
fn a_rule_is_about_the_pipelines_that_its_patterns_match() {
    let about = |pipelines: Value, name: &str| {
        let rule = rule(json!({
            "name": "r", "events": ["all"], "url": "https://example.com", "pipelines": pipelines,
        }));
        let rule = rule.unwrap();
        rule.is_about(&rule.globs(), name)
    };
    assert!(about(json!([]), "site"));
    assert!(about(json!(["other", "s*"]), "site"));
    assert!(!about(json!(["other", "s?"]), "site"));
}

#[test]
fn a_rule_that_is_off_is_about_nothing() {
    let mut rule = of(&["all"]);
    rule.enabled = false;
    assert!(!rule.is_about(&[], "site"));
}

#[test]
fn everything_that_is_wrong_is_said_at_once_and_the_address_is_not_repeated() {
    let problems = rule(json!({
        "name": "a b",
        "events": ["pipeline-execution-fialed"],
        "pipelines": ["[a"],
        "url": "hooks.example.com/password",
        "secretName": "HOOK",
    }))
    .unwrap_err();
    let starts: Vec<&str> = problems
        .iter()
        .map(|p| p.split(':').next().unwrap())
        .collect();
    assert_eq!(starts, ["name", "pipelines", "events", "url", "secretName"]);
    assert!(!problems.join("").contains("password"), "{problems:?}");
    let problems = rule(json!({ "name": "r", "events": [], "url": "https://a" })).unwrap_err();
    assert_eq!(
        problems,
        [
            "events: nothing is named; write 'all', or event types such as 'pipeline-execution-failed'"
        ]
    );
}

#[test]
fn stars_that_were_shown_keep_the_address() {
    let former = of(&["all"]);
    let mut rule = former.clone();
    rule.url = "****".into();
    rule.keep_secrets_of(&former);
    assert_eq!(rule.url, "https://example.com");
    rule.url = "https://example.org".into();
    rule.keep_secrets_of(&former);
    assert_eq!(rule.url, "https://example.org");
}
