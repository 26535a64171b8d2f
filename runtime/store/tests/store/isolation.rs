//! Ids of another tenant answer like ids that do not exist.

use crate::fixture::{AT, action, execution, job, leased, step, stranger, tenant};
use lockgate_model::artifact::Digest;
use lockgate_model::job::{LogLevel, LogLine};
use lockgate_store::{
    AccessKey, FinishedJob, Idempotency, InstalledPlugin, LeaseToken, NewDefinition, Store,
    StoreError,
};

#[tokio::test]
async fn a_stranger_finds_nothing() {
    let store = Store::temporary().unwrap();
    let run = execution(1, "");
    let mut first = step("p", 0);
    first.executions = vec![run.clone()];
    first.actions = vec![action(run.id, 1)];
    first.new_jobs = vec![leased(job(1, ""), 1)];
    first.definition = Some(NewDefinition {
        version: 1,
        json: "{}".into(),
    });
    first.idempotency = Some(Idempotency {
        token: "t".into(),
        result: "r".into(),
    });
    store.commit(first).await.unwrap();
    let line = LogLine {
        at: AT,
        level: LogLevel::Info,
        text: "mine".into(),
    };
    let log = action(run.id, 1).id;
    store.append_logs(&tenant(), log, 1, &[line]).await.unwrap();

    let who = stranger();
    assert_eq!(store.load(&who, "p").await.unwrap(), None);
    assert_eq!(store.execution(&who, run.id).await.unwrap(), None);
    assert_eq!(store.job(&who, "p", job(1, "").id).await.unwrap(), None);
    assert_eq!(store.definition(&who, "p", None).await.unwrap(), None);
    assert_eq!(store.idempotent_result(&who, "t").await.unwrap(), None);
    assert_eq!(store.read_logs(&who, log, 0, 10).await.unwrap(), vec![]);
    assert_eq!(store.list_pipelines(&who, None, 10).await.unwrap(), vec![]);
    let executions = store.executions(&who, "p", None, 10).await.unwrap();
    assert_eq!(executions, vec![]);
    let events = store.execution_events(&who, run.id, 0, 10).await.unwrap();
    assert_eq!(events, vec![]);
    let events = store.pipeline_events(&who, "p", 0, 10).await.unwrap();
    assert_eq!(events, vec![]);

    // Same names and tokens do not meet.
    let mut theirs = step("p", 0);
    theirs.tenant = who.clone();
    theirs.idempotency = Some(Idempotency {
        token: "t".into(),
        result: "theirs".into(),
    });
    store.commit(theirs).await.unwrap();

    let mut theft = step("p", 1);
    theft.tenant = who.clone();
    theft.finished_jobs = vec![FinishedJob {
        id: job(1, "").id,
        token: LeaseToken([1; 16]),
    }];
    let error = store.commit(theft).await.unwrap_err();
    assert!(matches!(error, StoreError::Stale { .. }), "{error}");
    let mut sabotage = step("p", 1);
    sabotage.tenant = who.clone();
    sabotage.cancelled_jobs = vec![job(1, "").id];
    store.commit(sabotage).await.unwrap();
    store.delete_pipeline(&who, "p", 2).await.unwrap();
    let loaded = store.load(&tenant(), "p").await.unwrap().unwrap();
    assert_eq!((loaded.version, loaded.jobs.len()), (1, 1));
    let lines = store.read_logs(&tenant(), log, 0, 10).await.unwrap();
    assert_eq!(lines.len(), 1);
}

#[tokio::test]
async fn plugins_grants_and_keys_belong_to_a_tenant() {
    let store = Store::temporary().unwrap();
    let plugin = InstalledPlugin {
        name: "source-git".into(),
        version: "1.0.0".into(),
        digest: Digest([1; 32]),
        manifest: "{}".into(),
        action_types: vec![
            "Source/AWS/CodeCommit/1".into(),
            "Source/Custom/Git/1".into(),
        ],
        installed: AT,
    };
    store.put_plugin(&tenant(), plugin.clone()).await.unwrap();
    let list = store.list_plugins(&tenant()).await.unwrap();
    assert_eq!((&list[0].plugin, &list[0].grant), (&plugin, &None));
    let grant = r#"{"exec":true}"#;
    store
        .put_grant(&tenant(), "source-git", grant)
        .await
        .unwrap();
    let newer = InstalledPlugin {
        version: "1.1.0".into(),
        ..plugin
    };
    store.put_plugin(&tenant(), newer.clone()).await.unwrap();
    let list = store.list_plugins(&tenant()).await.unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].plugin, newer);
    assert_eq!(list[0].grant.as_deref(), Some(grant));
    assert_eq!(store.list_plugins(&stranger()).await.unwrap(), vec![]);
    assert!(
        !store
            .remove_plugin(&stranger(), "source-git")
            .await
            .unwrap()
    );
    assert!(store.remove_plugin(&tenant(), "source-git").await.unwrap());
    assert_eq!(store.list_plugins(&tenant()).await.unwrap(), vec![]);

    let key = AccessKey {
        id: "LOCKGATEDEV".into(),
        tenant: tenant(),
        principal: "arn:aws:iam::111122223333:user/dev".into(),
        secret: vec![1, 2, 3],
        created: AT,
    };
    store.put_access_key(key.clone()).await.unwrap();
    assert_eq!(store.access_key("LOCKGATEDEV").await.unwrap(), Some(key));
    assert_eq!(store.access_key("lockgatedev").await.unwrap(), None);
}

#[tokio::test]
async fn a_consumer_of_the_outbox_is_told_of_what_it_has_not_seen() {
    let store = Store::temporary().unwrap();
    store.commit(step("p", 0)).await.unwrap();
    store.commit(step("p", 1)).await.unwrap();
    let behind = store.outbox("notices", 10).await.unwrap();
    assert_eq!((behind[0].seen, behind[0].version), (0, 2));
    for sequence in [2, 1] {
        store
            .advance_consumer("notices", &tenant(), "p", sequence)
            .await
            .unwrap();
        assert_eq!(store.outbox("notices", 10).await.unwrap(), vec![]);
    }
    assert_eq!(store.outbox("another", 10).await.unwrap().len(), 1);
    store.commit(step("p", 2)).await.unwrap();
    assert_eq!(store.outbox("notices", 10).await.unwrap()[0].seen, 2);
}
