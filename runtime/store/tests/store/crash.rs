//! A killed process loses nothing that it acknowledged, and leaves nothing
//! half-written.

use crate::fixture::{change, event, execution, job, leased, tenant};
use lockgate_store::{FinishedJob, LeaseToken, Options, Store};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const DIRECTORY: &str = "LOCKGATE_TEST_CRASH_DIRECTORY";
const PIPELINES: u128 = 6;

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged: HashMap<String, u64> = HashMap::new();
    for round in 0..20usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::the_process_that_is_killed", "--exact", "--ignored"])
            .env(DIRECTORY, directory.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Another number of acknowledgements in each round; what the child says
        // between the last one and its death is read too.
        let mut wanted = 1 + round * 37 % 200;
        while let Some(Ok(line)) = lines.next() {
            if let Some(("acknowledged", rest)) = line.split_once(' ') {
                let (pipeline, version) = rest.split_once(' ').unwrap();
                acknowledged.insert(pipeline.to_owned(), version.parse().unwrap());
                wanted = wanted.saturating_sub(1);
                if wanted == 0 {
                    child.kill().unwrap();
                }
            }
        }
        assert!(!child.wait().unwrap().success());
        assert_eq!(wanted, 0, "the child ended by itself");
        check(directory.path(), &acknowledged);
    }
    assert_eq!(acknowledged.len(), PIPELINES as usize);
}

fn check(directory: &Path, acknowledged: &HashMap<String, u64>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = Store::open(&directory.join("lockgate.db"), &Options::default()).unwrap();
        for (pipeline, acknowledged) in acknowledged {
            let loaded = store.load(&tenant(), pipeline).await.unwrap().unwrap();
            assert!(
                loaded.version >= *acknowledged,
                "{pipeline}: {} of {acknowledged}",
                loaded.version
            );
            // A change is two events, one job, one row, or nothing of these.
            let version = loaded.version;
            assert_eq!(version % 2, 0);
            assert_eq!(loaded.events.len() as u64, version);
            assert_eq!(loaded.jobs.len(), 1);
            assert_eq!(loaded.jobs[0].payload, version.to_string());
            let rows = store.executions(&tenant(), pipeline, None, 10).await;
            let rows = rows.unwrap();
            assert_eq!(rows.len(), 1);
            assert_eq!(rows[0].json, version.to_string());
        }
    });
}

#[test]
#[ignore = "started, and killed, by the test above"]
fn the_process_that_is_killed() {
    let directory = std::env::var_os(DIRECTORY).unwrap();
    let path = Path::new(&directory).join("lockgate.db");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Store::open(&path, &Options::default()).unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for number in 1..=PIPELINES {
            let store = store.clone();
            tasks.spawn(async move { commit_for_ever(&store, number).await });
        }
        tasks.join_next().await.unwrap().unwrap();
    });
}

async fn commit_for_ever(store: &Store, number: u128) {
    let pipeline = format!("p{number}");
    let loaded = store.load(&tenant(), &pipeline).await.unwrap();
    let mut version = loaded.map_or(0, |loaded| loaded.version);
    loop {
        let next = version + 2;
        let run = execution(number, &next.to_string());
        let mut change = change(&pipeline, version);
        change.events = vec![event(Some(run.id), "1"), event(Some(run.id), "2")];
        let id = |version: u64| number << 64 | u128::from(version);
        if version > 0 {
            change.finished_jobs = vec![FinishedJob {
                id: job(id(version), "").id,
                token: LeaseToken([1; 16]),
            }];
        }
        change.new_jobs = vec![leased(job(id(next), &next.to_string()), 1)];
        change.executions = vec![run];
        version = store.commit(change).await.unwrap();
        let line = format!("acknowledged {pipeline} {version}\n");
        std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
    }
}
