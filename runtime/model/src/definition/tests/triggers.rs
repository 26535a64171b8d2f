//! Rules on triggers and their filters (semantics 1.4, 2.1).

use super::{GATED, GATED_JSON, assert_told, catalogue};
use crate::definition::{Format, load, read};

const PUSH: &str = "branches = { includes = [\"main\", \"release/**\"], excludes = [\"release/old-*\"] }\nfilePaths = { includes = [\"src/**\"] }";
const PULL: &str = "events = [\"OPEN\", \"UPDATED\"]\nbranches = { includes = [\"main\"] }";

#[test]
fn a_filter_says_branches_or_tags_and_what_goes_with_them() {
    assert_told!(
        GATED,
        Format::Toml,
        &[
            (
                "tags and branches",
                &[(
                    PUSH,
                    "branches.includes = [\"main\"]\ntags.includes = [\"v*\"]"
                )]
            ),
            (
                "tags and file paths",
                &[(
                    PUSH,
                    "filePaths.includes = [\"src/**\"]\ntags.includes = [\"v*\"]"
                )]
            ),
            (
                "all three",
                &[(PUSH, &format!("{PUSH}\ntags.includes = [\"v*\"]"))]
            ),
            (
                "file paths alone",
                &[(PUSH, "filePaths.includes = [\"src/**\"]")]
            ),
            ("nothing", &[(PUSH, "")]),
            (
                "a pull request's events alone",
                &[(PULL, "events = [\"OPEN\"]")]
            ),
            (
                "a pull request's files alone",
                &[(PULL, "filePaths.includes = [\"src/**\"]")]
            ),
            (
                "a pull request has no tags",
                &[(PULL, "tags.includes = [\"v*\"]")]
            ),
            ("no patterns", &[(PUSH, "branches = {}")]),
        ],
    );
}

#[test]
fn patterns_have_a_form_and_a_number() {
    let patterns = |count: usize| format!("branches.includes = [{}]", "\"main\",".repeat(count));
    let long = format!("branches.includes = [\"{}\"]", "x".repeat(256));
    assert_told!(
        GATED,
        Format::Toml,
        &[
            (
                "a class is closed",
                &[(PUSH, "branches.includes = [\"release-[0-9\"]")]
            ),
            (
                "alternatives are closed",
                &[(PUSH, "branches.excludes = [\"{a,b\"]")]
            ),
            (
                "a pattern is not empty",
                &[(PUSH, "tags.includes = [\"\"]")]
            ),
            ("a pattern is short", &[(PUSH, &long)]),
            ("eight patterns are enough", &[(PUSH, &patterns(9))]),
            (
                "three filters are enough",
                &[(
                    "[[triggers.gitConfiguration.pullRequest]]",
                    &format!(
                        "{}[[triggers.gitConfiguration.pullRequest]]",
                        "[[triggers.gitConfiguration.push]]\ntags.includes = [\"v*\"]\n".repeat(2)
                    )
                )]
            ),
            ("an event is one of three", &[("\"UPDATED\"", "\"MERGED\"")]),
            ("an event stands once", &[("\"UPDATED\"", "\"OPEN\"")]),
            (
                "a pattern is a text",
                &[("includes = [\"src/**\"]", "includes = [7]")]
            ),
        ],
    );
}

#[test]
fn a_trigger_is_about_one_source() {
    assert_told!(
        GATED,
        Format::Toml,
        &[
            (
                "its name is misspelt",
                &[(
                    "sourceActionName = \"Checkout\"",
                    "sourceActionName = \"Chekout\""
                )]
            ),
            (
                "nobody has its name",
                &[(
                    "sourceActionName = \"Checkout\"",
                    "sourceActionName = \"Elsewhere\""
                )]
            ),
            (
                "it is no source",
                &[(
                    "sourceActionName = \"Checkout\"",
                    "sourceActionName = \"Compile\""
                )]
            ),
            (
                "another is about it",
                &[(
                    "[[stages]]",
                    "[[triggers]]\ngitConfiguration = { sourceActionName = \"Checkout\" }\n\n[[stages]]"
                )]
            ),
            (
                "it names its source",
                &[("sourceActionName = \"Checkout\"", "")]
            ),
            (
                "it has a configuration",
                &[("[[stages]]", "[[triggers]]\n\n[[stages]]")]
            ),
            (
                "there are 50 at most",
                &[(
                    "[[stages]]",
                    &format!(
                        "{}[[stages]]",
                        "[[triggers]]\ngitConfiguration = { sourceActionName = \"Checkout\" }\n"
                            .repeat(50)
                    )
                )]
            ),
        ],
    );
    assert_told!(
        GATED_JSON,
        Format::Json,
        &[
            (
                "it has a provider",
                &[("\"providerType\": \"CodeStarSourceConnection\",", "")]
            ),
            (
                "its provider is the only one",
                &[(
                    "\"providerType\": \"CodeStarSourceConnection\"",
                    "\"providerType\": \"GitHub\""
                )]
            ),
        ],
    );
}

#[test]
fn a_trigger_without_filters_lets_every_push_pass() {
    let (before, rest) = GATED
        .split_once("[[triggers.gitConfiguration.push]]")
        .unwrap();
    let (_, after) = rest.split_once("[[stages]]").unwrap();
    let text = format!("{before}[[stages]]{after}");
    let pipeline = load(&text, Format::Toml, &catalogue()).unwrap();
    assert!(pipeline.triggers[0].git_configuration.push.is_empty());
}

/// semantics 2.18
#[test]
fn all_triggers_together_have_a_size() {
    let mut pipeline = read(GATED, Format::Toml).unwrap().0;
    let trigger = &mut pipeline.triggers[0];
    let push = &mut trigger.git_configuration.push;
    push.truncate(1);
    push[0].branches.as_mut().unwrap().includes = vec!["x".repeat(250); 8];
    push[0].branches.as_mut().unwrap().excludes = vec!["x".repeat(250); 8];
    let trigger = trigger.clone();
    pipeline.triggers = vec![trigger; 50];
    let problems = crate::definition::check(&pipeline, &catalogue());
    insta::assert_snapshot!(problems[0]);
    assert_eq!(problems.len(), 1);
}
