//! A full disk is an error message and not a corrupt state.

use crate::fixture::{change, event, step, tenant};
use lockgate_store::{Options, Store, StoreError};
use std::path::Path;
use std::process::Command;

const DIRECTORY: &str = "LOCKGATE_TEST_FULL_DISK";

/// In a file system of 28 MiB that is only the child's, or, where the machine
/// allows no mount, under a limit on the size of files.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_refuses_changes_until_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let mount = r#"mount -t tmpfs -o size=28m none "$LOCKGATE_TEST_FULL_DISK""#;
    let may_mount = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", mount])
        .env(DIRECTORY, directory.path())
        .status()
        .is_ok_and(|status| status.success());
    let script = if may_mount {
        format!(r#"{mount} && exec "$0" "$@""#)
    } else {
        // In blocks of 512 bytes; the signal would kill before the error.
        r#"trap '' XFSZ; ulimit -S -f 24576; exec "$0" "$@""#.to_owned()
    };
    let mut command = if may_mount {
        let mut unshare = Command::new("unshare");
        unshare.args(["--mount", "--map-root-user", "sh", "-c", &script]);
        unshare
    } else {
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]);
        shell
    };
    let output = command
        .arg(std::env::current_exe().unwrap())
        .args([
            "full_disk::the_process_without_room",
            "--exact",
            "--ignored",
        ])
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[test]
#[ignore = "started by the test above, where there is no room"]
fn the_process_without_room() {
    let directory = std::env::var_os(DIRECTORY).unwrap();
    let directory = Path::new(&directory);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(fill_and_recover(directory));
}

async fn fill_and_recover(directory: &Path) {
    let path = directory.join("lockgate.db");
    let ballast = directory.join("ballast");
    // Enough for what waits in the log to be carried back.
    std::fs::write(&ballast, vec![1u8; 10 << 20]).unwrap();
    let store = Store::open(&path, &Options::default()).unwrap();
    store.commit(step("small", 0)).await.unwrap();
    let large = "x".repeat(200 << 10);
    let mut version = 0;
    let error = loop {
        let mut next = change("p", version);
        next.events = vec![event(None, &large), event(None, "{}")];
        match store.commit(next).await {
            Ok(new) => version = new,
            Err(error) => break error,
        }
        assert!(version < 1000, "the disk never became full");
    };
    assert_eq!(error, StoreError::Full(path.clone()));
    assert!(error.to_string().contains("free some space"), "{error}");
    assert!(version > 0);

    // Nothing half-written, and reading goes on.
    let loaded = store.load(&tenant(), "p").await.unwrap().unwrap();
    assert_eq!(loaded.version, version);
    assert_eq!(loaded.events.len() as u64, version);

    // Again and again, together with others: still only an error.
    let all = (0..8).map(|n| {
        let store = store.clone();
        let large = large.clone();
        tokio::spawn(async move {
            let mut next = change(&format!("new{n}"), 0);
            next.events = (0..200).map(|_| event(None, &large)).collect();
            store.commit(next).await
        })
    });
    for one in all.collect::<Vec<_>>() {
        assert_eq!(one.await.unwrap(), Err(StoreError::Full(path.clone())));
    }

    make_room(&ballast);
    let mut next = change("p", version);
    next.events = vec![event(None, &large)];
    assert_eq!(store.commit(next).await.unwrap(), version + 1);
    drop(store);
    let store = Store::open(&path, &Options::default()).unwrap();
    let all = store.pipelines(None, 100).await.unwrap();
    let names: Vec<_> = all
        .iter()
        .map(|p| (p.pipeline.as_str(), p.version))
        .collect();
    assert_eq!(names, vec![("p", version + 1), ("small", 1)]);
}

fn make_room(ballast: &Path) {
    std::fs::remove_file(ballast).unwrap();
    // Does nothing where the disk itself was full.
    let _ = Command::new("prlimit")
        .args([
            "--fsize=unlimited",
            "--pid",
            &std::process::id().to_string(),
        ])
        .status();
}
