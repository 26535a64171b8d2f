//! Jobs that job workers do (semantics 2.16).

use crate::definitions::{
    DAY, MINUTE, Words, build, failure, pending, pipeline, source, stage, success,
};
use crate::line::Line;
use lockgate_execution::{
    ACKNOWLEDGE_SECONDS, Command, Effect, Rejected, due, worker_job, worker_jobs,
};
use lockgate_model::id::{JobId, Nonce};
use lockgate_model::job::{Job, Outcome};
use lockgate_model::status::JobStatus;
use lockgate_model::time::Timestamp;

fn running() -> (Line, Job) {
    let mut line = Line::new(&pipeline(vec![
        stage("Source", vec![source("get")]),
        stage(
            "Build",
            vec![{
                let mut jenkins = build("jenkins").makes("bin").key("ProjectName", "site");
                jenkins.action_type_id.owner = "Custom".into();
                jenkins
            }],
        ),
    ]));
    line.start();
    line.succeed("get");
    let job = line.job("jenkins");
    (line, job)
}

fn nonce(number: u128) -> Nonce {
    format!("00000000-0000-4000-8000-{number:012}")
        .parse()
        .unwrap()
}

fn queue(line: &mut Line, job: JobId) -> Vec<String> {
    line.ask(Command::QueueJob { job }).unwrap()
}

fn dispatch(line: &mut Line, job: JobId, number: u128) -> Result<Vec<String>, Rejected> {
    line.ask(Command::DispatchJob {
        job,
        nonce: nonce(number),
        acknowledge_within: ACKNOWLEDGE_SECONDS,
    })
}

fn acknowledge(line: &mut Line, job: JobId, number: u128) -> Result<Vec<String>, Rejected> {
    line.ask(Command::AcknowledgeJob {
        job,
        nonce: nonce(number),
    })
}

fn status(line: &Line, job: JobId) -> JobStatus {
    worker_job(&line.state, job).unwrap().status
}

/// semantics 2.16
#[test]
fn a_job_is_queued_dispatched_acknowledged_and_answered() {
    let (mut line, job) = running();
    assert_eq!(queue(&mut line, job.id), ["JobQueued 1 Build jenkins"]);
    assert!(line.jobs().is_empty(), "nobody else does it");
    let queued: Vec<_> = worker_jobs(&line.state).collect();
    assert_eq!(queued[0].job, job);
    assert_eq!(queued[0].job.configuration["ProjectName"], "site");
    assert_eq!(
        (queued[0].status, queued[0].nonce),
        (JobStatus::Queued, None)
    );
    assert_eq!(
        dispatch(&mut line, job.id, 1).unwrap(),
        ["JobDispatched 1 Build jenkins"]
    );
    assert_eq!(status(&line, job.id), JobStatus::Dispatched);
    assert_eq!(
        acknowledge(&mut line, job.id, 1).unwrap(),
        ["JobAcknowledged 1 Build jenkins"]
    );
    assert_eq!(status(&line, job.id), JobStatus::InProgress);
    line.answer(&job, Outcome::Succeeded(success(&job)))
        .unwrap();
    assert_eq!(line.status(1), "Succeeded");
    assert_eq!(worker_jobs(&line.state).count(), 0);
}

/// semantics 2.16
#[test]
fn a_second_acknowledgement_or_an_old_nonce_means_that_somebody_else_has_it() {
    let (mut line, job) = running();
    queue(&mut line, job.id);
    dispatch(&mut line, job.id, 1).unwrap();
    let wrong = acknowledge(&mut line, job.id, 2).unwrap_err();
    assert_eq!(wrong.exception(), "InvalidNonceException");
    acknowledge(&mut line, job.id, 1).unwrap();
    let again = acknowledge(&mut line, job.id, 1).unwrap_err();
    assert_eq!(again.exception(), "InvalidNonceException");
}

/// semantics 5.6
#[test]
fn a_job_that_was_not_acknowledged_in_five_minutes_is_offered_again() {
    let (mut line, job) = running();
    queue(&mut line, job.id);
    dispatch(&mut line, job.id, 1).unwrap();
    let dispatched = line.now;
    let until = Timestamp(dispatched.0 + 5 * MINUTE);
    assert!(due(&line.state).contains(&Effect::WakeAt(until)));
    line.later(5 * MINUTE);
    assert_eq!(line.pass(), ["JobQueued 1 Build jenkins"]);
    let old = acknowledge(&mut line, job.id, 1).unwrap_err();
    assert_eq!(old.exception(), "InvalidNonceException");
    dispatch(&mut line, job.id, 2).unwrap();
    let old = acknowledge(&mut line, job.id, 1).unwrap_err();
    assert_eq!(old.exception(), "InvalidNonceException");
    acknowledge(&mut line, job.id, 2).unwrap();
}

/// semantics 2.16
#[test]
fn an_answer_before_the_acknowledgement_is_refused() {
    let (mut line, job) = running();
    queue(&mut line, job.id);
    dispatch(&mut line, job.id, 1).unwrap();
    for outcome in [failure("no"), Outcome::Succeeded(success(&job))] {
        let refused = line.answer(&job, outcome).unwrap_err();
        assert_eq!(refused.exception(), "InvalidJobStateException");
        assert!(refused.to_string().contains("acknowledge it"), "{refused}");
    }
    let refused = dispatch(&mut line, job.id, 2).unwrap_err();
    assert_eq!(refused.exception(), "InvalidJobStateException");
}

/// semantics 2.16
#[test]
fn success_with_a_continuation_token_is_another_job_that_carries_it() {
    let (mut line, job) = running();
    queue(&mut line, job.id);
    dispatch(&mut line, job.id, 1).unwrap();
    acknowledge(&mut line, job.id, 1).unwrap();
    line.answer(&job, pending("half way", 30)).unwrap();
    let next = line.job("jenkins");
    assert_ne!(next.id, job.id);
    assert_eq!(next.continuation.as_deref(), Some("half way"));
    assert_eq!(worker_jobs(&line.state).count(), 0, "it has to be queued");
    queue(&mut line, next.id);
    dispatch(&mut line, next.id, 2).unwrap();
    acknowledge(&mut line, next.id, 2).unwrap();
    let late = line.answer(&job, failure("late")).unwrap_err();
    assert_eq!(late.exception(), "InvalidJobStateException");
    line.answer(&next, Outcome::Succeeded(success(&next)))
        .unwrap();
    assert_eq!(line.status(1), "Succeeded");
}

/// semantics 2.12
#[test]
fn a_worker_is_told_that_its_variables_are_too_large_and_may_answer_again() {
    let (mut line, job) = running();
    queue(&mut line, job.id);
    dispatch(&mut line, job.id, 1).unwrap();
    acknowledge(&mut line, job.id, 1).unwrap();
    let mut large = success(&job);
    large.variables.insert("log".into(), "x".repeat(122_880));
    let refused = line.answer(&job, Outcome::Succeeded(large)).unwrap_err();
    assert_eq!(refused.exception(), "OutputVariablesSizeExceededException");
    line.answer(&job, Outcome::Succeeded(success(&job)))
        .unwrap();
}

/// semantics 2.16
#[test]
fn queueing_twice_does_nothing_and_a_job_nobody_awaits_is_not_found() {
    let (mut line, job) = running();
    queue(&mut line, job.id);
    assert!(queue(&mut line, job.id).is_empty());
    let other = JobId(job.execution.derive("x"));
    let refused = line.ask(Command::QueueJob { job: other }).unwrap_err();
    assert_eq!(refused.exception(), "JobNotFoundException");
    let (mut line, job) = running();
    let refused = dispatch(&mut line, job.id, 1).unwrap_err();
    assert_eq!(refused.exception(), "JobNotFoundException");
    line.stop(1, true).unwrap();
    let refused = acknowledge(&mut line, job.id, 1).unwrap_err();
    assert_eq!(refused.exception(), "JobNotFoundException");
}

/// semantics 2.11
#[test]
fn an_action_that_no_worker_comes_for_fails_after_a_day() {
    let (mut line, job) = running();
    queue(&mut line, job.id);
    line.later(DAY);
    assert_eq!(line.pass()[0], "ActionFailed 1 Build jenkins");
}
