//! Sources: asked for their newest revision.

use crate::bench::{NONE, host, misbehaving, small, source};
use lockgate_host::{LogSink, Plugin, Prepared, Secrets};
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::grant::Grant;
use lockgate_model::job::{DetectRequest, Detection, Failure, FailureType, Watch};
use lockgate_model::plugin::World;
use std::sync::Arc;

fn prepared(bytes: &[u8], world: World, grant: &Grant) -> Arc<Prepared> {
    let plugin = Plugin {
        name: "source",
        world,
        grant,
        optional: &NONE,
        limits: small(),
    };
    host().prepare(bytes, plugin).unwrap()
}

async fn detect(prepared: &Prepared, set: &[(&str, &str)]) -> Result<Detection, Failure> {
    let request = DetectRequest {
        tenant: "111122223333".parse().unwrap(),
        action_type: ActionTypeId {
            category: Category::Source,
            owner: "Custom".into(),
            provider: "NoOp".into(),
            version: "1".into(),
        },
        configuration: set
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        cursor: None,
        watch: Watch::default(),
    };
    let (log, secrets) = (LogSink::discard(), Secrets::none());
    host().detect(prepared, request, log, secrets).await
}

#[tokio::test]
async fn a_source_finds_the_newest_revision() {
    let source = prepared(&source(), World::SourceProvider, &Grant::default());
    let found = detect(&source, &[("Revision", "abc")]).await.unwrap();
    assert_eq!(found.newest.unwrap().id, "abc");
    assert_eq!(found.cursor, "abc");
    // Its own default, filled in by the host.
    let found = detect(&source, &[]).await.unwrap();
    assert_eq!(found.cursor, "0");
}

#[tokio::test]
async fn what_is_no_source_cannot_be_asked() {
    let grant = crate::bench::grant(&crate::bench::ALL);
    let provider = prepared(misbehaving(), World::ActionProvider, &grant);
    let failure = detect(&provider, &[]).await.unwrap_err();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    assert!(failure.message.contains("'source'"), "{}", failure.message);
}
