//! Schedules: made, due, seen to, gone with their pipeline.

use crate::fixture::{AT, step, stranger, tenant};
use lockgate_model::id::{ExecutionId, TenantId};
use lockgate_model::time::Timestamp;
use lockgate_store::{Fired, Schedule, Store};
use uuid::Uuid;

fn schedule(tenant: TenantId, id: u128, name: &str, due: Option<u64>) -> Schedule {
    Schedule {
        tenant,
        id: Uuid::from_u128(id),
        name: name.into(),
        pipeline: "p".into(),
        created: AT,
        updated: AT,
        json: "{}".into(),
        next_due: due.map(|seconds| AT.plus_seconds(seconds)),
        last_due: None,
        last_execution: None,
        error: None,
    }
}

async fn with_pipeline() -> Store {
    let store = Store::temporary().unwrap();
    store.commit(step("p", 0)).await.unwrap();
    store
}

async fn next(store: &Store) -> Vec<String> {
    let next = store.next_schedules(10).await.unwrap();
    next.into_iter().map(|schedule| schedule.name).collect()
}

#[tokio::test]
async fn schedules_are_listed_by_when_they_are_due() {
    let store = with_pipeline().await;
    for (id, name, due) in [(1, "b", Some(9)), (2, "a", Some(5)), (3, "off", None)] {
        let made = store.create_schedule(schedule(tenant(), id, name, due));
        assert!(made.await.unwrap());
    }
    assert_eq!(next(&store).await, ["a", "b"]);
    let mut changed = schedule(tenant(), 2, "a", None);
    changed.updated = Timestamp(AT.0 + 1);
    assert!(store.update_schedule(changed).await.unwrap());
    assert_eq!(next(&store).await, ["b"]);
    assert_eq!(store.schedules(&tenant()).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_schedule_needs_its_pipeline_and_goes_with_it() {
    let store = with_pipeline().await;
    let mut nowhere = schedule(tenant(), 1, "a", Some(1));
    nowhere.pipeline = "q".into();
    assert!(!store.create_schedule(nowhere.clone()).await.unwrap());
    let made = store.create_schedule(schedule(tenant(), 1, "a", Some(1)));
    assert!(made.await.unwrap());
    assert!(!store.update_schedule(nowhere).await.unwrap());
    let taken = store.create_schedule(schedule(tenant(), 2, "a", Some(1)));
    assert!(!taken.await.unwrap(), "the name is taken");
    store.delete_pipeline(&tenant(), "p", 1).await.unwrap();
    assert_eq!(next(&store).await, Vec::<String>::new());
    assert!(!store.delete_schedule(&tenant(), "a").await.unwrap());
}

#[tokio::test]
async fn a_due_time_is_seen_to_once_and_not_of_a_schedule_that_changed() {
    let store = with_pipeline().await;
    let made = schedule(tenant(), 1, "a", Some(1));
    store.create_schedule(made.clone()).await.unwrap();
    let fired = |result| Fired {
        due: AT.plus_seconds(1),
        result,
        next_due: Some(AT.plus_seconds(61)),
    };
    let id = ExecutionId(Uuid::from_u128(7));
    assert!(store.schedule_fired(&made, fired(Ok(id))).await.unwrap());
    assert!(!store.schedule_fired(&made, fired(Ok(id))).await.unwrap());
    let now = store.schedules(&tenant()).await.unwrap().remove(0);
    assert_eq!(now.last_execution, Some(id));
    assert_eq!(now.last_due, Some(AT.plus_seconds(1)));
    assert_eq!(now.next_due, Some(AT.plus_seconds(61)));

    let mut changed = now.clone();
    changed.updated = AT.plus_seconds(2);
    store.update_schedule(changed.clone()).await.unwrap();
    let late = store.schedule_fired(&now, fired(Err("full".into())));
    assert!(!late.await.unwrap());
    let done = store.schedule_fired(&changed, fired(Err("full".into())));
    assert!(done.await.unwrap());
    let now = store.schedules(&tenant()).await.unwrap().remove(0);
    assert_eq!(
        (now.error.as_deref(), now.last_execution),
        (Some("full"), None)
    );
}

#[tokio::test]
async fn schedules_are_their_tenants_own() {
    let store = with_pipeline().await;
    let made = store.create_schedule(schedule(tenant(), 1, "a", Some(1)));
    assert!(made.await.unwrap());
    assert_eq!(store.schedules(&stranger()).await.unwrap(), vec![]);
    assert!(!store.delete_schedule(&stranger(), "a").await.unwrap());
    let theirs = store.create_schedule(schedule(stranger(), 2, "b", Some(1)));
    assert!(!theirs.await.unwrap(), "the pipeline is not theirs");
}
