//! Leases given to workers elsewhere.

use crate::fixture::{AT, job, lease, leased, step, stranger, tenant};
use lockgate_store::{Claim, FinishedJob, Store, StoreError};

fn claim(limit: u32, seconds: u64) -> Claim {
    Claim {
        tenant: None,
        at: AT.plus_seconds(seconds),
        expires: AT.plus_seconds(seconds + 60),
        limit,
        deliveries_below: 3,
    }
}

async fn with_jobs() -> Store {
    let store = Store::temporary().unwrap();
    let mut first = step("p", 0);
    first.new_jobs = vec![job(1, ""), leased(job(2, ""), 2), job(3, "")];
    first.new_jobs[2].ready_at = AT.plus_seconds(10);
    store.commit(first).await.unwrap();
    store
}

#[tokio::test]
async fn a_claim_takes_expired_leases_first_and_only_what_is_ready() {
    let store = with_jobs().await;
    let ids = |claimed: &[lockgate_store::ClaimedJob]| -> Vec<u128> {
        claimed.iter().map(|c| c.job.id.0.as_u128()).collect()
    };
    let other = Claim {
        tenant: Some(stranger()),
        ..claim(10, 0)
    };
    assert_eq!(store.claim(other).await.unwrap(), vec![]);
    // Job 2 expires after 60 seconds; job 3 is ready after 10.
    let at_first = store.claim(claim(10, 0)).await.unwrap();
    assert_eq!(ids(&at_first), vec![1]);
    assert_eq!(at_first[0].job.deliveries, 1);
    let expired = store.claim(claim(1, 60)).await.unwrap();
    assert_eq!(expired.len(), 1);
    let rest = store.claim(claim(10, 60)).await.unwrap();
    let mut all = [ids(&expired), ids(&rest)].concat();
    assert_eq!(all.pop(), Some(3), "the ready one comes last");
    all.sort_unstable();
    assert_eq!(all, vec![1, 2]);
    assert_eq!(store.claim(claim(10, 60)).await.unwrap(), vec![]);
}

#[tokio::test]
async fn a_job_that_was_delivered_too_often_is_left_to_the_reaper() {
    let store = with_jobs().await;
    for round in 0..10 {
        store.claim(claim(10, round * 1000)).await.unwrap();
    }
    let job = store
        .job(&tenant(), "p", job(1, "").id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(job.deliveries, 3);
    let reaped = store.reap(AT.plus_seconds(100_000), 10).await.unwrap();
    assert_eq!(reaped.len(), 3);
    assert!(reaped.iter().all(|job| job.lease.is_none()));
    let none = store.reap(AT.plus_seconds(100_000), 10).await.unwrap();
    assert_eq!(none, vec![]);
}

#[tokio::test]
async fn a_heartbeat_keeps_a_lease_and_a_reaped_one_is_stale() {
    let store = with_jobs().await;
    let claimed = store.claim(claim(1, 0)).await.unwrap().remove(0);
    let (id, token) = (claimed.job.id, claimed.lease.token);
    let beat = |who, token, seconds| {
        let store = store.clone();
        async move {
            store
                .heartbeat(&who, "p", id, token, AT.plus_seconds(seconds))
                .await
        }
    };
    beat(tenant(), token, 120).await.unwrap();
    let reaped = store.reap(AT.plus_seconds(119), 10).await.unwrap();
    assert!(reaped.iter().all(|job| job.id != id));
    for (who, token) in [(stranger(), token), (tenant(), lease(200).token)] {
        let error = beat(who, token, 999).await.unwrap_err();
        assert_eq!(error, StoreError::Stale { job: id });
    }
    let reaped = store.reap(AT.plus_seconds(120), 10).await.unwrap();
    assert_eq!(reaped.len(), 1);
    let error = beat(tenant(), token, 999).await.unwrap_err();
    assert_eq!(error, StoreError::Stale { job: id });
    let mut late = step("p", 1);
    late.finished_jobs = vec![FinishedJob { id, token }];
    let error = store.commit(late).await.unwrap_err();
    assert_eq!(error, StoreError::Stale { job: id });
}
