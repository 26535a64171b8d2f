//! What started an execution.

use crate::log::{Log, id, push};
use serde_json::{Value, json};

fn trigger(kind: &str, detail: &str) -> Value {
    json!({"trigger": {"triggerType": kind, "triggerDetail": detail}})
}

/// Semantics 2.14.
#[test]
fn an_execution_says_what_started_it() {
    let mut log = Log::new("SUPERSEDED");
    let kinds = [
        ("CreatePipeline", ""),
        (
            "StartPipelineExecution",
            "arn:aws:iam::111122223333:user/Carol",
        ),
        ("PollForSourceChanges", "source action App: 4f2a9c1"),
        ("Webhook", ""),
        ("CloudWatchEvent", "schedule nightly"),
        ("PutActionRevision", "App"),
    ];
    let mut sentences = vec![];
    for (number, (kind, detail)) in (1..).zip(kinds) {
        log.by("carol", "StartExecution")
            .started_with(number, trigger(kind, detail));
        sentences.push(log.why(number).lines().next().unwrap().to_owned());
    }
    insta::assert_snapshot!(sentences.join("\n"), @"
    2 Started: it started because the pipeline was created
    3 Started: it started because carol asked (arn:aws:iam::111122223333:user/Carol)
    4 Started: it started because a poll of the source found a new revision (source action App: 4f2a9c1)
    5 Started: it started because a webhook announced a change
    6 Started: it started because a schedule or an event rule asked (schedule nightly)
    7 Started: it started because a new revision was put to a source action (App)
    ");
}

/// Semantics 2.14.
#[test]
fn an_execution_that_a_change_started_names_the_filter() {
    let mut log = Log::new("SUPERSEDED");
    log.by("webhook", "SourceChanged").started_with(
        1,
        json!({
            "trigger": {"triggerType": "WebhookV2", "triggerDetail": "App"},
            "change": {
                "sourceAction": "App",
                "change": push("main", "4f2a9c1"),
                "verdict": {
                    "sourceAction": "App",
                    "change": push("main", "4f2a9c1")["kind"],
                    "passes": true,
                    "ground": {"type": "filters", "trigger": 0, "items": [{
                        "list": "push", "index": 0, "passes": true,
                        "parts": [{"part": "branches", "passes": true, "because":
                            {"type": "included", "value": "main", "pattern": "ma*"}}],
                    }]},
                },
            },
        }),
    );
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started for revision 4f2a9c1 of source action 'App': the push to branch 'main' starts the pipeline: branch 'main' matches include 'ma*' of triggers[0].push[0].branches
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
}

/// Semantics 2.14: source revision overrides.
#[test]
fn an_execution_names_the_revisions_that_were_asked_for() {
    let mut log = Log::new("SUPERSEDED");
    log.by("bob", "StartExecution")
        .started_with(
            1,
            json!({"sourceRevisions": [{"actionName": "App", "revisionId": "4f2a9c1"}]}),
        )
        .through_source(1, "4f2a9c1");
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked; it was told to take revision 4f2a9c1 of 'App'
    3 RevisionFetched: source action 'App' fetched revision 4f2a9c1: Fix the header
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
}

/// Semantics 2.8.
#[test]
fn a_rollback_names_its_target_and_who_asked_or_what_failed() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1).in_stage("StageEntered", 1, "Prod");
    log.server("JobFinished")
        .in_stage("StageSucceeded", 1, "Prod");
    log.started(2).in_stage("StageEntered", 2, "Prod");
    log.server("JobFinished")
        .in_stage("StageSucceeded", 2, "Prod");
    let rollback = json!({"target": id(1), "stage": "Prod"});
    log.by("carol", "RollbackStage")
        .started_with(3, json!({"rollback": rollback}));
    log.started(4).in_stage("StageEntered", 4, "Prod");
    let automatic = json!({"target": id(2), "stage": "Prod", "failed": id(4)});
    log.server("JobFinished")
        .started_with(5, json!({"rollback": automatic}));
    insta::assert_snapshot!(log.why(3), @"
    6 Started: it started to bring stage 'Prod' back to what execution E1 had in it, as carol asked
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
    insta::assert_snapshot!(log.why(5), @"
    8 Started: it started to bring stage 'Prod' back to what execution E2 had in it, because execution E4 failed there
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
    // What was there is told that it was replaced.
    insta::assert_snapshot!(log.why(2), @"
    4 Started: it started because bob asked
    6 RolledBack: carol brought stage 'Prod' back to what execution E1 had in it, by execution E3
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
    insta::assert_snapshot!(log.why(4), @"
    7 Started: it started because bob asked
    8 RolledBack: execution E5 brings stage 'Prod' back to what execution E2 had in it, because this one failed there
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
}

#[test]
fn what_the_log_does_not_know_is_said_plainly() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1);
    insta::assert_snapshot!(log.why(2), @"now none []: the log of this pipeline has no execution E2; take an id from the list of its executions");
    insta::assert_snapshot!(log.why_stage(1, "Deploy"), @"now none []: the execution's definition has no stage 'Deploy'; its stages are Source, Build, Prod");
    insta::assert_snapshot!(log.why_action(1, "Build", "Package"), @"now none []: stage 'Build' of the execution's definition has no action 'Package'; its actions are Compile, Lint, Test");
}
