//! Actions that go on elsewhere.

use crate::definitions::three;
use crate::house::{DAY, Plan, alone, life};
use lockgate_model::time::Timestamp;

#[test]
fn a_pending_job_goes_out_again_when_it_asked_to_and_not_before() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let mut follow = house.follow(id);
        house.call("Fetch").await.succeed();
        let first = house.call("Make").await;
        let (id, action) = (first.job.id, first.job.action_execution);
        first.wait("token", 3600);
        house.until(&mut follow, "ActionPending").await;
        house.no_directories().await;
        house.pass(3599).await;
        house.settle("p").await;
        house.no_call();
        house.pass(1).await;
        let second = house.call("Make").await;
        assert_ne!(second.job.id, id);
        assert_eq!(second.job.action_execution, action);
        assert_eq!(second.job.attempt, 2);
        assert_eq!(second.job.continuation.as_deref(), Some("token"));
        second.succeed();
        house.call("Ship").await.succeed();
        house.until(&mut follow, "ExecutionSucceeded").await;
    });
}

#[test]
fn a_pending_job_keeps_its_time_over_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let id = life(path, Plan::default(), async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let mut follow = house.follow(id);
        house.call("Fetch").await.wait("token", 3600);
        house.until(&mut follow, "ActionPending").await;
        id
    });
    let half_an_hour_later = Plan {
        at: Timestamp(crate::house::BEGINNING.0 + 1800 * 1000),
        ..Plan::default()
    };
    life(path, half_an_hour_later, async |house| {
        let mut follow = house.follow(id);
        house.pass(1799).await;
        house.settle("p").await;
        house.no_call();
        house.pass(1).await;
        let call = house.call("Fetch").await;
        assert_eq!((call.job.attempt, call.job.execution), (2, id));
        call.succeed();
        house.until(&mut follow, "ActionSucceeded").await;
    });
}

#[test]
fn an_action_that_never_answers_fails_when_its_time_is_over() {
    alone(async |house| {
        house.create(three("p")).await;
        let id = house.start("p").await;
        let mut follow = house.follow(id);
        house.call("Fetch").await.succeed();
        let mut call = house.call("Make").await;
        assert_eq!(house.directories(), 1);
        house.pass(DAY).await;
        house.until(&mut follow, "ExecutionFailed").await;
        call.dropped().await;
        house.no_directories().await;
    });
}
