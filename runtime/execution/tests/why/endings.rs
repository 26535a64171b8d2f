//! Stops, retries, updates, deletions.

use crate::log::{Log, definition};
use serde_json::json;

/// Semantics 2.6.
#[test]
fn a_stopped_execution_names_who_stopped_it_and_why() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1)
        .in_stage("StageEntered", 1, "Build")
        .action(1, "Build", "Compile", "CodeBuild");
    log.by("carol", "StopExecution").of(
        "ExecutionStopping",
        1,
        json!({"abandon": false, "reason": "wrong branch"}),
    );
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    3 StopAsked: carol asked to stop it once its running actions have ended: wrong branch
    now Stopping [Action]: it stops when this has ended: provider Build/AWS/CodeBuild/1 has worked on action 'Compile' of stage 'Build' since 2024-05-01T12:02:00Z; it fails at 2024-05-01T13:02:00Z
    ");
    log.by("dave", "StopExecution")
        .of(
            "ExecutionStopping",
            1,
            json!({"abandon": true, "reason": ""}),
        )
        .of(
            "ActionAbandoned",
            1,
            json!({"stage": "Build", "action": "Compile", "job": null}),
        )
        .in_stage("StageStopped", 1, "Build")
        .of("ExecutionStopped", 1, json!({}));
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    3 StopAsked: carol asked to stop it once its running actions have ended: wrong branch
    4 StopAsked: dave stopped it without waiting for running actions
    4 ActionAbandoned: action 'Compile' was not waited for
    4 Stopped: it was stopped: dave stopped it without waiting for running actions
    now Stopped []: it was stopped: dave stopped it without waiting for running actions
    ");
    insta::assert_snapshot!(log.why_stage(1, "Build").lines().last().unwrap(), @"now Stopped []: stage 'Build' was stopped with its execution");
}

/// Semantics 2.7.
#[test]
fn a_retry_names_who_retried_and_forgets_what_had_failed() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1)
        .in_stage("StageEntered", 1, "Build")
        .action(1, "Build", "Compile", "CodeBuild");
    log.server("JobFinished")
        .failed(1, "Build", "Compile", "exit code 1")
        .of("StageRetried", 1, json!({"stage": "Build", "mode": "FAILED_ACTIONS", "attempt": 2, "trigger": "AutomatedStageRetry"}))
        .action(1, "Build", "Compile", "CodeBuild");
    log.server("JobFinished")
        .failed(1, "Build", "Compile", "exit code 2")
        .in_stage("StageFailed", 1, "Build")
        .in_stage("ExecutionFailed", 1, "Build");
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    3 ActionFailed: action 'Compile' failed (JobFailed): exit code 1
    3 StageRetried: the definition retries what had failed in stage 'Build' (attempt 2)
    4 ActionFailed: action 'Compile' failed (JobFailed): exit code 2
    4 Failed: it failed in stage 'Build': action 'Compile' failed (JobFailed): exit code 2
    now Failed []: it failed in stage 'Build': action 'Compile' failed (JobFailed): exit code 2
    ");
    log.by("carol", "RetryStage")
        .of(
            "StageRetried",
            1,
            json!({"stage": "Build", "mode": "ALL_ACTIONS", "attempt": 3}),
        )
        .action(1, "Build", "Compile", "CodeBuild");
    insta::assert_snapshot!(log.why_stage(1, "Build").lines().rev().take(2).collect::<Vec<_>>().join("\n"), @"
    now InProgress [Action]: it waits: provider Build/AWS/CodeBuild/1 has worked on action 'Compile' of stage 'Build' since 2024-05-01T12:05:00Z; it fails at 2024-05-01T13:05:00Z
    5 StageRetried: carol retried the whole stage 'Build' (attempt 3)
    ");
}

/// Semantics 2.4.
#[test]
fn an_update_or_a_deletion_is_named_as_what_ended_an_execution() {
    let reason = "the pipeline was updated; start a new execution to run the new definition";
    let mut log = Log::new("SUPERSEDED");
    log.started(1)
        .in_stage("StageEntered", 1, "Build")
        .action(1, "Build", "Compile", "CodeBuild");
    log.started(2).in_stage("ExecutionWaiting", 2, "Build");
    log.by("alice", "UpdatePipeline")
        .event(json!({"type": "PipelineUpdated", "definition": definition("SUPERSEDED", 2)}))
        .of(
            "ExecutionCancelling",
            1,
            json!({"abandon": false, "reason": reason}),
        )
        .of(
            "ExecutionCancelling",
            2,
            json!({"abandon": false, "reason": reason}),
        )
        .of("ExecutionCancelled", 2, json!({"reason": reason}));
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    4 CancelAsked: UpdatePipeline by alice ends it once its running actions have ended: the pipeline was updated; start a new execution to run the new definition
    now InProgress [Action]: it is cancelled when this has ended: provider Build/AWS/CodeBuild/1 has worked on action 'Compile' of stage 'Build' since 2024-05-01T12:02:00Z; it fails at 2024-05-01T13:02:00Z
    ");
    insta::assert_snapshot!(log.why(2), @"
    3 Started: it started because bob asked
    3 Waited: it had to wait in front of stage 'Build': execution E1 has been in stage 'Build' since 2024-05-01T12:02:00Z
    4 CancelAsked: UpdatePipeline by alice ends it once its running actions have ended: the pipeline was updated; start a new execution to run the new definition
    4 Cancelled: it was cancelled: the pipeline was updated; start a new execution to run the new definition
    now Cancelled []: it was cancelled: the pipeline was updated; start a new execution to run the new definition
    ");
    log.by("alice", "DeletePipeline")
        .event(json!({"type": "PipelineDeleted"}))
        .of(
            "ExecutionCancelling",
            1,
            json!({"abandon": true, "reason": "the pipeline was deleted"}),
        )
        .of(
            "ActionAbandoned",
            1,
            json!({"stage": "Build", "action": "Compile", "job": null}),
        )
        .in_stage("StageCancelled", 1, "Build")
        .of(
            "ExecutionCancelled",
            1,
            json!({"reason": "the pipeline was deleted"}),
        );
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    4 CancelAsked: UpdatePipeline by alice ends it once its running actions have ended: the pipeline was updated; start a new execution to run the new definition
    5 CancelAsked: DeletePipeline by alice ends it at once: the pipeline was deleted
    5 ActionAbandoned: action 'Compile' was not waited for
    5 Cancelled: it was cancelled: the pipeline was deleted
    now Cancelled []: it was cancelled: the pipeline was deleted
    ");
}

/// A log cut between two events of one decision.
#[test]
fn an_execution_between_two_events_goes_on_by_itself() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1);
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
    log.in_stage("StageEntered", 1, "Source");
    insta::assert_snapshot!(log.why_stage(1, "Source"), @"
    2 Started: it started because bob asked
    2 StageEntered: it entered stage 'Source'
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
}
