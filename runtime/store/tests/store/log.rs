//! Logs: in order, numbered through, readable soon, never in the way.

use crate::fixture::{AT, action, execution, step, tenant};
use lockgate_model::job::{LogLevel, LogLine};
use lockgate_store::{Options, Store};

fn lines(texts: std::ops::Range<u32>) -> Vec<LogLine> {
    texts
        .map(|n| LogLine {
            at: AT,
            level: LogLevel::Info,
            text: format!("line {n} \u{0} \"'\u{1b}[31m"),
        })
        .collect()
}

#[tokio::test]
async fn lines_are_numbered_through_all_attempts_and_read_from_anywhere() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lockgate.db");
    let store = Store::open(&path, &Options::default()).unwrap();
    let log = action(execution(1, "").id, 1).id;
    let whose = tenant();
    store
        .append_logs(&whose, log, 1, &lines(0..3))
        .await
        .unwrap();
    store.append_logs(&whose, log, 1, &[]).await.unwrap();
    store
        .append_logs(&whose, log, 2, &lines(3..4))
        .await
        .unwrap();
    store
        .append_logs(&whose, log, 2, &lines(4..9))
        .await
        .unwrap();
    for from in 0..10u64 {
        for limit in 0..10u32 {
            let found = store.read_logs(&whose, log, from, limit).await.unwrap();
            let expected: Vec<u64> = (from..9).take(limit as usize).collect();
            let indexes: Vec<u64> = found.iter().map(|line| line.index).collect();
            assert_eq!(indexes, expected, "from {from} limit {limit}");
            for line in found {
                let number = u32::try_from(line.index).unwrap();
                assert_eq!(line.line, lines(number..number + 1)[0]);
                assert_eq!(line.attempt, if number < 3 { 1 } else { 2 });
            }
        }
    }
    // Written without waiting for the disk, and kept by the close.
    store.commit(step("p", 0)).await.unwrap();
    store
        .append_logs(&whose, log, 2, &lines(9..10))
        .await
        .unwrap();
    drop(store);
    let store = Store::open(&path, &Options::default()).unwrap();
    let found = store.read_logs(&whose, log, 0, 100).await.unwrap();
    assert_eq!(found.len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_lines_does_not_stand_before_a_change() {
    let store = Store::temporary().unwrap();
    let log = action(execution(1, "").id, 1).id;
    let flood: Vec<_> = (0..200u32)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.append_logs(&tenant(), log, 1, &lines(0..1000)).await })
        })
        .collect();
    for version in 0..20 {
        store.commit(step("p", version)).await.unwrap();
    }
    assert!(
        flood.iter().any(|append| !append.is_finished()),
        "the changes waited for every line"
    );
    for append in flood {
        append.await.unwrap().unwrap();
    }
    let last = store.read_logs(&tenant(), log, 199_999, 10).await.unwrap();
    assert_eq!(last.len(), 1);
}
