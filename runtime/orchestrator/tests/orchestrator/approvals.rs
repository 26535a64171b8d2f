//! Approvals: announced once, answered, or expired.

use crate::definitions::asking;
use crate::house::{DAY, House, Plan, alone, life, names};
use lockgate_execution::{Event, StartedWork};
use lockgate_model::id::{ApprovalToken, ExecutionId};
use lockgate_model::time::Timestamp;
use lockgate_orchestrator::Follow;
use serde_json::json;

async fn asked(house: &House, follow: &mut Follow) -> ApprovalToken {
    loop {
        if let Event::ActionStarted {
            work: StartedWork::Approval(token),
            ..
        } = house.until(follow, "ActionStarted").await
        {
            return token;
        }
    }
}

async fn waiting(house: &mut House, configuration: serde_json::Value) -> (ExecutionId, Follow) {
    house.create(asking("p", configuration)).await;
    let id = house.start("p").await;
    let follow = house.follow(id);
    house.call("Fetch").await.succeed();
    (id, follow)
}

#[test]
fn an_approval_is_answered_once() {
    alone(async |house| {
        let (_, mut follow) = waiting(house, json!({})).await;
        let token = asked(house, &mut follow).await;
        let answer = async || {
            let (o, t) = (&house.orchestrator, &house.tenant);
            let (stage, action) = ("Gate".to_owned(), "Ask".to_owned());
            o.answer_approval(t, "p", stage, action, token, true, "fine".into(), &house.by)
                .await
        };
        answer().await.unwrap();
        house.until(&mut follow, "ExecutionSucceeded").await;
        assert!(answer().await.is_err());
    });
}

#[test]
fn an_approval_waits_a_week_and_then_expires() {
    alone(async |house| {
        let (id, mut follow) = waiting(house, json!({})).await;
        asked(house, &mut follow).await;
        house.pass(7 * DAY - 1).await;
        house.settle("p").await;
        assert!(!house.events(id).await.contains(&"ActionFailed Ask".into()));
        house.pass(1).await;
        house.until(&mut follow, "ExecutionFailed").await;
    });
}

#[test]
fn an_approval_that_expired_while_no_server_ran_fails_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let id = life(directory.path(), Plan::default(), async |house| {
        let (id, mut follow) = waiting(house, json!({})).await;
        asked(house, &mut follow).await;
        id
    });
    let later = Plan {
        at: Timestamp(crate::house::BEGINNING.0 + 8 * 1000 * DAY as i64),
        ..Plan::default()
    };
    life(directory.path(), later, async |house| {
        let entries = house.rest(house.follow(id)).await;
        assert_eq!(names(&entries).last().unwrap(), "ExecutionFailed");
    });
}

#[test]
fn an_approval_is_announced_once_however_often_the_server_starts() {
    let configuration = json!({
        "NotificationUrl": "https://hooks.example.com/1",
        "CustomData": "look at it",
    });
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    // Cut off while it is told: told again.
    let id = life(path, Plan::default(), async |house| {
        let (id, mut follow) = waiting(house, configuration).await;
        asked(house, &mut follow).await;
        let call = house.call("Ask").await;
        assert_eq!(call.job.configuration["Url"], "https://hooks.example.com/1");
        assert!(call.job.configuration["Message"].contains("look at it"));
        id
    });
    life(path, Plan::default(), async |house| {
        house.call("Ask").await.wait("half-way", 5);
        house.settle("p").await;
        house.no_call();
        house.pass(5).await;
        let call = house.call("Ask").await;
        assert_eq!(call.job.continuation.as_deref(), Some("half-way"));
        call.succeed();
        let mut follow = house.follow(id);
        while !matches!(follow.next().await.unwrap().unwrap(),
            lockgate_orchestrator::Entry::Log { line, .. } if line.text.contains("was told"))
        {
        }
    });
    life(path, Plan::default(), async |house| {
        house.settle("p").await;
        // Reading its log takes a moment.
        house.events(id).await;
        house.settle("p").await;
        house.no_call();
    });
}

#[test]
fn an_announcement_ends_with_its_approval_and_with_the_server() {
    alone(async |house| {
        let configuration = json!({ "NotificationUrl": "https://hooks.example.com/1" });
        let (id, mut follow) = waiting(house, configuration).await;
        asked(house, &mut follow).await;
        let mut call = house.call("Ask").await;
        house.stop("p", id, true).await;
        house.until(&mut follow, "ExecutionStopped").await;
        house.orchestrator.shut_down().await;
        call.dropped().await;
    });
}
