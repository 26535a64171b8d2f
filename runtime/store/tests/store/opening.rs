//! Opening: one server at a time, our own databases only, nobody else's eyes.

use crate::fixture::{change, event, step, tenant};
use lockgate_store::{Options, Store, StoreError};

#[tokio::test]
async fn a_second_server_is_kept_out_and_told_by_whom() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lockgate.db");
    let store = Store::open(&path, &Options::default()).unwrap();
    store.commit(step("p", 0)).await.unwrap();
    let error = Store::open(&path, &Options::default()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, StoreError::InUse { .. }), "{text}");
    assert!(text.contains(&format!("process {}", std::process::id())));
    assert!(text.contains("lockgate.db.lock"), "{text}");
    drop(store);
    let store = Store::open(&path, &Options::default()).unwrap();
    let loaded = store.load(&tenant(), "p").await.unwrap();
    assert_eq!(loaded.unwrap().version, 1);
}

#[test]
fn what_is_not_ours_is_refused_and_left_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let text = directory.path().join("text.db");
    std::fs::write(
        &text,
        "This is not a database, it only looks like a file.".repeat(99),
    )
    .unwrap();
    let foreign = directory.path().join("foreign.db");
    let other = rusqlite::Connection::open(&foreign).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    for path in [text, foreign] {
        let before = std::fs::read(&path).unwrap();
        let error = Store::open(&path, &Options::default()).unwrap_err();
        assert_eq!(error, StoreError::Foreign(path.clone()));
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_database_of_a_newer_lockgate_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lockgate.db");
    drop(Store::open(&path, &Options::default()).unwrap());
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer
        .execute_batch("INSERT INTO schema_version VALUES (4711)")
        .unwrap();
    drop(newer);
    let error = Store::open(&path, &Options::default()).unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 4711, .. }),
        "{error}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lockgate.db");
    let store = Store::open(&path, &Options::default()).unwrap();
    store.commit(step("p", 0)).await.unwrap();
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
        names.push(entry.file_name());
    }
    assert!(names.iter().any(|name| name == "lockgate.db-wal"));
}

#[tokio::test]
async fn a_damaged_row_is_an_error_and_not_a_guess() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lockgate.db");
    let store = Store::open(&path, &Options::default()).unwrap();
    let mut first = step("p", 0);
    first.executions = vec![crate::fixture::execution(1, "")];
    store.commit(first).await.unwrap();
    drop(store);
    let vandal = rusqlite::Connection::open(&path).unwrap();
    vandal
        .execute_batch("UPDATE execution SET status = 'Sleeping'")
        .unwrap();
    drop(vandal);
    let store = Store::open(&path, &Options::default()).unwrap();
    let error = store.executions(&tenant(), "p", None, 1).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("Sleeping"), "{error}");
}

#[tokio::test]
async fn the_write_ahead_log_stays_bounded_while_readers_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lockgate.db");
    let options = Options {
        durable: false,
        ..Options::default()
    };
    let store = Store::open(&path, &options).unwrap();
    let large = "x".repeat(32 << 10);
    let mut version = 0;
    // 4000 × 32 KiB: 128 MiB through a log that may hold a few times 8 MiB.
    for _ in 0..4000 {
        let mut next = change("p", version);
        next.events = vec![event(None, &large)];
        version = store.commit(next).await.unwrap();
        if version % 64 == 0 {
            store.load(&tenant(), "q").await.unwrap();
        }
    }
    let log = std::fs::metadata(directory.path().join("lockgate.db-wal")).unwrap();
    assert!(log.len() < 48 << 20, "{} bytes", log.len());
}
