//! Given a trigger and a change, then the verdict and its sentence.

use super::*;
use lockgate_model::change::ChangeKind;
use lockgate_model::definition::PullRequestEvent;
use lockgate_model::job::Revision;
use serde_json::{Value, json};

/// A pipeline with one source action `App` on branch `main`.
fn pipeline(triggers: Value) -> Pipeline {
    with_source(json!({"BranchName": "main"}), triggers)
}

fn with_source(configuration: Value, triggers: Value) -> Pipeline {
    serde_json::from_value(json!({
        "name": "web",
        "triggers": triggers,
        "stages": [
            {"name": "Source", "actions": [source("App", configuration)]},
            {"name": "Build", "actions": [{
                "name": "Compile",
                "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
            }]},
        ],
    }))
    .unwrap()
}

fn source(name: &str, configuration: Value) -> Value {
    json!({
        "name": name,
        "actionTypeId": {"category": "Source", "owner": "Custom", "provider": "Git", "version": "1"},
        "configuration": configuration,
        "outputArtifacts": [{"name": format!("{name}Files")}],
    })
}

/// One trigger of `App`.
fn trigger(lists: Value) -> Value {
    let mut git = json!({"sourceActionName": "App"});
    git.as_object_mut()
        .unwrap()
        .extend(lists.as_object().unwrap().clone());
    json!([{"providerType": "CodeStarSourceConnection", "gitConfiguration": git}])
}

fn change(kind: ChangeKind, files: Option<&[&str]>) -> SourceChange {
    SourceChange {
        kind,
        revision: Revision {
            id: "4f2a9c1".into(),
            summary: None,
            url: None,
            created: None,
        },
        files: files.map(|files| files.iter().map(|file| (*file).to_owned()).collect()),
        repository: None,
        author: None,
    }
}

fn push(branch: &str) -> SourceChange {
    push_of(branch, &["README.md"])
}

fn push_of(branch: &str, files: &[&str]) -> SourceChange {
    let name = branch.to_owned();
    change(
        ChangeKind::Branch {
            name,
            created: false,
        },
        Some(files),
    )
}

fn tag(name: &str) -> SourceChange {
    change(ChangeKind::Tag { name: name.into() }, None)
}

fn pull_request(event: PullRequestEvent, from: &str, into: &str) -> SourceChange {
    change(
        ChangeKind::PullRequest {
            event,
            number: "7".into(),
            source_branch: from.into(),
            destination_branch: into.into(),
            merged: false,
            fork: false,
        },
        Some(&["src/a.rs"]),
    )
}

fn verdict(pipeline: &Pipeline, change: &SourceChange) -> Verdict {
    let verdict = judge(pipeline, "App", change);
    let kept: Verdict = serde_json::from_value(serde_json::to_value(&verdict).unwrap()).unwrap();
    assert_eq!(kept, verdict, "the log gives back what it was given");
    verdict
}

fn passes(pipeline: &Pipeline, change: &SourceChange) -> bool {
    verdict(pipeline, change).passes()
}

fn says(pipeline: &Pipeline, change: &SourceChange) -> String {
    verdict(pipeline, change).to_string()
}

/// Semantics 2.14: OR between push and pullRequest, and between their items.
#[test]
fn one_filter_of_either_list_that_passes_is_enough() {
    let pipeline = pipeline(trigger(json!({
        "push": [{"branches": {"includes": ["main"]}}, {"tags": {"includes": ["v*"]}}],
        "pullRequest": [{"branches": {"includes": ["main"]}}],
    })));
    assert!(passes(&pipeline, &push("main")));
    assert!(passes(&pipeline, &tag("v1")));
    assert!(passes(
        &pipeline,
        &pull_request(PullRequestEvent::Open, "x", "main")
    ));
    assert!(!passes(&pipeline, &push("dev")));
    assert!(!passes(&pipeline, &tag("x1")));
    assert!(!passes(
        &pipeline,
        &pull_request(PullRequestEvent::Open, "x", "dev")
    ));
    insta::assert_snapshot!(says(&pipeline, &tag("v1")), @"the push of tag 'v1' starts the pipeline: tag 'v1' matches include 'v*' of triggers[0].push[1].tags");
    insta::assert_snapshot!(says(&pipeline, &push("dev")), @"the push to branch 'dev' does not start the pipeline: branch 'dev' matches no include of triggers[0].push[0].branches; triggers[0].push[1] is about tags only; triggers[0].pullRequest[0] is about pull requests only");
}

/// Semantics 2.14: AND between the parts of one item.
#[test]
fn every_part_of_a_filter_has_to_pass() {
    let pipeline = pipeline(trigger(json!({
        "push": [{"branches": {"includes": ["main"]}, "filePaths": {"includes": ["src/**"]}}],
        "pullRequest": [{"events": ["OPEN", "CLOSED"], "branches": {"includes": ["main"]}, "filePaths": {"includes": ["src/**"]}}],
    })));
    assert!(passes(&pipeline, &push_of("main", &["src/a.rs"])));
    assert!(!passes(&pipeline, &push_of("main", &["docs/a.md"])));
    assert!(!passes(&pipeline, &push_of("dev", &["src/a.rs"])));
    assert!(passes(
        &pipeline,
        &pull_request(PullRequestEvent::Closed, "x", "main")
    ));
    assert!(!passes(
        &pipeline,
        &pull_request(PullRequestEvent::Updated, "x", "main")
    ));
    insta::assert_snapshot!(says(&pipeline, &push_of("main", &["src/a.rs"])), @"the push to branch 'main' starts the pipeline: branch 'main' matches include 'main' of triggers[0].push[0].branches and file 'src/a.rs' matches include 'src/**' of triggers[0].push[0].filePaths");
    insta::assert_snapshot!(says(&pipeline, &pull_request(PullRequestEvent::Updated, "x", "main")), @"pull request 7 from 'x' into 'main' (UPDATED) does not start the pipeline: triggers[0].push[0] is about pushes only; event UPDATED is none of triggers[0].pullRequest[0].events (OPEN, CLOSED)");
}

/// Semantics 2.14: OR among the patterns of a part.
#[test]
fn one_pattern_that_matches_is_enough() {
    let pipeline = pipeline(trigger(json!({
        "push": [{"branches": {"includes": ["main", "release/**", "hotfix-?"]}}],
    })));
    for branch in ["main", "release/1/2", "hotfix-1"] {
        assert!(passes(&pipeline, &push(branch)), "{branch}");
    }
    for branch in ["release", "hotfix-12", "Main"] {
        assert!(!passes(&pipeline, &push(branch)), "{branch}");
    }
}

/// Semantics 2.14: exclude beats include.
#[test]
fn an_exclude_beats_an_include() {
    let pipeline = pipeline(trigger(json!({
        "push": [
            {"tags": {"includes": ["v*"]}},
            {"branches": {"includes": ["feature/x"], "excludes": ["feature/*"]}},
        ],
    })));
    insta::assert_snapshot!(says(&pipeline, &push("feature/x")), @"the push to branch 'feature/x' does not start the pipeline: triggers[0].push[0] is about tags only; branch 'feature/x' matches exclude 'feature/*' of triggers[0].push[1].branches");
}

/// Semantics 2.14: excludes alone mean everything but.
#[test]
fn excludes_alone_let_everything_else_pass() {
    let pipeline = pipeline(trigger(json!({
        "push": [{"branches": {"excludes": ["dependabot/**"]}}],
    })));
    insta::assert_snapshot!(says(&pipeline, &push("any/other")), @"the push to branch 'any/other' starts the pipeline: branch 'any/other' matches no exclude of triggers[0].push[0].branches, which has no includes");
    assert!(!passes(&pipeline, &push("dependabot/npm/x")));
}

/// Semantics 2.14: each changed file is judged alone, one that passes is enough.
#[test]
fn one_file_that_passes_is_enough() {
    let pipeline = pipeline(trigger(json!({
        "push": [{
            "branches": {"includes": ["**"]},
            "filePaths": {"includes": ["project/**"], "excludes": ["**/README.md"]},
        }],
    })));
    assert!(passes(
        &pipeline,
        &push_of("main", &["project/README.md", "other/x", "project/a"])
    ));
    // No file is both included and not excluded, though the files together are.
    assert!(!passes(
        &pipeline,
        &push_of("main", &["project/README.md", "other/x"])
    ));
    assert!(!passes(&pipeline, &push_of("main", &[])));
    insta::assert_snapshot!(says(&pipeline, &push_of("main", &["project/README.md", "a", "b", "c", "d"])), @"the push to branch 'main' does not start the pipeline: none of 5 changed files passes triggers[0].push[0].filePaths: 'project/README.md' matches exclude '**/README.md', 'a' matches no include, 'b' matches no include, and so on for 2 more");
    insta::assert_snapshot!(says(&pipeline, &push_of("main", &["a"])), @"the push to branch 'main' does not start the pipeline: the one changed file does not pass triggers[0].push[0].filePaths: 'a' matches no include");
    insta::assert_snapshot!(says(&pipeline, &push_of("main", &[])), @"the push to branch 'main' does not start the pipeline: triggers[0].push[0].filePaths cannot pass, because no file changed");
}

/// Semantics 2.14 and 5.12: what is not known does not pass, and says so; a
/// source that compared a new branch with the default one knows its files.
#[test]
fn a_filter_of_files_does_not_pass_where_the_source_cannot_tell_them() {
    let pipeline = pipeline(trigger(json!({
        "push": [{"branches": {"includes": ["**"]}, "filePaths": {"excludes": ["docs/**"]}}],
    })));
    let first_push = |files| {
        change(
            ChangeKind::Branch {
                name: "new".into(),
                created: true,
            },
            files,
        )
    };
    insta::assert_snapshot!(says(&pipeline, &first_push(None)), @"the first push of branch 'new' does not start the pipeline: triggers[0].push[0].filePaths cannot pass, because the source could not tell which files changed");
    assert!(passes(&pipeline, &first_push(Some(&["src/a.rs"]))));
    assert!(!passes(&pipeline, &first_push(Some(&["docs/a.md"]))));
}

/// Semantics 2.14: the branch of a pull request is the one it goes to.
#[test]
fn a_pull_request_is_judged_by_where_it_goes() {
    let pipeline = pipeline(trigger(json!({
        "pullRequest": [{"branches": {"includes": ["main"]}}],
    })));
    assert!(passes(
        &pipeline,
        &pull_request(PullRequestEvent::Updated, "dev", "main")
    ));
    assert!(!passes(
        &pipeline,
        &pull_request(PullRequestEvent::Updated, "main", "dev")
    ));
}

/// Semantics 2.14: push and pull-request filters do not answer for each other.
#[test]
fn a_push_filter_lets_no_pull_request_pass_and_the_other_way_round() {
    let pushes = pipeline(trigger(
        json!({"push": [{"branches": {"includes": ["**"]}}]}),
    ));
    let requests = pipeline(trigger(
        json!({"pullRequest": [{"branches": {"includes": ["**"]}}]}),
    ));
    let request = pull_request(PullRequestEvent::Open, "x", "main");
    assert!(passes(&pushes, &push("main")) && !passes(&pushes, &request));
    assert!(passes(&requests, &request) && !passes(&requests, &push("main")));
    assert!(!passes(&requests, &tag("v1")));
}

/// Semantics 2.14: a tag passes a filter of tags, and nothing else does.
#[test]
fn a_tag_passes_only_a_filter_of_tags() {
    let branches = pipeline(trigger(
        json!({"push": [{"branches": {"includes": ["**"]}}]}),
    ));
    let tags = pipeline(trigger(
        json!({"push": [{"tags": {"excludes": ["*-rc*"]}}]}),
    ));
    let none = pipeline(trigger(json!({"push": [{}]})));
    assert!(!passes(&branches, &tag("v1")));
    assert!(!passes(&none, &tag("v1")));
    assert!(passes(&tags, &tag("v1")));
    assert!(!passes(&tags, &tag("v1-rc2")));
    assert!(!passes(&tags, &push("v1")));
    insta::assert_snapshot!(says(&none, &push("any")), @"the push to branch 'any' starts the pipeline: triggers[0].push[0] lets every push to a branch pass");
}

/// Semantics 2.14 and 2.1: without a trigger every push to the source's branch
/// starts, and with a trigger that has no filters too.
#[test]
fn without_filters_every_push_to_the_sources_branch_starts() {
    for (triggers, own) in [
        (json!([]), "source action 'App' has no trigger"),
        (
            trigger(json!({})),
            "triggers[0] of source action 'App' has no filters",
        ),
    ] {
        for key in ["BranchName", "Branch"] {
            let pipeline = with_source(json!({key: "main"}), triggers.clone());
            assert!(passes(&pipeline, &push("main")));
            assert!(!passes(&pipeline, &push("dev")));
            assert!(!passes(&pipeline, &tag("main")));
            assert!(!passes(
                &pipeline,
                &pull_request(PullRequestEvent::Closed, "dev", "main")
            ));
            assert_eq!(
                says(&pipeline, &push("dev")),
                format!(
                    "the push to branch 'dev' does not start the pipeline: {own}, so every push to its branch 'main' starts it"
                )
            );
        }
    }
    let full_name = with_source(json!({"BranchName": "refs/heads/main"}), json!([]));
    assert!(passes(&full_name, &push("main")));
}

/// Semantics 2.14: any explicit filter takes the place of the source's own
/// branch.
#[test]
fn filters_take_the_place_of_the_sources_branch() {
    let pipeline = pipeline(trigger(
        json!({"push": [{"branches": {"includes": ["dev"]}}]}),
    ));
    assert!(!passes(&pipeline, &push("main")));
    assert!(passes(&pipeline, &push("dev")));
}

/// Semantics 2.14: what is not known is not guessed, for a branch might be
/// anybody's.
#[test]
fn a_source_that_names_no_branch_takes_no_push() {
    for configuration in [json!({}), json!({"BranchName": "#{variables.branch}"})] {
        let pipeline = with_source(configuration, json!([]));
        insta::allow_duplicates! {
            insta::assert_snapshot!(says(&pipeline, &push("main")), @"the push to branch 'main' does not start the pipeline: source action 'App' has no trigger, so pushes to its branch start it, and its configuration names none; set BranchName there or branches in a trigger");
        }
    }
}

/// Semantics 2.14: a source whose own revision is a tag has no branch.
#[test]
fn a_source_of_tags_takes_the_tags_that_match() {
    let pipeline = with_source(json!({"TagName": "v1.*"}), json!([]));
    assert!(passes(&pipeline, &tag("v1.2")));
    assert!(!passes(&pipeline, &push("v1.2")));
    insta::assert_snapshot!(says(&pipeline, &tag("v2.0")), @"the push of tag 'v2.0' does not start the pipeline: source action 'App' has no trigger, so every tag that matches its TagName 'v1.*' starts it");
}

/// Semantics 2.14 and 2.1: DetectChanges is about what happens without a trigger.
#[test]
fn detection_that_is_off_starts_nothing_unless_a_trigger_says_otherwise() {
    let configuration = json!({"BranchName": "main", "DetectChanges": "false"});
    let off = with_source(configuration.clone(), json!([]));
    insta::assert_snapshot!(says(&off, &push("main")), @"the push to branch 'main' does not start the pipeline: source action 'App' has DetectChanges set to false and no trigger is about it");
    let filtered = with_source(
        configuration,
        trigger(json!({"push": [{"branches": {"includes": ["main"]}}]})),
    );
    assert!(passes(&filtered, &push("main")));
    let on = with_source(
        json!({"BranchName": "main", "DetectChanges": "true"}),
        json!([]),
    );
    assert!(passes(&on, &push("main")));
}

/// Semantics 2.14: a webhook starts what is not polled.
#[test]
fn a_source_that_is_not_polled_starts_by_the_changes_that_are_announced() {
    for told in ["false", "true"] {
        let pipeline = with_source(
            json!({"BranchName": "main", "PollForSourceChanges": told}),
            json!([]),
        );
        assert!(passes(&pipeline, &push("main")), "{told}");
        assert!(!passes(&pipeline, &push("dev")), "{told}");
    }
}

/// Semantics 2.14: a pattern that means nothing lets nothing pass, not even as
/// an exclude.
#[test]
fn a_pattern_that_means_nothing_lets_nothing_pass() {
    let pipeline = pipeline(trigger(
        json!({"push": [{"branches": {"excludes": ["[a"]}}]}),
    ));
    insta::assert_snapshot!(says(&pipeline, &push("main")), @r"the push to branch 'main' does not start the pipeline: nothing passes triggers[0].push[0].branches, whose pattern '[a' has a '[' without ']'; close the set, or write '\[' for the character");
}

/// Semantics 2.14: every source action has its own trigger.
#[test]
fn every_source_action_is_explained_by_its_own_trigger() {
    let mut pipeline = pipeline(json!([{
        "providerType": "CodeStarSourceConnection",
        "gitConfiguration": {"sourceActionName": "Lib", "push": [{"tags": {"includes": ["v*"]}}]},
    }]));
    let lib = serde_json::from_value(source("Lib", json!({"BranchName": "main"}))).unwrap();
    pipeline.stages.first_mut().unwrap().actions.push(lib);
    let passed: Vec<_> = explain(&pipeline, &push("main"), None)
        .into_iter()
        .map(|(name, verdict)| (name, verdict.passes()))
        .collect();
    assert_eq!(
        passed,
        [("App".to_owned(), true), ("Lib".to_owned(), false)]
    );
    assert_eq!(explain(&pipeline, &tag("v1"), Some("Lib")).len(), 1);
    insta::assert_snapshot!(judge(&pipeline, "Compile", &push("main")).to_string(), @"the push to branch 'main' does not start the pipeline: its definition has no source action 'Compile'");
}

#[test]
fn a_verdict_keeps_its_json() {
    let pipeline = pipeline(trigger(json!({
        "push": [
            {"tags": {"includes": ["v*"]}},
            {"branches": {"excludes": ["feature/*"]}, "filePaths": {"includes": ["src/**"], "excludes": ["docs/**"]}},
        ],
        "pullRequest": [{"events": ["OPEN"]}],
    })));
    let verdict = verdict(&pipeline, &push_of("feature/x", &["docs/a.md", "b"]));
    assert_eq!(
        serde_json::to_value(&verdict).unwrap(),
        json!({
            "sourceAction": "App",
            "change": {"type": "branch", "name": "feature/x", "created": false},
            "passes": false,
            "ground": {"type": "filters", "trigger": 0, "items": [
                {"list": "push", "index": 0, "passes": false, "mismatch": "onlyTags"},
                {"list": "push", "index": 1, "passes": false, "parts": [
                    {"part": "branches", "passes": false, "because":
                        {"type": "excluded", "value": "feature/x", "pattern": "feature/*"}},
                    {"part": "filePaths", "passes": false, "because":
                        {"type": "noFilePasses", "files": 2, "first": [
                            {"file": "docs/a.md", "excludedBy": "docs/**"},
                            {"file": "b"},
                        ]}},
                ]},
                {"list": "pullRequest", "index": 0, "passes": false, "mismatch": "onlyPullRequests"},
            ]},
        })
    );
}
