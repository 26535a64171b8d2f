//! The definition's rules, each with an example that breaks it. Every error
//! text is in `snapshots/`, to be read as its reader will.

mod docs;
mod fits;
mod forms;
mod hostile;
mod languages;
mod roundtrip;
mod wiring;

use super::{Format, Problem, load};
use crate::action_type::{
    ActionType, ActionTypeId, ArtifactCount, Catalogue, Category, Property, PropertyType,
};

const TOML: &str = include_str!("valid.toml");
const JSON: &str = include_str!("exported.json");

/// A sentence, and the edits of the valid definition that make it true.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)]);

/// What is told of each case, for a snapshot.
fn told(valid: &str, format: Format, cases: &[Case<'_>]) -> String {
    let mut told = String::new();
    for (sentence, edits) in cases {
        let problems = refused(&edited(valid, edits), format, sentence);
        told += &format!("{sentence}\n");
        for problem in problems {
            told += &format!("    {problem}\n");
        }
    }
    told
}

/// Snapshots what is told of each case.
macro_rules! assert_told {
    ($valid:expr, $format:expr, $cases:expr $(,)?) => {{
        let told = $crate::definition::tests::told($valid, $format, $cases);
        insta::assert_snapshot!(told);
    }};
}
use assert_told;

fn edited(valid: &str, edits: &[(&str, &str)]) -> String {
    let mut text = valid.to_owned();
    for (old, new) in edits {
        assert!(text.contains(old), "the example has no {old:?}");
        text = text.replacen(old, new, 1);
    }
    text
}

fn refused(text: &str, format: Format, sentence: &str) -> Vec<Problem> {
    let problems = load(text, format, &catalogue()).expect_err(sentence);
    assert!(!problems.is_empty(), "{sentence}: refused without a word");
    for problem in &problems {
        let text = problem.to_string();
        assert!(!text.contains('\n') && !text.ends_with('.'), "{text}");
    }
    problems
}

fn id(category: Category, provider: &str) -> ActionTypeId {
    ActionTypeId {
        category,
        owner: "Custom".into(),
        provider: provider.into(),
        version: "1".into(),
    }
}

fn property(name: &str, kind: PropertyType, required: bool) -> Property {
    Property {
        name: name.into(),
        description: match name {
            "RepositoryUrl" => {
                "Where the repository is: https://host/path,\n  or a path. More follows.".into()
            }
            "TargetDirectory" => "Absolute path of the directory to deploy to".into(),
            _ => std::string::String::new(),
        },
        kind,
        required,
        secret: name == "Token",
        default: None,
    }
}

fn count(minimum: u32, maximum: u32) -> ArtifactCount {
    ArtifactCount { minimum, maximum }
}

/// The providers that the examples use.
fn catalogue() -> Catalogue {
    use PropertyType::{Boolean, Number, String};
    let mut catalogue = Catalogue::core();
    let mut add = |id, properties, input_artifacts, output_artifacts, variables: &[&str]| {
        catalogue.insert(ActionType {
            id,
            summary: "For examples".into(),
            properties,
            input_artifacts,
            output_artifacts,
            output_variables: variables.iter().map(ToString::to_string).collect(),
        });
    };
    add(
        id(Category::Source, "Git"),
        vec![
            property("RepositoryUrl", String, true),
            property("BranchName", String, false),
            property("PollForSourceChanges", Boolean, false),
        ],
        count(0, 0),
        count(1, 1),
        &["AuthorDate", "BranchName", "CommitId", "CommitMessage"],
    );
    for category in [Category::Build, Category::Test] {
        add(
            id(category, "BuildSpec"),
            vec![
                property("BuildSpec", String, false),
                property("PrimarySource", String, false),
                property("EnvironmentVariables", String, false),
            ],
            count(1, 5),
            count(0, 5),
            &["*"],
        );
    }
    add(
        id(Category::Deploy, "Files"),
        vec![
            property("TargetDirectory", String, true),
            property("KeepReleases", Number, false),
        ],
        count(1, 1),
        count(0, 0),
        &["ReleaseId"],
    );
    add(
        id(Category::Invoke, "Webhook"),
        vec![
            property("Url", String, true),
            property("Message", String, false),
            property("TimeoutSeconds", Number, false),
            property("Token", Number, false),
        ],
        count(0, 0),
        count(0, 0),
        &[],
    );
    add(
        id(Category::Compute, "Shell"),
        vec![],
        count(0, 10),
        count(0, 1),
        &[],
    );
    catalogue
}
