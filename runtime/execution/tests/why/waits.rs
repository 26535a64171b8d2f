//! Who waits in front of a stage, and for what.

use crate::log::{Log, definition, id};
use serde_json::json;

/// Semantics 2.3: one slot in front of a stage, the newest arrival gets it.
#[test]
fn a_superseded_execution_names_the_one_that_took_its_place() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1).through_source(1, "aaa");
    log.in_stage("StageEntered", 1, "Build");
    log.started(2).through_source(2, "bbb");
    log.in_stage("ExecutionWaiting", 2, "Build");
    log.started(3).through_source(3, "ccc");
    log.minutes_pass(5)
        .of("ExecutionSuperseded", 2, json!({"by": id(3)}))
        .in_stage("ExecutionWaiting", 3, "Build");
    insta::assert_snapshot!(log.why(2), @"
    4 Started: it started because bob asked
    5 RevisionFetched: source action 'App' fetched revision bbb: Fix the header
    5 Waited: it had to wait in front of stage 'Build': execution E1 has been in stage 'Build' since 2024-05-01T12:03:00Z
    12 Superseded: it was superseded by execution E3, which arrived in front of stage 'Build' when this one had waited there for 7 minutes
    now Superseded []: it was superseded by execution E3, which arrived in front of stage 'Build' when this one had waited there for 7 minutes
    ");
    insta::assert_snapshot!(log.why(3), @"
    6 Started: it started because bob asked
    7 RevisionFetched: source action 'App' fetched revision ccc: Fix the header
    12 TookPlace: it took the place of execution E2, which waited in front of stage 'Build'
    12 Waited: it had to wait in front of stage 'Build': execution E1 has been in stage 'Build' since 2024-05-01T12:03:00Z
    now InProgress [StageHeld]: it waits: execution E1 has been in stage 'Build' since 2024-05-01T12:03:00Z
    ");
    log.server("JobFinished")
        .in_stage("StageSucceeded", 1, "Build")
        .in_stage("StageEntered", 3, "Build");
    insta::assert_snapshot!(log.why_stage(3, "Build"), @"
    6 Started: it started because bob asked
    12 TookPlace: it took the place of execution E2, which waited in front of stage 'Build'
    12 Waited: it had to wait in front of stage 'Build': execution E1 has been in stage 'Build' since 2024-05-01T12:03:00Z
    13 WaitEnded: it entered stage 'Build' after waiting 60 seconds, when execution E1 had left it
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
}

/// Semantics 2.3: an older execution that comes later gives way.
#[test]
fn an_older_execution_that_arrives_later_gives_way_to_the_newer() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1).in_stage("StageEntered", 1, "Build");
    log.started(2).started(3);
    log.in_stage("ExecutionWaiting", 3, "Build");
    log.server("JobFinished")
        .of("ExecutionSuperseded", 2, json!({"by": id(3)}));
    insta::assert_snapshot!(log.why(2), @"
    3 Started: it started because bob asked
    5 Superseded: it was superseded by execution E3, which started later and waited in front of stage 'Build' already
    now Superseded []: it was superseded by execution E3, which started later and waited in front of stage 'Build' already
    ");
    insta::assert_snapshot!(log.why(3), @"
    4 Started: it started because bob asked
    4 Waited: it had to wait in front of stage 'Build': execution E1 has been in stage 'Build' since 2024-05-01T12:02:00Z
    5 TookPlace: it took the place of execution E2, which started earlier and came to stage 'Build' later
    now InProgress [StageHeld]: it waits: execution E1 has been in stage 'Build' since 2024-05-01T12:02:00Z
    ");
}

/// Semantics 2.3: first come, first served.
#[test]
fn a_queued_execution_names_those_before_it() {
    let mut log = Log::new("QUEUED");
    log.started(1).in_stage("StageEntered", 1, "Source");
    for number in 2..5 {
        log.started(number)
            .in_stage("ExecutionWaiting", number, "Source");
    }
    insta::assert_snapshot!(log.why(2), @"
    3 Started: it started because bob asked
    3 Waited: it had to wait in front of stage 'Source': execution E1 has been in stage 'Source' since 2024-05-01T12:02:00Z
    now InProgress [StageHeld]: it waits: execution E1 has been in stage 'Source' since 2024-05-01T12:02:00Z
    ");
    insta::assert_snapshot!(log.why(4), @"
    5 Started: it started because bob asked
    5 Waited: it had to wait in front of stage 'Source': execution E1 has been in stage 'Source' since 2024-05-01T12:02:00Z, and 2 executions are in the queue before it, the last E3
    now InProgress [StageHeld, Queue]: it waits: execution E1 has been in stage 'Source' since 2024-05-01T12:02:00Z; 2 executions are in the queue before it, the last E3
    ");
    insta::assert_snapshot!(log.why_action(4, "Source", "App"), @"
    5 Started: it started because bob asked
    5 Waited: it had to wait in front of stage 'Source': execution E1 has been in stage 'Source' since 2024-05-01T12:02:00Z, and 2 executions are in the queue before it, the last E3
    now InProgress [StageHeld, Queue]: it waits: execution E1 has been in stage 'Source' since 2024-05-01T12:02:00Z; 2 executions are in the queue before it, the last E3
    ");
    log.server("JobFinished")
        .in_stage("StageSucceeded", 1, "Source")
        .in_stage("StageEntered", 2, "Source");
    insta::assert_snapshot!(log.why(2), @"
    3 Started: it started because bob asked
    3 Waited: it had to wait in front of stage 'Source': execution E1 has been in stage 'Source' since 2024-05-01T12:02:00Z
    6 WaitEnded: it entered stage 'Source' after waiting 3 minutes, when execution E1 had left it
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
    insta::assert_snapshot!(log.why(3), @"
    4 Started: it started because bob asked
    4 Waited: it had to wait in front of stage 'Source': execution E1 has been in stage 'Source' since 2024-05-01T12:02:00Z, and execution E2 is in the queue before it
    now InProgress [StageHeld]: it waits: execution E2 has been in stage 'Source' since 2024-05-01T12:06:00Z
    ");
}

/// Semantics 2.5.
#[test]
fn a_disabled_transition_names_who_disabled_it_and_why() {
    let mut log = Log::new("SUPERSEDED");
    log.by("carol", "DisableTransition").event(json!({
        "type": "TransitionDisabled", "stage": "Prod", "direction": "Inbound", "reason": "release freeze",
    }));
    log.started(1).through_source(1, "aaa").through_build(1);
    log.in_stage("ExecutionWaiting", 1, "Prod");
    insta::assert_snapshot!(log.why(1), @"
    3 Started: it started because bob asked
    4 RevisionFetched: source action 'App' fetched revision aaa: Fix the header
    5 Waited: it had to wait in front of stage 'Prod': the transition into stage 'Prod' was disabled by carol at 2024-05-01T12:02:00Z because: release freeze
    now InProgress [Transition]: it waits: the transition into stage 'Prod' was disabled by carol at 2024-05-01T12:02:00Z because: release freeze
    ");
    log.minutes_pass(60)
        .by("dave", "EnableTransition")
        .event(json!({
            "type": "TransitionEnabled", "stage": "Prod", "direction": "Inbound",
        }));
    log.in_stage("StageEntered", 1, "Prod");
    insta::assert_snapshot!(log.why(1), @"
    3 Started: it started because bob asked
    4 RevisionFetched: source action 'App' fetched revision aaa: Fix the header
    5 Waited: it had to wait in front of stage 'Prod': the transition into stage 'Prod' was disabled by carol at 2024-05-01T12:02:00Z because: release freeze
    66 TransitionEnabled: dave enabled the transition into stage 'Prod'
    66 WaitEnded: it entered stage 'Prod' after waiting 61 minutes, when dave enabled the transition
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
}

/// Semantics 2.5 and 5.4: an outbound transition holds executions behind its
/// stage.
#[test]
fn a_transition_that_is_disabled_while_an_execution_waits_is_told_too() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1).in_stage("StageEntered", 1, "Prod");
    log.started(2).in_stage("ExecutionWaiting", 2, "Prod");
    log.by("carol", "DisableTransition").event(json!({
        "type": "TransitionDisabled", "stage": "Build", "direction": "Outbound", "reason": "",
    }));
    log.server("JobFinished")
        .in_stage("StageSucceeded", 1, "Prod");
    insta::assert_snapshot!(log.why(2), @"
    3 Started: it started because bob asked
    3 Waited: it had to wait in front of stage 'Prod': execution E1 has been in stage 'Prod' since 2024-05-01T12:02:00Z
    4 TransitionDisabled: carol disabled the transition out of stage 'Build' while it waited
    now InProgress [Transition]: it waits: the transition out of stage 'Build' was disabled by carol at 2024-05-01T12:04:00Z
    ");
    log.by("carol", "EnableTransition").event(json!({
        "type": "TransitionEnabled", "stage": "Build", "direction": "Outbound",
    }));
    insta::assert_snapshot!(log.why(2), @"
    3 Started: it started because bob asked
    3 Waited: it had to wait in front of stage 'Prod': execution E1 has been in stage 'Prod' since 2024-05-01T12:02:00Z
    4 TransitionDisabled: carol disabled the transition out of stage 'Build' while it waited
    6 TransitionEnabled: carol enabled the transition out of stage 'Build'
    now InProgress [Nothing]: it goes on by itself, for nothing keeps it
    ");
}

/// Semantics 2.3: in PARALLEL mode nobody waits for a stage.
#[test]
fn a_parallel_execution_waits_for_transitions_alone() {
    let mut log = Log::new("PARALLEL");
    log.started(1).in_stage("StageEntered", 1, "Source");
    log.by("carol", "DisableTransition").event(json!({
        "type": "TransitionDisabled", "stage": "Source", "direction": "Inbound", "reason": "later",
    }));
    log.started(2).in_stage("ExecutionWaiting", 2, "Source");
    insta::assert_snapshot!(log.why(2), @"
    4 Started: it started because bob asked
    4 Waited: it had to wait in front of stage 'Source': the transition into stage 'Source' was disabled by carol at 2024-05-01T12:03:00Z because: later
    now InProgress [Transition]: it waits: the transition into stage 'Source' was disabled by carol at 2024-05-01T12:03:00Z because: later
    ");
}

/// Semantics 2.4.
#[test]
fn an_execution_of_an_older_definition_keeps_its_own_stages() {
    let mut log = Log::new("PARALLEL");
    log.started(1).in_stage("StageEntered", 1, "Build");
    let mut newer = definition("PARALLEL", 2);
    newer["stages"][1]["name"] = json!("Compile");
    log.by("alice", "UpdatePipeline")
        .event(json!({"type": "PipelineUpdated", "definition": newer, "policy": "pin"}));
    insta::assert_snapshot!(log.why_stage(1, "Build").lines().last().unwrap(), @"now InProgress [Nothing]: it goes on by itself, for nothing keeps it");
    log.started_with(2, json!({"version": 2}));
    insta::assert_snapshot!(log.why_stage(2, "Build"), @"now none []: the execution's definition has no stage 'Build'; its stages are Source, Compile, Prod");
}
