//! Notification rules, and how far each has come with the outbox.

use crate::fixture::{AT, step, stranger, tenant};
use lockgate_model::time::Timestamp;
use lockgate_store::{NotificationRule, Progress, Seen, Store};
use uuid::Uuid;

fn rule(id: u128, name: &str) -> NotificationRule {
    NotificationRule {
        id: Uuid::from_u128(id),
        name: name.into(),
        created: AT,
        updated: AT,
        json: "{}".into(),
    }
}

fn progress(rule: u128, pipeline: &str, sequence: u64) -> Progress {
    Progress {
        rule: Uuid::from_u128(rule),
        pipeline: pipeline.into(),
        seen: Seen {
            created: AT,
            sequence,
        },
        delivered: 1,
        given_up: 0,
        at: AT.plus_seconds(5),
    }
}

async fn unseen(store: &Store, rule: u128, pipeline: &str) -> Option<Vec<u64>> {
    let id = Uuid::from_u128(rule);
    let unseen = store
        .unseen_events(&tenant(), id, pipeline, None, 100)
        .await
        .unwrap()?;
    Some(unseen.events.iter().map(|event| event.sequence).collect())
}

#[tokio::test]
async fn a_rule_hears_of_what_happens_after_it_was_made_and_of_new_pipelines_all() {
    let store = Store::temporary().unwrap();
    store.commit(step("old", 0)).await.unwrap();
    let made = store
        .create_notification_rule(&tenant(), rule(1, "a"))
        .await;
    assert!(made.unwrap());
    store.commit(step("old", 1)).await.unwrap();
    store.commit(step("new", 0)).await.unwrap();
    assert_eq!(unseen(&store, 1, "old").await, Some(vec![2]));
    assert_eq!(unseen(&store, 1, "new").await, Some(vec![1]));
    assert_eq!(unseen(&store, 1, "none").await, None);
    let id = Uuid::from_u128(1);
    let behind = store.pipelines_unseen(&tenant(), id, "", 10).await.unwrap();
    assert_eq!(behind, ["new", "old"]);
}

#[tokio::test]
async fn what_a_rule_has_seen_to_is_noted_and_counted_and_never_goes_back() {
    let store = Store::temporary().unwrap();
    store
        .create_notification_rule(&tenant(), rule(1, "a"))
        .await
        .unwrap();
    for version in 0..5 {
        store.commit(step("p", version)).await.unwrap();
    }
    for sequence in [3, 2] {
        let progress = progress(1, "p", sequence);
        store.note_progress(&tenant(), progress).await.unwrap();
    }
    assert_eq!(unseen(&store, 1, "p").await, Some(vec![4, 5]));
    store
        .note_notification_error(&tenant(), Uuid::from_u128(1), "away", AT)
        .await
        .unwrap();
    let rules = store.notification_rules(Some(&tenant())).await.unwrap();
    assert_eq!((rules[0].delivered, rules[0].given_up), (2, 0));
    assert_eq!(rules[0].delivered_at, Some(AT.plus_seconds(5)));
    assert_eq!(rules[0].error.as_deref(), Some("away"));
    assert_eq!(rules[0].error_at, Some(AT));
}

#[tokio::test]
async fn a_pipeline_that_is_made_again_is_heard_from_its_first_event() {
    let store = Store::temporary().unwrap();
    store
        .create_notification_rule(&tenant(), rule(1, "a"))
        .await
        .unwrap();
    for version in 0..3 {
        store.commit(step("p", version)).await.unwrap();
    }
    store
        .note_progress(&tenant(), progress(1, "p", 3))
        .await
        .unwrap();
    store.delete_pipeline(&tenant(), "p", 3).await.unwrap();
    let mut again = step("p", 0);
    again.at = AT.plus_seconds(1);
    store.commit(again).await.unwrap();
    // Somebody was still telling of the former one.
    store
        .note_progress(&tenant(), progress(1, "p", 4))
        .await
        .unwrap();
    assert_eq!(unseen(&store, 1, "p").await, Some(vec![1]));
    let known = Some(Seen {
        created: AT,
        sequence: 4,
    });
    let id = Uuid::from_u128(1);
    let unseen = store
        .unseen_events(&tenant(), id, "p", known, 10)
        .await
        .unwrap();
    let seen = unseen.unwrap().seen;
    assert_eq!((seen.created, seen.sequence), (AT.plus_seconds(1), 0));
}

#[tokio::test]
async fn a_rule_that_is_deleted_leaves_nothing_for_the_next_of_its_name() {
    let store = Store::temporary().unwrap();
    let create = async |id| {
        store
            .create_notification_rule(&tenant(), rule(id, "a"))
            .await
            .unwrap()
    };
    assert!(create(1).await);
    assert!(!create(2).await, "the name is taken");
    store.commit(step("p", 0)).await.unwrap();
    let delete = async || {
        store
            .delete_notification_rule(&tenant(), "a")
            .await
            .unwrap()
    };
    assert!(delete().await);
    assert!(!delete().await);
    // A late note of a rule that is gone makes no row.
    store
        .note_progress(&tenant(), progress(1, "p", 1))
        .await
        .unwrap();
    assert_eq!(unseen(&store, 1, "p").await, Some(vec![1]));
    assert!(create(2).await);
    assert_eq!(unseen(&store, 2, "p").await, Some(vec![]));
    let rules = store.notification_rules(None).await.unwrap();
    assert_eq!((rules.len(), rules[0].delivered), (1, 0));
}

#[tokio::test]
async fn a_changed_rule_begins_anew_where_it_is_told_to() {
    let store = Store::temporary().unwrap();
    store
        .create_notification_rule(&tenant(), rule(1, "a"))
        .await
        .unwrap();
    store.commit(step("p", 0)).await.unwrap();
    store.commit(step("q", 0)).await.unwrap();
    let changed = NotificationRule {
        updated: Timestamp(AT.0 + 1),
        json: r#"{"x":1}"#.into(),
        ..rule(1, "a")
    };
    let update = async |rule| {
        store
            .update_notification_rule(&tenant(), rule, vec!["q".into()])
            .await
            .unwrap()
    };
    assert!(update(changed).await);
    assert_eq!(unseen(&store, 1, "p").await, Some(vec![1]));
    assert_eq!(unseen(&store, 1, "q").await, Some(vec![]));
    assert!(!update(rule(9, "a")).await, "another rule of that name");
}

#[tokio::test]
async fn rules_are_their_tenants_own() {
    let store = Store::temporary().unwrap();
    store
        .create_notification_rule(&tenant(), rule(1, "a"))
        .await
        .unwrap();
    let theirs = store.notification_rules(Some(&stranger())).await.unwrap();
    assert_eq!(theirs, vec![]);
    let they = stranger();
    let deleted = store.delete_notification_rule(&they, "a").await;
    assert!(!deleted.unwrap());
    let made = store.create_notification_rule(&they, rule(2, "a")).await;
    assert!(made.unwrap(), "names are the tenant's");
    assert_eq!(store.notification_rules(None).await.unwrap().len(), 2);
}
