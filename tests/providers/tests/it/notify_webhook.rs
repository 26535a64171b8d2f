//! The notify-webhook component in the real host, against a real receiver.

use lockgate_host::Prepared;
use lockgate_model::job::FailureType;
use lockgate_test_providers::{Bench, Received, Receiver, Response, prepare};
use std::sync::Arc;

fn prepared(receiver: &Receiver) -> Arc<Prepared> {
    granted(receiver.address())
}

/// May post to this address alone.
fn granted(address: &str) -> Arc<Prepared> {
    let http = format!("http={address}");
    prepare("notify-webhook", &[&http, "secret=HOOK"]).unwrap()
}

fn webhook(receiver: &Receiver, configuration: &[(&str, &str)]) -> Bench {
    let url = format!("http://{}/hooks/1?a=b", receiver.address());
    let mut all = vec![("Url", url.as_str())];
    all.extend_from_slice(configuration);
    Bench::new("Invoke/Custom/Webhook/1", &all)
}

fn responses(all: &[(&str, &str)]) -> Vec<Response> {
    let owned = |(head, body): &(&str, &str)| ((*head).to_owned(), body.as_bytes().to_owned());
    all.iter().map(owned).collect()
}

fn only(receiver: &Receiver) -> Received {
    let mut received = receiver.received();
    assert_eq!(received.len(), 1, "{received:?}");
    received.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_arrives_with_a_secret_that_the_plugin_never_saw() {
    let receiver = Receiver::start(responses(&[("200 OK", "ok")]));
    let bench = webhook(
        &receiver,
        &[
            ("Message", "Released \"1.2\""),
            ("Header", "Authorization"),
            ("SecretName", "HOOK"),
            ("Prefix", "Bearer "),
        ],
    )
    .secret("HOOK", "hunter2");
    let execution = bench.job.execution;
    let key = bench.job.action_execution.to_string();
    let ran = bench.run(&prepared(&receiver)).await;
    assert_eq!(ran.success().variables["StatusCode"], "200");
    let request = only(&receiver);
    assert_eq!(request.line, "POST /hooks/1?a=b HTTP/1.1");
    assert_eq!(request.header("authorization"), Some("Bearer hunter2"));
    assert_eq!(request.header("idempotency-key"), Some(key.as_str()));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "account": "111122223333",
            "pipeline": "Demo",
            "executionId": execution.to_string(),
            "stage": "Stage",
            "action": "Action",
            "message": "Released \"1.2\"",
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_goes_to_no_receiver_that_no_grant_names() {
    let receiver = Receiver::start(responses(&[("200 OK", "ok"), ("200 OK", "ok")]));
    let port = receiver.address().rsplit(':').next().unwrap();
    let every = format!("http=*:{port}+private");
    let plugin = prepare("notify-webhook", &[&every, "secret=HOOK"]).unwrap();
    webhook(&receiver, &[]).run(&plugin).await.success();
    let secret = [("Header", "Authorization"), ("SecretName", "HOOK")];
    let bench = webhook(&receiver, &secret).secret("HOOK", "hunter2");
    let ran = bench.run(&plugin).await;
    assert_eq!(ran.failure().kind, FailureType::PermissionError, "{ran:?}");
    let line = format!("grant it with: notify-webhook http={}", receiver.address());
    let log = ran.log_text();
    assert!(log.contains("the secret 'HOOK' is not sent to"), "{log}");
    assert!(log.contains(&line), "{log}");
    assert_eq!(only(&receiver).header("authorization"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_many_pieces_arrives_whole() {
    let receiver = Receiver::start(responses(&[("204 No Content", "")]));
    let message = "0123456789abcdef".repeat(20_000);
    let bench = webhook(&receiver, &[("Format", "Slack"), ("Message", &message)]);
    bench.run(&prepared(&receiver)).await.success();
    let expected = serde_json::json!({ "text": message }).to_string();
    assert!(only(&receiver).body == expected.as_bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_receiver_gets_the_same_message_again_in_a_new_sandbox() {
    let receiver = Receiver::start(responses(&[
        ("503 Service Unavailable\r\nRetry-After: 2", "busy"),
        ("200 OK", "ok"),
    ]));
    let plugin = prepared(&receiver);
    let mut bench = webhook(&receiver, &[]);
    let ran = bench.run(&plugin).await;
    let pending = ran.pending();
    assert_eq!(pending.poll_after, 2);
    assert!(
        ran.log_text()
            .contains("answered 503: busy; trying again in 2 s"),
        "{ran:?}"
    );
    bench.job.attempt = 2;
    bench.job.continuation = Some(pending.continuation.clone());
    bench.run(&plugin).await.success();
    let [first, second] = &receiver.received()[..] else {
        panic!("not two requests");
    };
    assert_eq!(first.body, second.body);
    assert_eq!(
        first.header("idempotency-key"),
        second.header("idempotency-key")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_fails_the_action_with_the_answer() {
    let receiver = Receiver::start(responses(&[("404 Not Found", "no_such_hook")]));
    let ran = webhook(&receiver, &[]).run(&prepared(&receiver)).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::JobFailed);
    let expected = format!("{} answered 404: no_such_hook", receiver.address());
    assert_eq!(failure.message, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_is_cut_off() {
    let receiver = Receiver::start(vec![("200 OK".into(), vec![b'x'; 1 << 20])]);
    let ran = webhook(&receiver, &[]).run(&prepared(&receiver)).await;
    let failure = ran.failure();
    assert!(
        failure.message.ends_with("is longer than 65536 bytes"),
        "{failure:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_says_nothing_is_given_up_in_time() {
    let receiver = Receiver::start(Vec::new());
    let bench = webhook(&receiver, &[("TimeoutSeconds", "1"), ("Attempts", "1")]);
    let ran = bench.run(&prepared(&receiver)).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::SystemUnavailable);
    assert!(
        failure.message.ends_with("; given up after attempt 1"),
        "{failure:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_granted_is_never_asked() {
    let receiver = Receiver::start(responses(&[("200 OK", "ok")]));
    let elsewhere = Receiver::start(responses(&[("200 OK", "ok")]));
    let bench = webhook(&elsewhere, &[]);
    let ran = bench.run(&prepared(&receiver)).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::PermissionError);
    let grant = format!("http={}", elsewhere.address());
    assert!(failure.message.contains(&grant), "{failure:?}");
    assert!(elsewhere.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_not_there_is_worth_another_try() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap().to_string();
    drop(gone);
    let url = format!("http://{address}/");
    let bench = Bench::new("Invoke/Custom/Webhook/1", &[("Url", &url)]);
    let ran = bench.run(&granted(&address)).await;
    let pending = ran.pending();
    assert_eq!(pending.poll_after, 5);
}
