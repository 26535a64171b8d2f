//! The rule-alarm component in the real host, against a real HTTP server.

use lockgate_host::Prepared;
use lockgate_model::definition::ConditionType;
use lockgate_model::job::FailureType;
use lockgate_test_providers::{Bench, Receiver, Response, prepare};
use std::sync::Arc;

fn granted(address: &str) -> Arc<Prepared> {
    let http = format!("http={address}");
    prepare("rule-alarm", &[&http, "secret=ALERTS"]).unwrap()
}

/// A server that tells these, one after the other.
fn telling(bodies: &[&str]) -> Receiver {
    let told = |body: &&str| -> Response { ("200 OK".into(), body.as_bytes().to_owned()) };
    Receiver::start(bodies.iter().map(told).collect())
}

fn rule(condition: ConditionType, path: &str, server: &str, more: &[(&str, &str)]) -> Bench {
    let url = format!("http://{server}{path}");
    let mut all = vec![("AlarmName", "high errors"), ("AlarmUrl", &url)];
    all.extend_from_slice(more);
    let mut bench = Bench::new("Rule/AWS/CloudWatchAlarm/1", &all);
    bench.job.condition = Some(condition);
    bench
}

const ALARM: &str = r#"{"state": "ALARM"}"#;
const OK: &str = r#"{"state": "OK"}"#;

/// As Alertmanager 0.25 answers.
const ALERTS: &str = r#"[{"annotations":{},"endsAt":"2026-11-21T06:40:09.955Z","fingerprint":"dbd9848a993b01cb","receivers":[{"name":"none"}],"startsAt":"2026-11-21T06:35:09.955Z","status":{"inhibitedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"2026-11-21T06:35:09.955Z","labels":{"alertname":"high errors","severity":"page"}}]"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_alertmanager_is_asked_with_a_secret_that_the_plugin_never_saw() {
    let server = telling(&["[]", ALERTS]);
    let path = "/api/v2/alerts?filter=alertname%3D%22{AlarmName}%22";
    let secret = [("SecretName", "ALERTS"), ("SecretPrefix", "Bearer ")];
    let bench = rule(ConditionType::BeforeEntry, path, server.address(), &secret)
        .secret("ALERTS", "hunter2");
    let plugin = granted(server.address());
    let ran = bench.run(&plugin).await;
    let summary = ran.success().external.summary.as_deref();
    assert_eq!(summary, Some("the alarm 'high errors' is OK"));
    let ran = bench.run(&plugin).await;
    let message = &ran.failure().message;
    assert_eq!(
        message,
        "the alarm 'high errors' is ALARM, not OK or INSUFFICIENT_DATA"
    );
    let [request, _] = &server.received()[..] else {
        panic!("not two requests");
    };
    assert_eq!(
        request.line,
        "GET /api/v2/alerts?filter=alertname%3D%22high%20errors%22 HTTP/1.1"
    );
    assert_eq!(request.header("authorization"), Some("Bearer hunter2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_waits_in_new_sandboxes_until_the_alarm_is_over() {
    let server = telling(&[ALARM, ALARM, OK]);
    let plugin = granted(server.address());
    let wait = [("WaitTime", "20")];
    let mut bench = rule(ConditionType::BeforeEntry, "/", server.address(), &wait);
    for _ in 0..2 {
        let ran = bench.run(&plugin).await;
        let pending = ran.pending();
        assert_eq!(pending.poll_after, 30);
        bench.job.attempt += 1;
        bench.job.continuation = Some(pending.continuation.clone());
    }
    bench.run(&plugin).await.success();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_that_is_watched_fails_when_the_alarm_goes_off() {
    let server = telling(&[OK, ALARM]);
    let plugin = granted(server.address());
    let wait = [("WaitTime", "60")];
    let mut bench = rule(ConditionType::OnSuccess, "/", server.address(), &wait);
    let ran = bench.run(&plugin).await;
    bench.job.continuation = Some(ran.pending().continuation.clone());
    let ran = bench.run(&plugin).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::JobFailed);
    assert_eq!(
        failure.message,
        "the alarm 'high errors' is ALARM, not OK or INSUFFICIENT_DATA"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_s_rule_succeeds_where_the_alarm_is_on() {
    let rules = r#"{"data": {"groups": [{"rules": [{"name": "high errors", "state": "firing", "health": "ok"}]}]}}"#;
    let server = telling(&[rules, OK]);
    let plugin = granted(server.address());
    let bench = rule(
        ConditionType::OnFailure,
        "/api/v1/rules",
        server.address(),
        &[],
    );
    bench.run(&plugin).await.success();
    let ran = bench.run(&plugin).await;
    let message = &ran.failure().message;
    assert_eq!(message, "the alarm 'high errors' is OK, not ALARM");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_asked_again_and_one_not_granted_never() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = gone.local_addr().unwrap().to_string();
    drop(gone);
    let bench = rule(ConditionType::OnSuccess, "/", &address, &[]);
    let ran = bench.run(&granted(&address)).await;
    assert_eq!(ran.pending().poll_after, 10);
    let server = telling(&[OK]);
    let bench = rule(ConditionType::OnSuccess, "/", server.address(), &[]);
    let ran = bench.run(&granted(&address)).await;
    let failure = ran.failure();
    assert_eq!(failure.kind, FailureType::PermissionError);
    let grant = format!("http={}", server.address());
    assert!(failure.message.contains(&grant), "{failure:?}");
    assert!(server.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_or_without_bottom_is_no_state() {
    let long = "x".repeat(5 << 20);
    let deep = "[".repeat(1 << 20);
    for (body, why) in [(long, "longer than 4194304 bytes"), (deep, "is not JSON")] {
        let server = telling(&[&body]);
        let bench = rule(ConditionType::OnSuccess, "/", server.address(), &[]);
        let ran = bench.run(&granted(server.address())).await;
        let failure = ran.failure();
        assert_eq!(failure.kind, FailureType::ConfigurationError);
        assert!(failure.message.contains(why), "{failure:?}");
    }
}
