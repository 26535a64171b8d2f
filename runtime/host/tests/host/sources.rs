//! Sources: asked for their newest revision, for what changed, and what a
//! webhook delivery announces.

use crate::bench::{NONE, guest, host, misbehaving, small, source};
use lockgate_host::{LogSink, Plugin, Prepared, Secrets};
use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::change::{ChangeKind, SourceChange};
use lockgate_model::definition::PullRequestEvent;
use lockgate_model::grant::Grant;
use lockgate_model::job::{DetectRequest, Detection, Failure, FailureType, Watch};
use lockgate_model::limits::Limits;
use lockgate_model::plugin::World;
use lockgate_model::webhook::{Announcement, WebhookRequest};
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

fn answering(change: impl FnOnce(&mut Limits)) -> Arc<Prepared> {
    let mut limits = small();
    change(&mut limits);
    let plugin = Plugin {
        name: "source",
        world: World::SourceProvider,
        grant: &Grant::default(),
        optional: &NONE,
        limits,
    };
    host().prepare(&guest("answers_as_source"), plugin).unwrap()
}

fn delivery(deed: Option<&str>, body: &[u8]) -> WebhookRequest {
    WebhookRequest {
        tenant: "111122223333".parse().unwrap(),
        action_type: ActionTypeId {
            category: Category::Source,
            owner: "Custom".into(),
            provider: "Answers".into(),
            version: "1".into(),
        },
        configuration: deed
            .map(|deed| ("do".to_owned(), deed.to_owned()))
            .into_iter()
            .collect(),
        method: "POST".into(),
        path: Some("/hook".into()),
        headers: vec![("X-Event".into(), "push".into())],
        body: body.into(),
        wants_files: true,
    }
}

async fn deliver(source: &Prepared, deed: &str) -> Result<Option<Announcement>, Failure> {
    let (log, secrets) = (LogSink::discard(), Secrets::none());
    let request = delivery(Some(deed), b"body");
    host().webhook(source, request, log, secrets).await
}

fn both_kinds(changes: &[SourceChange]) {
    let [branch, request] = changes else {
        panic!("{changes:?}");
    };
    let main = ChangeKind::Branch {
        name: "main".into(),
        created: true,
    };
    assert_eq!(branch.kind, main);
    assert_eq!(branch.revision.created.unwrap().0, 5);
    assert_eq!(branch.files.as_deref(), Some(&["a".to_owned()][..]));
    assert_eq!(branch.repository.as_deref(), Some("acme/webshop"));
    let author = branch.author.as_ref().unwrap();
    assert_eq!(author.name.as_deref(), Some("Ada"));
    let closed = ChangeKind::PullRequest {
        event: PullRequestEvent::Closed,
        number: "7".into(),
        source_branch: "a".into(),
        destination_branch: "b".into(),
        merged: true,
        fork: true,
    };
    assert_eq!(request.kind, closed);
    assert_eq!((&request.files, &request.author), (&None, &None));
}

#[tokio::test]
async fn a_delivery_reaches_its_source_whole_and_its_answer_comes_back() {
    let source = answering(|_| {});
    // Its own default is filled in.
    let (log, secrets) = (LogSink::discard(), Secrets::none());
    let said = host().webhook(&source, delivery(None, b"\xff\x00"), log, secrets);
    let said = said.await.unwrap().unwrap();
    assert_eq!(said.summary, "POST Some(\"/hook\") x-event=push 2 true");
    both_kinds(&said.changes);
    assert_eq!(deliver(&source, "nothing").await, Ok(None));
    let refused = deliver(&source, "refuse").await.unwrap_err();
    assert_eq!(refused.kind, FailureType::PermissionError);
    assert_eq!(refused.message, "not genuine");
}

#[tokio::test]
async fn a_look_says_what_is_watched_and_brings_changes_back() {
    let source = answering(|_| {});
    let request = DetectRequest {
        tenant: "111122223333".parse().unwrap(),
        action_type: delivery(None, b"").action_type,
        configuration: [].into(),
        cursor: None,
        watch: Watch {
            all_branches: true,
            tags: false,
            files: true,
        },
    };
    let (log, secrets) = (LogSink::discard(), Secrets::none());
    let found = host().detect(&source, request.clone(), log.clone(), secrets.clone());
    let found = found.await.unwrap();
    let watched = "Watch { all-branches: true, tags: false, files: true }";
    assert_eq!(found.cursor, watched);
    both_kinds(&found.changes);
    let flood = DetectRequest {
        configuration: [("do".to_owned(), "flood".to_owned())].into(),
        ..request
    };
    let failure = host().detect(&source, flood, log, secrets).await;
    assert!(failure.unwrap_err().message.contains("output-bytes"));
}

#[tokio::test]
async fn an_answer_to_a_delivery_is_bounded_and_so_is_its_cost() {
    let source = answering(|limits| limits.seconds = 1);
    for (deed, part) in [
        ("flood", "output-bytes"),
        ("files", "output-bytes"),
        ("talk", "output-bytes"),
        ("loop", "1 seconds"),
        ("grow", "memory-bytes"),
        ("trap", "trapped"),
    ] {
        let failure = deliver(&source, deed).await.unwrap_err();
        assert_eq!(failure.kind, FailureType::SystemUnavailable, "{deed}");
        assert!(failure.message.contains(part), "{deed}: {failure:?}");
    }
}

#[tokio::test]
async fn a_delivery_that_is_too_large_reaches_nobody() {
    let source = answering(|_| {});
    let body = delivery(None, &vec![0; (12 << 20) + 1]);
    let mut head = delivery(None, b"");
    head.headers.push(("x".into(), "y".repeat(64 << 10)));
    for (request, part) in [(body, "body"), (head, "headers")] {
        let (log, secrets) = (LogSink::discard(), Secrets::none());
        let failure = host().webhook(&source, request, log, secrets).await;
        let failure = failure.unwrap_err();
        assert_eq!(failure.kind, FailureType::ConfigurationError);
        assert!(failure.message.contains(part), "{failure:?}");
    }
}

#[tokio::test]
async fn what_is_no_source_takes_no_deliveries() {
    let grant = crate::bench::grant(&crate::bench::ALL);
    let provider = prepared(misbehaving(), World::ActionProvider, &grant);
    let failure = deliver(&provider, "nothing").await.unwrap_err();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
}

#[tokio::test]
async fn a_source_that_takes_no_deliveries_says_so() {
    let source = prepared(&source(), World::SourceProvider, &Grant::default());
    let mut request = delivery(None, b"");
    request.action_type.provider = "NoOp".into();
    let (log, secrets) = (LogSink::discard(), Secrets::none());
    let failure = host().webhook(&source, request, log, secrets).await;
    let failure = failure.unwrap_err();
    assert_eq!(failure.kind, FailureType::ConfigurationError);
    assert!(failure.message.contains("polled"), "{failure:?}");
}
