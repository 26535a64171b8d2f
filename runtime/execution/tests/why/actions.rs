//! Actions, approvals and jobs.

use crate::log::{Log, id};
use serde_json::json;

/// Semantics 2.10.
#[test]
fn an_open_approval_says_since_when_and_until_when() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1)
        .in_stage("StageEntered", 1, "Prod")
        .approval(1);
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    2 ApprovalAsked: approval 'Approve' was asked for, and fails if nobody answers until 2024-05-01T13:02:00Z
    now InProgress [Approval]: it waits: nobody has answered approval 'Approve' of stage 'Prod', open since 2024-05-01T12:02:00Z; it fails at 2024-05-01T13:02:00Z
    ");
    insta::assert_snapshot!(log.why_action(1, "Prod", "Ship"), @"
    2 Started: it started because bob asked
    2 StageEntered: it entered stage 'Prod'
    2 ApprovalAsked: approval 'Approve' was asked for, and fails if nobody answers until 2024-05-01T13:02:00Z
    now InProgress [Turn, Approval]: it waits: action 'Ship' starts when 'Approve' of an earlier run order has succeeded; nobody has answered approval 'Approve' of stage 'Prod', open since 2024-05-01T12:02:00Z; it fails at 2024-05-01T13:02:00Z
    ");
}

/// Semantics 2.10.
#[test]
fn an_answer_is_told_once_with_who_gave_it_and_what_they_said() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1)
        .in_stage("StageEntered", 1, "Prod")
        .approval(1);
    let mut rejected = Log::new("SUPERSEDED");
    rejected.events.clone_from(&log.events);
    let answer = |approved, summary| json!({"stage": "Prod", "action": "Approve", "approved": approved, "summary": summary});
    log.by("carol", "AnswerApproval")
        .of("ApprovalAnswered", 1, answer(true, "looks good"))
        .succeeded(1, "Prod", "Approve");
    log.action(1, "Prod", "Ship", "Deploy/S3");
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    2 ApprovalAsked: approval 'Approve' was asked for, and fails if nobody answers until 2024-05-01T13:02:00Z
    3 Approved: carol approved 'Approve': looks good
    now InProgress [Action]: it waits: provider Deploy/AWS/S3/1 has worked on action 'Ship' of stage 'Prod' since 2024-05-01T12:03:00Z; it fails at 2024-05-01T13:03:00Z
    ");
    rejected
        .minutes_pass(10)
        .by("carol", "AnswerApproval")
        .of("ApprovalAnswered", 1, answer(false, "wrong week"))
        .failed(1, "Prod", "Approve", "rejected by carol: wrong week")
        .in_stage("StageFailed", 1, "Prod")
        .in_stage("ExecutionFailed", 1, "Prod");
    insta::assert_snapshot!(rejected.why(1), @"
    2 Started: it started because bob asked
    2 ApprovalAsked: approval 'Approve' was asked for, and fails if nobody answers until 2024-05-01T13:02:00Z
    12 Rejected: carol rejected 'Approve': wrong week
    12 Failed: it failed in stage 'Prod': carol rejected 'Approve': wrong week
    now Failed []: it failed in stage 'Prod': carol rejected 'Approve': wrong week
    ");
    insta::assert_snapshot!(rejected.why_action(1, "Prod", "Ship"), @"
    2 Started: it started because bob asked
    2 StageEntered: it entered stage 'Prod'
    2 ApprovalAsked: approval 'Approve' was asked for, and fails if nobody answers until 2024-05-01T13:02:00Z
    12 Rejected: carol rejected 'Approve': wrong week
    12 StageFailed: stage 'Prod' failed: carol rejected 'Approve': wrong week
    12 Failed: it failed in stage 'Prod': carol rejected 'Approve': wrong week
    now Failed []: action 'Ship' did not run: stage 'Prod' failed: carol rejected 'Approve': wrong week
    ");
}

/// Semantics 2.11.
#[test]
fn an_action_that_ran_out_of_time_is_told_apart_from_one_that_failed() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1)
        .in_stage("StageEntered", 1, "Prod")
        .approval(1)
        .minutes_pass(60)
        .server("TimePassed")
        .failed(
            1,
            "Prod",
            "Approve",
            "nobody answered within 60 minutes; retry the stage to ask again",
        )
        .in_stage("StageFailed", 1, "Prod")
        .in_stage("ExecutionFailed", 1, "Prod");
    insta::assert_snapshot!(log.why(1), @"
    2 Started: it started because bob asked
    2 ApprovalAsked: approval 'Approve' was asked for, and fails if nobody answers until 2024-05-01T13:02:00Z
    63 TimedOut: action 'Approve' failed (JobFailed): nobody answered within 60 minutes; retry the stage to ask again
    63 Failed: it failed in stage 'Prod': action 'Approve' failed (JobFailed): nobody answered within 60 minutes; retry the stage to ask again
    now Failed []: it failed in stage 'Prod': action 'Approve' failed (JobFailed): nobody answered within 60 minutes; retry the stage to ask again
    ");
}

/// Semantics 2.2: run orders.
#[test]
fn an_action_that_has_not_started_names_what_comes_first() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1).through_source(1, "aaa");
    insta::assert_snapshot!(log.why_action(1, "Build", "Test").lines().last().unwrap(), @"now InProgress [Nothing]: it has not come to stage 'Build': it goes on by itself, for nothing keeps it");
    log.in_stage("StageEntered", 1, "Build")
        .action(1, "Build", "Compile", "CodeBuild");
    insta::assert_snapshot!(log.why_action(1, "Build", "Test"), @"
    2 Started: it started because bob asked
    3 StageEntered: it entered stage 'Build'
    now InProgress [Turn, Action]: it waits: action 'Test' starts when 'Compile' of an earlier run order has succeeded; provider Build/AWS/CodeBuild/1 has worked on action 'Compile' of stage 'Build' since 2024-05-01T12:03:00Z; it fails at 2024-05-01T13:03:00Z
    ");
    log.server("JobFinished")
        .succeeded(1, "Build", "Compile")
        .action(1, "Build", "Lint", "CodeBuild")
        .action(1, "Build", "Test", "CodeBuild");
    log.server("JobFinished")
        .failed(1, "Build", "Lint", "3 findings");
    insta::assert_snapshot!(log.why_stage(1, "Build"), @"
    2 Started: it started because bob asked
    3 StageEntered: it entered stage 'Build'
    5 ActionFailed: action 'Lint' failed (JobFailed): 3 findings
    now InProgress [Action]: it waits: provider Build/AWS/CodeBuild/1 has worked on action 'Test' of stage 'Build' since 2024-05-01T12:04:00Z; it fails at 2024-05-01T13:04:00Z
    ");
    log.server("JobFinished")
        .succeeded(1, "Build", "Test")
        .in_stage("StageFailed", 1, "Build")
        .in_stage("ExecutionFailed", 1, "Build");
    insta::assert_snapshot!(log.why_action(1, "Build", "Test"), @"
    2 Started: it started because bob asked
    3 StageEntered: it entered stage 'Build'
    4 ActionStarted: action 'Test' started: provider Build/AWS/CodeBuild/1 has until 2024-05-01T13:04:00Z
    5 ActionFailed: action 'Lint' failed (JobFailed): 3 findings
    6 ActionSucceeded: action 'Test' succeeded
    6 StageFailed: stage 'Build' failed: action 'Lint' failed (JobFailed): 3 findings
    6 Failed: it failed in stage 'Build': action 'Lint' failed (JobFailed): 3 findings
    now Failed []: action 'Test' succeeded
    ");
    insta::assert_snapshot!(log.why_action(1, "Prod", "Ship"), @"
    2 Started: it started because bob asked
    now Failed []: it never came to stage 'Prod': it failed in stage 'Build': action 'Lint' failed (JobFailed): 3 findings
    ");
}

/// Semantics 2.16.
#[test]
fn a_job_of_a_worker_says_who_has_it() {
    let mut log = Log::new("SUPERSEDED");
    log.started(1)
        .in_stage("StageEntered", 1, "Build")
        .action(1, "Build", "Compile", "Jenkins");
    let job = json!({"stage": "Build", "action": "Compile", "job": id(900)});
    let mut dispatched = job.clone();
    dispatched["nonce"] = json!(id(950));
    dispatched["until"] = json!(1_714_564_800_000_i64 + 30 * 60_000);
    log.server("QueueJob").of("JobQueued", 1, job.clone());
    insta::assert_snapshot!(log.why(1).lines().last().unwrap(), @"now InProgress [Worker]: it waits: no job worker has taken the job of action 'Compile' of stage 'Build' (action type Build/AWS/Jenkins/1)");
    log.by("jenkins", "DispatchJob")
        .of("JobDispatched", 1, dispatched.clone());
    insta::assert_snapshot!(log.why(1).lines().last().unwrap(), @"now InProgress [Worker]: it waits: a job worker has the job of action 'Compile' of stage 'Build' and has to begin until 2024-05-01T12:30:00Z");
    log.server("TimePassed").of("JobQueued", 1, job.clone());
    log.by("jenkins-2", "DispatchJob")
        .of("JobDispatched", 1, dispatched);
    log.by("jenkins-2", "AcknowledgeJob")
        .of("JobAcknowledged", 1, job.clone());
    insta::assert_snapshot!(log.why_action(1, "Build", "Compile"), @"
    2 Started: it started because bob asked
    2 StageEntered: it entered stage 'Build'
    2 ActionStarted: action 'Compile' started: provider Build/AWS/Jenkins/1 has until 2024-05-01T13:02:00Z
    3 JobQueued: the job of action 'Compile' waits for a job worker
    4 JobDispatched: job worker jenkins got the job of action 'Compile', and has to begin until 2024-05-01T12:30:00Z
    5 JobQueued: the job of action 'Compile' waits for a job worker again, because the one that had it did not begin in time
    6 JobDispatched: job worker jenkins-2 got the job of action 'Compile', and has to begin until 2024-05-01T12:30:00Z
    7 JobAcknowledged: job worker jenkins-2 began action 'Compile'
    now InProgress [Worker]: it waits: a job worker works on action 'Compile' of stage 'Build'; it fails at 2024-05-01T13:02:00Z
    ");
    let mut pending = job;
    pending["attempt"] = json!(2);
    pending["notBefore"] = json!(1_714_564_800_000_i64 + 40 * 60_000);
    pending["continuation"] = json!("#12");
    pending["percent"] = json!(30);
    pending["external"] = json!({"summary": "build 12"});
    log.by("jenkins-2", "JobFinished")
        .of("ActionPending", 1, pending);
    insta::assert_snapshot!(log.why_action(1, "Build", "Compile").lines().rev().take(2).collect::<Vec<_>>().join("\n"), @"
    now InProgress [Action]: it waits: action 'Compile' of stage 'Build' goes on elsewhere (30 %), and provider Build/AWS/Jenkins/1 is asked again at 2024-05-01T12:40:00Z
    8 ActionPending: action 'Compile' goes on elsewhere (30 %), and is asked again at 2024-05-01T12:40:00Z: build 12
    ");
}
