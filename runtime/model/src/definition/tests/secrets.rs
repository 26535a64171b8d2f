//! Secrets in views, and views that come back (semantics 2.16).

use super::{GATED, TOML, catalogue, edited};
use crate::definition::{Format, Pipeline, load, masked, read, unknown_secrets, unmasked};

/// With a secret in an action and one in a rule.
fn secretive() -> Pipeline {
    let text = edited(
        GATED,
        &[(
            "name = \"Deploy\"",
            "name = \"Announce\"\nactionTypeId = \"Invoke/Custom/Webhook/1\"\nconfiguration = { Url = \"https://chat.example.com\", Token = 4711 }\n\n[[stages.actions]]\nname = \"Deploy\"",
        )],
    );
    load(&text, Format::Toml, &catalogue()).unwrap()
}

fn told(new: &Pipeline, old: &Pipeline) -> String {
    let problems = unmasked(new, old, &catalogue()).unwrap_err();
    problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect()
}

#[test]
fn a_view_shows_stars_for_the_secrets_of_actions_and_rules() {
    let pipeline = secretive();
    let shown = masked(&pipeline, &catalogue());
    let text = serde_json::to_string(&shown).unwrap();
    assert!(
        !text.contains("4711") && !text.contains("hunter2"),
        "{text}"
    );
    assert_eq!(text.matches("****").count(), 2);
    assert!(text.contains("https://chat.example.com"));
}

#[test]
fn a_view_sent_back_keeps_its_secrets() {
    let pipeline = secretive();
    let mut shown = masked(&pipeline, &catalogue());
    assert_eq!(unmasked(&shown, &pipeline, &catalogue()).unwrap(), pipeline);
    // As some of AWS's tools show it; and what else changes does not matter.
    let announce = &mut shown.stages[2].actions[0];
    announce
        .configuration
        .insert("Token".into(), "*****".into());
    shown.stages[2].actions[1].run_order = 7;
    shown.variables.clear();
    let kept = unmasked(&shown, &pipeline, &catalogue()).unwrap();
    assert_eq!(kept.stages[2].actions[0], pipeline.stages[2].actions[0]);
}

#[test]
fn a_masked_text_passes_as_a_number_until_it_is_known() {
    let shown = masked(&secretive(), &catalogue());
    let text = serde_json::to_string(&shown).unwrap();
    load(&text, Format::Json, &catalogue()).unwrap();
}

#[test]
fn a_secret_is_not_kept_for_something_else() {
    let pipeline = secretive();
    let shown = masked(&pipeline, &catalogue());
    let changed = |change: fn(&mut Pipeline)| {
        let mut new = shown.clone();
        change(&mut new);
        told(&new, &pipeline)
    };
    let url = changed(|new| {
        let announce = &mut new.stages[2].actions[0];
        let elsewhere = "https://elsewhere.example.com".to_owned();
        announce.configuration.insert("Url".into(), elsewhere);
    });
    let action = changed(|new| new.stages[2].actions[0].name = "Tell".into());
    let stage = changed(|new| new.stages[2].name = "Ship".into());
    let provider = changed(|new| {
        let announce = &mut new.stages[2].actions[0];
        announce.action_type_id.provider = "Webhook".into();
        announce.input_artifacts = vec![crate::definition::InputArtifact {
            name: "Site".into(),
        }];
    });
    let rule = changed(|new| {
        let failure = new.stages[2].on_failure.as_mut().unwrap();
        failure.conditions[0].rules[0].timeout_in_minutes = Some(5);
    });
    let renamed = changed(|new| {
        let failure = new.stages[2].on_failure.as_mut().unwrap();
        failure.conditions[0].rules[0].name = "Else".into();
    });
    insta::assert_snapshot!(format!("{url}{action}{stage}{provider}{rule}{renamed}"));
}

#[test]
fn a_secret_that_was_not_there_cannot_be_kept() {
    let pipeline = secretive();
    let mut old = pipeline.clone();
    old.stages[2].actions[0].configuration.remove("Token");
    let shown = masked(&pipeline, &catalogue());
    assert!(told(&shown, &old).contains("Announce"));
}

#[test]
fn a_first_definition_gives_its_secrets() {
    let pipeline = secretive();
    assert_eq!(unknown_secrets(&pipeline, &catalogue()), []);
    let problems = unknown_secrets(&masked(&pipeline, &catalogue()), &catalogue());
    let told: String = problems
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect();
    insta::assert_snapshot!(told);
}

#[test]
fn stars_where_nothing_is_secret_are_only_stars() {
    let text = TOML.replace("BuildSpec = \"testspec.yml\"", "BuildSpec = \"****\"");
    let (pipeline, _) = read(&text, Format::Toml).unwrap();
    assert_eq!(
        unmasked(&pipeline, &pipeline, &catalogue()).unwrap(),
        pipeline
    );
    assert_eq!(unknown_secrets(&pipeline, &catalogue()), []);
}
