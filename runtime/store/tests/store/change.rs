//! One change: all of it or none, under compare and set, sharing transactions.

use crate::fixture::{
    AT, action, change, event, execution, job, lease, leased, stage, step, tenant,
};
use lockgate_model::artifact::Digest;
use lockgate_model::id::{ApprovalToken, ExecutionId};
use lockgate_model::status::ExecutionStatus;
use lockgate_store::{
    Approval, ArtifactRecord, FinishedJob, Idempotency, LeaseToken, LeasedJob, NewDefinition,
    Options, SourceCursor, Store, StoreError,
};
use std::sync::Arc;
use tokio::sync::Barrier;
use uuid::Uuid;

#[tokio::test]
async fn everything_in_a_change_reads_back() {
    let store = Store::temporary().unwrap();
    let run = execution(1, r#"{"n":1}"#);
    let id = run.id;
    let mut first = change("p", 0);
    first.events = vec![event(Some(id), "1"), event(None, "2"), event(Some(id), "3")];
    first.definition = Some(NewDefinition {
        version: 1,
        json: "d1".into(),
    });
    first.new_jobs = vec![leased(job(7, "payload"), 9), job(8, "later")];
    first.executions = vec![run.clone()];
    first.stages = vec![stage(id, "Deploy", 1), stage(id, "Build", 0)];
    first.actions = vec![action(id, 20), action(id, 10)];
    let approval = Approval {
        token: ApprovalToken(Uuid::from_u128(5)),
        pipeline: "p".into(),
        execution: id,
        action_execution: action(id, 10).id,
        stage: "Build".into(),
        action: "Compile".into(),
        opened: AT,
        closed: None,
        json: "{}".into(),
    };
    first.approvals = vec![approval.clone()];
    let artifact = ArtifactRecord {
        execution: id,
        action_execution: action(id, 10).id,
        name: "Source".into(),
        digest: Digest([3; 32]),
        json: "{}".into(),
    };
    first.artifacts = vec![artifact.clone()];
    first.idempotency = Some(Idempotency {
        token: "start:abc".into(),
        result: "{\"id\":1}".into(),
    });
    let cursor = SourceCursor {
        source: "Source.Git".into(),
        cursor: "c1".into(),
    };
    first.cursors = vec![cursor.clone()];
    assert_eq!(store.commit(first.clone()).await.unwrap(), 3);

    let loaded = store.load(&tenant(), "p").await.unwrap().unwrap();
    assert_eq!(loaded.version, 3);
    assert_eq!(loaded.snapshot, None);
    let events: Vec<_> = loaded.events.iter().map(|e| e.event.clone()).collect();
    assert_eq!(events, first.events);
    assert_eq!(loaded.jobs.len(), 2);
    assert_eq!(loaded.jobs[0].lease, Some(lease(9)));
    assert_eq!(loaded.jobs[0].deliveries, 1);
    assert_eq!(loaded.jobs[1].payload, "later");
    assert_eq!(loaded.jobs[1].lease, None);
    assert_eq!(loaded.cursors, vec![cursor]);

    let detail = store.execution(&tenant(), id).await.unwrap().unwrap();
    assert_eq!(detail.pipeline, "p");
    assert_eq!(detail.execution, run);
    assert_eq!(
        detail.stages,
        vec![stage(id, "Build", 0), stage(id, "Deploy", 1)]
    );
    assert_eq!(detail.actions, vec![action(id, 10), action(id, 20)]);
    assert_eq!(detail.artifacts, vec![artifact]);

    let definition = store.definition(&tenant(), "p", None).await.unwrap();
    assert_eq!(definition.unwrap().json, "d1");
    let open = store.open_approvals(&tenant(), Some("p")).await.unwrap();
    assert_eq!(open, vec![approval.clone()]);
    let other = store.open_approvals(&tenant(), Some("q")).await.unwrap();
    assert_eq!(other, vec![]);
    let answer = store.idempotent_result(&tenant(), "start:abc").await;
    assert_eq!(answer.unwrap().unwrap(), "{\"id\":1}");

    let mut second = change("p", 3);
    second.events = vec![event(Some(id), "4")];
    second.snapshot = Some("state at 4".into());
    second.executions = vec![execution(1, "ended")];
    second.executions[0].status = ExecutionStatus::Succeeded;
    second.approvals = vec![Approval {
        closed: Some(AT),
        ..approval
    }];
    second.cancelled_jobs = vec![job(8, "").id];
    assert_eq!(store.commit(second).await.unwrap(), 4);
    let loaded = store.load(&tenant(), "p").await.unwrap().unwrap();
    assert_eq!(loaded.snapshot.unwrap().version, 4);
    assert_eq!(loaded.events, vec![]);
    assert_eq!(loaded.jobs.len(), 1);
    let open = store.open_approvals(&tenant(), None).await.unwrap();
    assert_eq!(open, vec![]);
    let detail = store.execution(&tenant(), id).await.unwrap().unwrap();
    assert_eq!(detail.execution.status, ExecutionStatus::Succeeded);

    let history = store.execution_events(&tenant(), id, 0, 10).await.unwrap();
    let sequences: Vec<_> = history.iter().map(|e| e.sequence).collect();
    assert_eq!(sequences, vec![1, 3, 4]);
    let rest = store.pipeline_events(&tenant(), "p", 2, 1).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].sequence, 3);
}

#[tokio::test]
async fn a_change_decided_on_an_old_version_is_refused_and_leaves_nothing() {
    let store = Store::temporary().unwrap();
    store.commit(step("p", 0)).await.unwrap();
    for expected in [0, 2] {
        let mut late = step("p", expected);
        late.new_jobs = vec![job(1, "")];
        late.executions = vec![execution(1, "")];
        let error = store.commit(late).await.unwrap_err();
        let StoreError::Conflict { found, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(found, 1);
    }
    let error = store.commit(step("none", 3)).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Conflict { found: 0, .. }),
        "{error}"
    );
    let loaded = store.load(&tenant(), "p").await.unwrap().unwrap();
    assert_eq!((loaded.version, loaded.jobs.len()), (1, 0));
}

#[tokio::test]
async fn a_stale_lease_takes_the_whole_change_back() {
    let store = Store::temporary().unwrap();
    let mut first = step("p", 0);
    first.new_jobs = vec![leased(job(1, ""), 1), leased(job(2, ""), 2)];
    store.commit(first).await.unwrap();
    let mut late = step("p", 1);
    late.finished_jobs = vec![
        FinishedJob {
            id: job(1, "").id,
            token: LeaseToken([1; 16]),
        },
        FinishedJob {
            id: job(2, "").id,
            token: LeaseToken([99; 16]),
        },
    ];
    late.new_jobs = vec![job(3, "")];
    late.executions = vec![execution(1, "")];
    late.idempotency = Some(Idempotency {
        token: "t".into(),
        result: "r".into(),
    });
    let error = store.commit(late.clone()).await.unwrap_err();
    assert_eq!(error, StoreError::Stale { job: job(2, "").id });
    let loaded = store.load(&tenant(), "p").await.unwrap().unwrap();
    assert_eq!((loaded.version, loaded.jobs.len()), (1, 2));
    let run = store.execution(&tenant(), execution(1, "").id).await;
    assert_eq!(run.unwrap(), None);
    let answer = store.idempotent_result(&tenant(), "t").await;
    assert_eq!(answer.unwrap(), None);

    late.finished_jobs[1].token = LeaseToken([2; 16]);
    assert_eq!(store.commit(late.clone()).await.unwrap(), 2);
    // The same answer once more finds no job, whatever version it claims.
    late.expected_version = 2;
    late.idempotency = None;
    let error = store.commit(late).await.unwrap_err();
    assert!(matches!(error, StoreError::Stale { .. }), "{error}");
}

#[tokio::test]
async fn leasing_a_job_anew_makes_the_former_token_stale() {
    let store = Store::temporary().unwrap();
    let mut first = step("p", 0);
    first.new_jobs = vec![leased(job(1, ""), 1)];
    store.commit(first).await.unwrap();
    let mut again = change("p", 1);
    again.leased_jobs = vec![LeasedJob {
        id: job(1, "").id,
        lease: lease(2),
    }];
    assert_eq!(store.commit(again).await.unwrap(), 1);
    let finish = |token| {
        let mut change = step("p", 1);
        change.finished_jobs = vec![FinishedJob {
            id: job(1, "").id,
            token: LeaseToken([token; 16]),
        }];
        change
    };
    let error = store.commit(finish(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::Stale { .. }), "{error}");
    let job = store
        .job(&tenant(), "p", job(1, "").id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(job.deliveries, 2);
    store.commit(finish(2)).await.unwrap();
}

#[tokio::test]
async fn a_request_token_works_once_and_is_forgotten_by_age() {
    let store = Store::temporary().unwrap();
    let with_token = |version| {
        let mut change = step("p", version);
        change.idempotency = Some(Idempotency {
            token: "t".into(),
            result: "r".into(),
        });
        change
    };
    store.commit(with_token(0)).await.unwrap();
    let error = store.commit(with_token(1)).await.unwrap_err();
    assert!(matches!(error, StoreError::TokenUsed { .. }), "{error}");
    assert_eq!(store.forget_idempotent_results(AT).await.unwrap(), 0);
    let later = AT.plus_seconds(1);
    assert_eq!(store.forget_idempotent_results(later).await.unwrap(), 1);
    assert_eq!(store.commit(with_token(1)).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_come_together_share_transactions() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lockgate.db");
    let store = Store::open(&path, &Options::default()).unwrap();
    let barrier = Arc::new(Barrier::new(64));
    let before = store.transactions();
    let committers: Vec<_> = (0..64)
        .map(|n| {
            let (store, barrier) = (store.clone(), barrier.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                for version in 0..20 {
                    // Every fourth is refused, alone.
                    let wrong = n % 4 == 0 && version > 0;
                    let expected = if wrong { 1000 } else { version };
                    let answer = store.commit(step(&format!("p{n}"), expected)).await;
                    assert_eq!(answer.is_err(), wrong, "{answer:?}");
                }
            })
        })
        .collect();
    for committer in committers {
        committer.await.unwrap();
    }
    let transactions = store.transactions() - before;
    let committed = 48 * 20 + 16;
    assert!(
        transactions * 4 < committed,
        "{transactions} transactions for {committed} changes"
    );
    let all = store.pipelines(None, 100).await.unwrap();
    assert_eq!(all.iter().map(|p| p.version).sum::<u64>(), committed);
}

#[tokio::test]
async fn changes_handed_over_in_order_are_written_in_order() {
    let store = Store::temporary().unwrap();
    let mut answers = Vec::new();
    for version in 0..100 {
        let store = store.clone();
        answers.push(async move { store.commit(step("p", version)).await });
    }
    // Joined in one task: each is polled once, in order, before any answer.
    let mut waiting = tokio::task::JoinSet::new();
    for answer in answers {
        waiting.spawn(answer);
    }
    while let Some(answer) = waiting.join_next().await {
        answer.unwrap().unwrap();
    }
    let loaded = store.load(&tenant(), "p").await.unwrap().unwrap();
    assert_eq!(loaded.version, 100);
}

#[tokio::test]
async fn executions_are_listed_newest_first_page_by_page() {
    let store = Store::temporary().unwrap();
    let mut first = step("p", 0);
    first.executions = (1..=5).map(|n| execution(n, "")).collect();
    store.commit(first).await.unwrap();
    let ids = |found: Vec<lockgate_store::Execution>| -> Vec<ExecutionId> {
        found.into_iter().map(|e| e.id).collect()
    };
    let id = |n| execution(n, "").id;
    let page = store.executions(&tenant(), "p", None, 2).await.unwrap();
    assert_eq!(ids(page), vec![id(5), id(4)]);
    let page = store.executions(&tenant(), "p", Some(id(4)), 2).await;
    assert_eq!(ids(page.unwrap()), vec![id(3), id(2)]);
}

#[tokio::test]
async fn a_deleted_pipeline_leaves_nothing_and_its_name_is_free() {
    let store = Store::temporary().unwrap();
    let mut version = 0;
    for n in 1..=40u32 {
        let run = execution(n.into(), "");
        let mut next = change("p", version);
        next.events = (0..60).map(|_| event(Some(run.id), "{}")).collect();
        next.actions = vec![action(run.id, u128::from(n))];
        next.stages = vec![stage(run.id, "Build", 0)];
        next.new_jobs = vec![job(n.into(), "")];
        next.executions = vec![run];
        next.snapshot = Some("{}".into());
        next.definition = Some(NewDefinition {
            version: n,
            json: "{}".into(),
        });
        version = store.commit(next).await.unwrap();
    }
    let error = store.delete_pipeline(&tenant(), "p", 1).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { .. }), "{error}");
    store
        .delete_pipeline(&tenant(), "p", version)
        .await
        .unwrap();
    assert_eq!(store.load(&tenant(), "p").await.unwrap(), None);
    let run = store.execution(&tenant(), execution(1, "").id).await;
    assert_eq!(run.unwrap(), None);
    assert_eq!(
        store.job(&tenant(), "p", job(1, "").id).await.unwrap(),
        None
    );

    store.commit(step("p", 0)).await.unwrap();
    let events = store.pipeline_events(&tenant(), "p", 0, 100).await;
    assert_eq!(events.unwrap().len(), 1);
    let definition = store.definition(&tenant(), "p", None).await.unwrap();
    assert_eq!(definition, None);
    let loaded = store.load(&tenant(), "p").await.unwrap().unwrap();
    assert_eq!(loaded.snapshot, None);
}
