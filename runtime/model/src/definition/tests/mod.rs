//! The definition's rules, each with an example that breaks it. Every error
//! text is in `snapshots/`, to be read as its reader will.

mod conditions;
mod docs;
mod fits;
mod forms;
mod generation;
mod hostile;
mod languages;
mod roundtrip;
mod secrets;
mod triggers;
mod wiring;

use super::{Format, Problem, load};
use crate::action_type::{
    ActionType, ActionTypeId, ArtifactCount, Catalogue, Category, Property, PropertyType,
};

const TOML: &str = include_str!("valid.toml");
const JSON: &str = include_str!("exported.json");
/// With triggers, conditions and commands.
const GATED: &str = include_str!("gated.toml");
/// The same things as AWS exports them.
const GATED_JSON: &str = include_str!("exported-v2.json");

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

fn aws(category: Category, provider: &str) -> ActionTypeId {
    ActionTypeId {
        owner: "AWS".into(),
        ..id(category, provider)
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
            worker: false,
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
        aws(Category::Source, "CodeStarSourceConnection"),
        vec![
            property("ConnectionArn", String, true),
            property("FullRepositoryId", String, true),
            property("BranchName", String, true),
            property("OutputArtifactFormat", String, false),
            property("DetectChanges", Boolean, false),
        ],
        count(0, 0),
        count(1, 1),
        &["CommitId"],
    );
    add(
        aws(Category::Compute, "Commands"),
        vec![property("EnvironmentType", String, false)],
        count(1, 10),
        count(0, 1),
        &["*"],
    );
    add(
        aws(Category::Invoke, "CodePipeline"),
        vec![property("PipelineName", String, true)],
        count(0, 0),
        count(0, 0),
        &[],
    );
    for (provider, keys, artifacts) in [
        ("VariableCheck", &["Variable", "Value", "Operator"][..], 0),
        ("DeploymentWindow", &["Cron"], 0),
        ("LambdaInvoke", &["FunctionName"], 10),
        ("Commands", &[], 10),
    ] {
        let required = keys.iter().map(|key| property(key, String, true));
        let more = ["TimeZone", "Token"].map(|key| property(key, String, false));
        add(
            aws(Category::Rule, provider),
            required.chain(more).collect(),
            count(0, artifacts),
            count(0, 0),
            &[],
        );
    }
    add(
        id(Category::Compute, "Shell"),
        vec![],
        count(0, 10),
        count(0, 1),
        &[],
    );
    catalogue
}
