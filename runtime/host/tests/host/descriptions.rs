//! A component may serve action types of different kinds: each has its own
//! description, and a job says which one it is for.

use crate::bench::{NONE, guest, host, job, small};
use lockgate_host::{LogSink, Plugin, PrepareError, Prepared, RunRequest};
use lockgate_model::action_type::Category;
use lockgate_model::grant::Grant;
use lockgate_model::job::Outcome;
use lockgate_model::plugin::World;
use std::collections::BTreeMap;
use std::sync::Arc;

fn prepared(name: &str) -> Arc<Prepared> {
    let plugin = Plugin {
        name: "several",
        world: World::ActionProvider,
        grant: &Grant::default(),
        optional: &NONE,
        limits: small(),
    };
    host().prepare(&guest(name), plugin).unwrap()
}

#[tokio::test]
async fn each_action_type_of_a_provider_has_its_own_keys_and_jobs() {
    let several = prepared("describes_several");
    let types = host().describe(&several).await.unwrap();
    let described: Vec<_> = types
        .iter()
        .map(|known| (known.id.category, known.properties[0].name.as_str()))
        .collect();
    assert_eq!(
        described,
        [(Category::Build, "ToBuild"), (Category::Rule, "ToJudge")]
    );
    for known in &types {
        let mut job = job(vec![]);
        job.action_type = known.id.clone();
        let request = RunRequest::new(job, LogSink::discard());
        let Outcome::Succeeded(success) = host().run(&several, request).await else {
            panic!("{} failed", known.id);
        };
        let expected = [
            ("served", format!("Category::{}", known.id.category)),
            (known.properties[0].name.as_str(), "default".to_owned()),
        ];
        let expected: BTreeMap<_, _> = expected.map(|(k, v)| (k.to_owned(), v)).into();
        assert_eq!(success.variables, expected);
    }
}

#[tokio::test]
async fn an_action_type_that_is_described_twice_refuses_the_provider() {
    let error = host().describe(&prepared("describes_twice")).await;
    let error = error.unwrap_err();
    assert!(
        matches!(&error, PrepareError::Describe(why) if why.contains("Build/Custom/Twice/1 twice")),
        "{error}"
    );
}
