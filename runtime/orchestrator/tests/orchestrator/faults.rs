//! A disk that fails when the test says so: before anything is written, or after
//! everything is and only the answer is lost. Whoever is not told looks again.

use crate::definitions::{make, pipeline, source, stage, three};
use crate::house::{House, alone};
use lockgate_execution::Direction;
use lockgate_model::id::JobId;
use lockgate_orchestrator::OrchestratorError;
use lockgate_store::{Access, Change, Hook, Lease, LeaseToken, LeasedJob, Operation, StoreError};
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of one access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is done.
    Done,
    /// There is no room; nothing is kept.
    Full,
    /// The disk fails, and keeps nothing.
    Refused,
    /// The disk fails, and keeps all.
    Lost,
    /// It is done a minute later.
    Slow,
}

#[derive(Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<Next>>);

#[derive(Default)]
struct Next {
    /// Of the next decisions that are to be kept; those after them are.
    commits: VecDeque<Fate>,
    /// Nothing can be read.
    unreadable: bool,
}

impl Faults {
    pub(crate) fn commits(&self, fates: &[Fate]) {
        self.0.lock().unwrap().commits.extend(fates);
    }

    pub(crate) fn unreadable(&self, unreadable: bool) {
        self.0.lock().unwrap().unreadable = unreadable;
    }

    pub(crate) fn hook(&self) -> Hook {
        fn of_any_lifetime<F>(hook: F) -> F
        where
            F: for<'a> Fn(Access<'a>, Operation<'a>) -> Operation<'a>,
        {
            hook
        }
        let faults = self.clone();
        Arc::new(of_any_lifetime(move |access, operation| {
            let fate = faults.of(access);
            Box::pin(async move {
                let path = PathBuf::from("the disk");
                let failed = StoreError::Io {
                    path: path.clone(),
                    reason: "as the test wants it".to_owned(),
                };
                match fate {
                    Fate::Done => operation.await,
                    Fate::Full => Err(StoreError::Full(path)),
                    Fate::Refused => Err(failed),
                    Fate::Slow => {
                        tokio::time::sleep(Duration::from_secs(60)).await;
                        operation.await
                    }
                    Fate::Lost => operation.await.and(Err(failed)),
                }
            })
        }))
    }

    fn of(&self, access: Access<'_>) -> Fate {
        let mut next = self.0.lock().unwrap();
        match access {
            Access::Commit(_) => next.commits.pop_front().unwrap_or(Fate::Done),
            Access::Read if next.unreadable => Fate::Refused,
            Access::Read | Access::Write | Access::Log => Fate::Done,
        }
    }
}

impl House {
    async fn close(&self, stage: &str) -> Result<(), OrchestratorError> {
        let (o, stage) = (&self.orchestrator, stage.to_owned());
        let reason = Some("freeze".to_owned());
        o.set_transition(
            &self.tenant,
            "p",
            stage,
            Direction::Inbound,
            reason,
            &self.by,
        )
        .await
    }

    /// Somebody else takes a job's lease.
    async fn take_lease(&self, id: JobId) {
        let store = self.orchestrator.store();
        let loaded = store.load(&self.tenant, "p").await.unwrap().unwrap();
        let now = crate::house::BEGINNING;
        let mut change = Change::new(self.tenant.clone(), "p", now, loaded.version);
        let lease = Lease {
            token: LeaseToken::random(),
            expires: None,
        };
        change.leased_jobs.push(LeasedJob { id, lease });
        store.commit(change).await.unwrap();
    }
}

fn failed(result: Result<(), OrchestratorError>) {
    assert!(
        matches!(result, Err(OrchestratorError::Store(StoreError::Io { .. }))),
        "{result:?}"
    );
}

#[test]
fn what_the_disk_kept_and_did_not_say_is_done() {
    alone(async |house| {
        house.create(three("p")).await;
        house.faults.commits(&[Fate::Lost]);
        house.close("Deploy").await.unwrap();
        let gates = house.state("p").await;
        assert!(!gates.gate("Deploy").unwrap().inbound.enabled);
    });
}

#[test]
fn a_job_whose_answer_is_on_its_way_to_the_disk_is_not_done_again() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let call = house.call("Fetch").await;
        // From now on only the disk knows how the pipeline is.
        house.faults.commits(&[Fate::Lost]);
        house.faults.unreadable(true);
        failed(house.close("Deploy").await);
        house.faults.unreadable(false);
        call.succeed();
        house.call("Make").await.succeed();
        house.settle("p").await;
        house.no_call();
        let events = house.events(id).await;
        assert!(events.contains(&"ActionSucceeded Make".to_owned()));
    });
}

#[test]
fn answers_that_wait_for_the_disk_are_not_asked_for_again_while_one_of_them_is_kept() {
    alone(async |house| {
        let definition = pipeline(
            "p",
            &[
                stage("Source", &[source()]),
                stage("Build", &[make("A"), make("B")]),
            ],
        );
        house.create(definition).await;
        let id = house.start("p").await;
        house.call("Fetch").await.succeed();
        let calls = [house.calls.recv().await, house.calls.recv().await];
        house.faults.commits(&[Fate::Full, Fate::Full]);
        for call in calls.into_iter().flatten() {
            call.succeed();
        }
        house.settle("p").await;
        // Whichever is tried first: then the disk is in doubt, and is read.
        house.faults.commits(&[Fate::Refused]);
        let follow = house.follow(id);
        for _ in 0..3 {
            house.pass(2).await;
            house.settle("p").await;
        }
        house.no_call();
        house.rest(follow).await;
        let events = house.events(id).await;
        assert_eq!(events.last().unwrap(), "ExecutionSucceeded");
    });
}

#[test]
fn an_answer_whose_lease_is_void_counts_also_where_the_disk_fails_then() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let call = house.call("Fetch").await;
        house.take_lease(call.job.id).await;
        house.faults.commits(&[Fate::Done, Fate::Full]);
        call.succeed();
        house.settle("p").await;
        house.no_call();
        house.pass(2).await;
        house.call("Make").await;
        let events = house.events(id).await;
        assert!(events.contains(&"ActionSucceeded Fetch".to_owned()));
    });
}

#[test]
fn what_waits_for_the_disk_does_not_wait_for_a_clock_that_was_set_back() {
    alone(async |house| {
        house.create(three("p")).await;
        house.start("p").await;
        let call = house.call("Fetch").await;
        house.faults.commits(&[Fate::Full]);
        call.succeed();
        house.settle("p").await;
        house.no_call();
        house.began.fetch_sub(3_600_000, Ordering::Relaxed);
        house.pass(2).await;
        house.call("Make").await;
    });
}

#[test]
fn a_pipeline_that_was_made_and_nobody_was_told_is_there() {
    alone(async |house| {
        house.faults.commits(&[Fate::Lost]);
        house.faults.unreadable(true);
        let made = house
            .orchestrator
            .create_pipeline(&house.tenant, three("p"), &house.by);
        failed(made.await);
        house.faults.unreadable(false);
        house.pass(2).await;
        while house.orchestrator.state(&house.tenant, "p").await.is_err() {
            tokio::task::yield_now().await;
        }
        house.start("p").await;
        house.call("Fetch").await;
    });
}

#[test]
fn a_pipeline_that_was_not_made_in_the_end_can_be_made() {
    alone(async |house| {
        house.faults.commits(&[Fate::Refused]);
        house.faults.unreadable(true);
        let made = house
            .orchestrator
            .create_pipeline(&house.tenant, three("p"), &house.by);
        failed(made.await);
        house.faults.unreadable(false);
        house.create(three("p")).await;
        house.start("p").await;
        house.call("Fetch").await;
    });
}
