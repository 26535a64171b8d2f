//! Random changes against a model that keeps everything in maps: the same
//! answers and the same contents.

use crate::fixture::{AT, event, execution, job, lease, stranger, tenant};
use lockgate_model::id::{JobId, TenantId};
use lockgate_store::{Change, FinishedJob, Options, Store, StoreError};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// One random change. Numbers are small so that they often meet.
#[derive(Debug, Clone)]
struct Draft {
    stranger: bool,
    pipeline: u8,
    /// 0: right; else off by so many.
    off: u64,
    events: u8,
    snapshot: bool,
    finish: Option<(u8, u8)>,
    cancel: Option<u8>,
    new: Option<(u8, Option<u8>)>,
    execution: Option<(u8, u16)>,
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Draft),
    Delete { stranger: bool, pipeline: u8 },
    Reopen,
}

fn draft() -> impl Strategy<Value = Draft> {
    (
        (
            any::<bool>(),
            0..2u8,
            prop_oneof![6 => Just(0u64), 1 => 1..3u64],
        ),
        (0..4u8, any::<bool>()),
        proptest::option::of((0..6u8, 1..3u8)),
        proptest::option::of(0..6u8),
        proptest::option::of((0..6u8, proptest::option::of(1..3u8))),
        proptest::option::of((0..4u8, any::<u16>())),
    )
        .prop_map(|(key, more, finish, cancel, new, execution)| Draft {
            stranger: key.0,
            pipeline: key.1,
            off: key.2,
            events: more.0,
            snapshot: more.1,
            finish,
            cancel,
            new,
            execution,
        })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        30 => draft().prop_map(Step::Commit),
        1 => (any::<bool>(), 0..2u8)
            .prop_map(|(stranger, pipeline)| Step::Delete { stranger, pipeline }),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..60)
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Pipeline {
    events: Vec<String>,
    snapshot: Option<(u64, String)>,
    executions: BTreeMap<u8, String>,
}

type Key = (TenantId, String);

#[derive(Debug, Clone, Default)]
struct Model {
    pipelines: BTreeMap<Key, Pipeline>,
    /// By pipeline and number: the token's byte.
    jobs: BTreeMap<(Key, u8), Option<u8>>,
}

impl Model {
    /// The version, or the name of the refusal.
    fn commit(&mut self, key: &Key, draft: &Draft) -> Result<u64, &'static str> {
        let mut next = self.clone();
        let known = next.pipelines.get(key);
        let version = known.map_or(0, |p| p.events.len() as u64);
        let expected = version + draft.off;
        if expected == 0 && draft.events == 0 {
            return Err("contradiction");
        }
        if expected != version {
            return Err("conflict");
        }
        if let Some((number, token)) = draft.finish {
            match next.jobs.get(&(key.clone(), number)) {
                Some(Some(held)) if *held == token => {
                    next.jobs.remove(&(key.clone(), number));
                }
                _ => return Err("stale"),
            }
        }
        if let Some(number) = draft.cancel {
            next.jobs.remove(&(key.clone(), number));
        }
        if let Some((number, token)) = draft.new {
            let taken = next.jobs.insert((key.clone(), number), token);
            if taken.is_some() {
                return Err("contradiction");
            }
        }
        if let Some((number, _)) = draft.execution {
            let elsewhere = next.pipelines.iter().any(|((tenant, name), pipeline)| {
                *tenant == key.0 && *name != key.1 && pipeline.executions.contains_key(&number)
            });
            if elsewhere {
                return Err("contradiction");
            }
        }
        let pipeline = next.pipelines.entry(key.clone()).or_default();
        for n in 0..draft.events {
            pipeline.events.push(format!("{version}+{n}"));
        }
        let new = pipeline.events.len() as u64;
        if draft.snapshot {
            pipeline.snapshot = Some((new, format!("state {new}")));
        }
        if let Some((number, value)) = draft.execution {
            pipeline.executions.insert(number, value.to_string());
        }
        *self = next;
        Ok(new)
    }
}

fn change(key: &Key, version: u64, draft: &Draft) -> Change {
    let mut change = Change::new(key.0.clone(), &*key.1, AT, version + draft.off);
    change.events = (0..draft.events)
        .map(|n| event(None, &format!("{version}+{n}")))
        .collect();
    let new = version + u64::from(draft.events);
    change.snapshot = draft.snapshot.then(|| format!("state {new}"));
    change.finished_jobs = draft
        .finish
        .map(|(number, token)| FinishedJob {
            id: job_id(number),
            token: lease(token).token,
        })
        .into_iter()
        .collect();
    change.cancelled_jobs = draft.cancel.map(job_id).into_iter().collect();
    change.new_jobs = draft
        .new
        .map(|(number, token)| {
            let mut new = job(number.into(), "");
            new.lease = token.map(lease);
            new
        })
        .into_iter()
        .collect();
    change.executions = draft
        .execution
        .map(|(number, value)| execution(number.into(), &value.to_string()))
        .into_iter()
        .collect();
    change
}

fn job_id(number: u8) -> JobId {
    job(number.into(), "").id
}

async fn compare(store: &Store, model: &Model) {
    for tenant in [tenant(), stranger()] {
        for pipeline in ["p0", "p1"] {
            let key = (tenant.clone(), pipeline.to_owned());
            let loaded = store.load(&tenant, pipeline).await.unwrap();
            let Some(expected) = model.pipelines.get(&key) else {
                assert_eq!(loaded, None);
                continue;
            };
            let loaded = loaded.unwrap();
            assert_eq!(loaded.version, expected.events.len() as u64);
            let snapshot = loaded.snapshot.map(|s| (s.version, s.json));
            assert_eq!(snapshot, expected.snapshot);
            let seen = snapshot.map_or(0, |(version, _)| version);
            let rest: Vec<_> = loaded.events.iter().map(|e| &e.event.json).collect();
            let wanted: Vec<_> = expected.events.iter().skip(seen as usize).collect();
            assert_eq!(rest, wanted);
            let jobs: BTreeMap<_, _> = loaded.jobs.iter().map(|j| (j.id, j.lease)).collect();
            let wanted: BTreeMap<_, _> = model
                .jobs
                .iter()
                .filter(|(((whose, name), _), _)| *whose == tenant && name == pipeline)
                .map(|((_, number), token)| (job_id(*number), token.map(lease)))
                .collect();
            assert_eq!(jobs, wanted);
            let rows = store.executions(&tenant, pipeline, None, 10).await.unwrap();
            let rows: Vec<_> = rows.into_iter().map(|row| row.json).collect();
            let wanted: Vec<_> = expected.executions.values().rev().cloned().collect();
            assert_eq!(rows, wanted);
        }
    }
}

fn name(error: &StoreError) -> &'static str {
    match error {
        StoreError::Conflict { .. } => "conflict",
        StoreError::Stale { .. } => "stale",
        StoreError::Contradiction(_) => "contradiction",
        _ => "something else",
    }
}

async fn follow(steps: Vec<Step>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lockgate.db");
    let options = Options {
        durable: false,
        ..Options::default()
    };
    let mut store = Store::open(&path, &options).unwrap();
    let mut model = Model::default();
    let key = |is_stranger, pipeline| {
        let whose = if is_stranger { stranger() } else { tenant() };
        (whose, format!("p{pipeline}"))
    };
    for step in steps {
        match step {
            Step::Commit(draft) => {
                let key = key(draft.stranger, draft.pipeline);
                let known = model.pipelines.get(&key);
                let version = known.map_or(0, |p| p.events.len() as u64);
                let answer = store.commit(change(&key, version, &draft)).await;
                let expected = model.commit(&key, &draft);
                let answer = answer.map_err(|e| name(&e));
                assert_eq!(answer, expected, "{draft:?}");
            }
            Step::Delete { stranger, pipeline } => {
                let key = key(stranger, pipeline);
                let known = model.pipelines.remove(&key);
                let version = known.as_ref().map_or(0, |p| p.events.len() as u64);
                let answer = store.delete_pipeline(&key.0, &key.1, version).await;
                assert_eq!(answer.is_ok(), known.is_some());
                model.jobs.retain(|(whose, _), _| *whose != key);
            }
            Step::Reopen => {
                drop(store);
                store = Store::open(&path, &options).unwrap();
            }
        }
    }
    compare(&store, &model).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_model_does(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(follow(steps));
    }
}
