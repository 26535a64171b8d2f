//! Why a revision did not get where it was expected.

use crate::log::{Log, id, push};
use serde_json::{Value, json};

fn ignored(log: &mut Log, revision: &str, reason: Value) {
    log.by("webhook", "SourceChanged").event(json!({
        "type": "ChangeIgnored",
        "sourceAction": "App",
        "change": push("feature/x", revision),
        "reason": reason,
    }));
}

#[test]
fn a_revision_that_nobody_reported_is_said_to_be_unknown() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1).through_source(1, "abc123");
    insta::assert_snapshot!(log.why_not("fff"), @"NeverReported: no change whose revision begins with 'fff' was ever reported to this pipeline, and no execution fetched one");
    insta::assert_snapshot!(log.why_not(""), @"NeverReported: no revision was given; give at least its first character");
}

/// Semantics 2.14.
#[test]
fn an_ignored_change_says_why_nothing_started() {
    let mut log = Log::new("QUEUED");
    let verdict = json!({
        "sourceAction": "App",
        "change": push("feature/x", "abc1")["kind"],
        "passes": false,
        "ground": {"type": "ownBranch", "branch": "main"},
    });
    ignored(
        &mut log,
        "abc1",
        json!({"type": "filtered", "verdict": verdict}),
    );
    ignored(
        &mut log,
        "abc2",
        json!({"type": "alreadyStarted", "execution": id(1)}),
    );
    ignored(
        &mut log,
        "abc3",
        json!({"type": "limitReached", "limit": 50}),
    );
    ignored(
        &mut log,
        "abc4",
        json!({"type": "missingVariables", "names": ["Region", "Size"]}),
    );
    insta::assert_snapshot!(log.why_not("abc"), @"
    Ignored: revision abc4 of source action 'App' started nothing: no value was given for the pipeline's variables 'Region', 'Size', which have no default
    ignored: revision abc1 of source action 'App' started nothing: the push to branch 'feature/x' does not start the pipeline: source action 'App' has no trigger, so every push to its branch 'main' starts it
    ignored: revision abc2 of source action 'App' started nothing: the push to branch 'feature/x' had been reported before, and started execution E1
    ignored: revision abc3 of source action 'App' started nothing: the push to branch 'feature/x' came while 50 executions were in progress, which is as many as there may be
    ignored: revision abc4 of source action 'App' started nothing: no value was given for the pipeline's variables 'Region', 'Size', which have no default
    ");
    insta::assert_snapshot!(log.why_not("abc1"), @"
    Ignored: revision abc1 of source action 'App' started nothing: the push to branch 'feature/x' does not start the pipeline: source action 'App' has no trigger, so every push to its branch 'main' starts it
    ignored: revision abc1 of source action 'App' started nothing: the push to branch 'feature/x' does not start the pipeline: source action 'App' has no trigger, so every push to its branch 'main' starts it
    ");
}

#[test]
fn every_execution_with_a_revision_says_how_far_it_came() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1).through_source(1, "abc123").through_build(1);
    log.in_stage("StageEntered", 1, "Prod").approval(1);
    log.started(2).through_source(2, "abc123").through_build(2);
    log.in_stage("ExecutionWaiting", 2, "Prod");
    log.started(3).through_source(3, "def456").through_build(3);
    log.of("ExecutionSuperseded", 2, json!({"by": id(3)}))
        .in_stage("ExecutionWaiting", 3, "Prod");
    insta::assert_snapshot!(log.why_not("abc"), @"
    InProgress: revision abc123 came with execution E1 through 2 of its 3 stages: it waits: nobody has answered approval 'Approve' of stage 'Prod', open since 2024-05-01T12:04:00Z; it fails at 2024-05-01T13:04:00Z
    E1 with abc123 of App (Source Succeeded, Build Succeeded, Prod InProgress): it waits: nobody has answered approval 'Approve' of stage 'Prod', open since 2024-05-01T12:04:00Z; it fails at 2024-05-01T13:04:00Z
    E2 with abc123 of App (Source Succeeded, Build Succeeded, Prod -): it was superseded by execution E3, which arrived in front of stage 'Prod' when this one had waited there for 3 minutes
    ");
    log.by("carol", "AnswerApproval")
        .of(
            "ApprovalAnswered",
            1,
            json!({"stage": "Prod", "action": "Approve", "approved": true, "summary": ""}),
        )
        .succeeded(1, "Prod", "Approve")
        .in_stage("StageSucceeded", 1, "Prod")
        .of("ExecutionSucceeded", 1, json!({}));
    insta::assert_snapshot!(log.why_not("abc").lines().next().unwrap(), @"Succeeded: revision abc123 came with execution E1 through 3 of its 3 stages: it succeeded: it is through its last stage");
    // Both revisions begin so: each execution says which one it carries.
    insta::assert_snapshot!(log.why_not("def"), @"
    InProgress: revision def456 came with execution E3 through 2 of its 3 stages: it goes on by itself, for nothing keeps it
    E3 with def456 of App (Source Succeeded, Build Succeeded, Prod -): it goes on by itself, for nothing keeps it
    ");
}

#[test]
fn a_revision_that_failed_names_the_stage_and_the_action() {
    let mut log = Log::new("SUPERSEDED");
    log.by("bob", "StartExecution").started_with(
        1,
        json!({"sourceRevisions": [{"actionName": "App", "revisionId": "abc123"}]}),
    );
    log.in_stage("StageEntered", 1, "Source")
        .action(1, "Source", "App", "Source/CodeCommit");
    log.server("JobFinished")
        .failed(1, "Source", "App", "the repository has no commit abc123")
        .in_stage("StageFailed", 1, "Source")
        .in_stage("ExecutionFailed", 1, "Source");
    insta::assert_snapshot!(log.why_not("abc"), @"
    Failed: revision abc123 came with execution E1 through 0 of its 3 stages: it failed in stage 'Source': action 'App' failed (JobFailed): the repository has no commit abc123
    E1 with abc123 of App (Source Failed, Build -, Prod -): it failed in stage 'Source': action 'App' failed (JobFailed): the repository has no commit abc123
    ");
}

/// Semantics 2.8: a rollback carries its target's revisions.
#[test]
fn a_rollback_carries_the_revision_of_its_target() {
    let mut log = Log::new("SUPERSEDED");
    let rollback = json!({
        "target": id(1), "stage": "Prod",
        "revisions": [{"action": "App", "revision": {"id": "abc123"}}],
    });
    log.by("carol", "RollbackStage")
        .started_with(2, json!({"rollback": rollback}))
        .in_stage("StageEntered", 2, "Prod")
        .approval(2);
    insta::assert_snapshot!(log.why_not("abc"), @"
    InProgress: revision abc123 came with execution E2 through 0 of its 1 stages: it waits: nobody has answered approval 'Approve' of stage 'Prod', open since 2024-05-01T12:02:00Z; it fails at 2024-05-01T13:02:00Z
    E2 with abc123 of App (Prod InProgress): it waits: nobody has answered approval 'Approve' of stage 'Prod', open since 2024-05-01T12:02:00Z; it fails at 2024-05-01T13:02:00Z
    ");
}
