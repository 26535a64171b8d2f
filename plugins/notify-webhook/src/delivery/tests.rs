//! The provider as a whole against scripted receivers.

use crate::NotifyWebhook;
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{Failure, FailureType, HttpError, Job, Outcome, Pending, Response, run};

const URL: (&str, &str) = ("Url", "https://hooks.example.com/T0/abc");

fn answer(status: u16, body: &str) -> Response {
    Response {
        status,
        body: body.into(),
        ..Response::default()
    }
}

fn pending(outcome: Result<Outcome, Failure>) -> Pending {
    match outcome {
        Ok(Outcome::Pending(pending)) => pending,
        other => panic!("expected pending, got {other:?}"),
    }
}

/// Runs the job, and again with each continuation, until it ends.
fn to_the_end(job: &Job, host: &FakeHost<'_>) -> (Vec<u32>, Result<Outcome, Failure>) {
    let (mut job, mut waits) = (job.clone(), Vec::new());
    loop {
        match run::<NotifyWebhook>(&job, host) {
            Ok(Outcome::Pending(pending)) => {
                waits.push(pending.poll_after);
                job.continuation = Some(pending.continuation);
            }
            end => return (waits, end),
        }
    }
}

#[test]
fn a_delivery_is_one_post_with_the_idempotency_key() {
    let host = FakeHost::new().on_http(|_| Ok(answer(200, "ok")));
    let job = host.job([URL, ("Format", "Slack"), ("Message", "Hi")]);
    let Ok(Outcome::Succeeded(success)) = run::<NotifyWebhook>(&job, &host) else {
        panic!("not delivered");
    };
    assert_eq!(success.variables, [("StatusCode".into(), "200".into())]);
    let [request] = &host.requests()[..] else {
        panic!("not one request");
    };
    assert_eq!(request.body, br#"{"text":"Hi"}"#);
    let key = ("idempotency-key".into(), job.idempotency_key.clone());
    assert!(request.headers.contains(&key), "{:?}", request.headers);
}

#[test]
fn the_secret_stands_in_its_header_as_a_placeholder() {
    let host = FakeHost::new()
        .with_secret("HOOK")
        .on_http(|_| Ok(answer(204, "")));
    let secret = [("Header", "Authorization"), ("SecretName", "HOOK")];
    let job = host.job([URL, secret[0], secret[1], ("Prefix", "Bearer ")]);
    run::<NotifyWebhook>(&job, &host).unwrap();
    let value = format!("Bearer {}", FakeHost::placeholder("HOOK"));
    let header = ("Authorization".to_owned(), value);
    assert!(host.requests()[0].headers.contains(&header));
}

#[test]
fn a_secret_that_is_not_granted_ends_the_action_before_anything_is_sent() {
    let host = FakeHost::new().on_http(|_| Ok(answer(200, "")));
    let job = host.job([URL, ("Header", "X-Token"), ("SecretName", "OTHER")]);
    let failure = run::<NotifyWebhook>(&job, &host).unwrap_err();
    assert_eq!(failure.kind, FailureType::PermissionError);
    assert!(host.requests().is_empty());
}

#[test]
fn a_busy_receiver_is_tried_again_with_growing_patience() {
    let mut left = 3;
    let host = FakeHost::new().on_http(move |_| {
        left -= 1;
        Ok(answer(if left > 0 { 503 } else { 200 }, "busy"))
    });
    let (waits, end) = to_the_end(&host.job([URL]), &host);
    assert_eq!(waits, [5, 10]);
    assert!(matches!(end, Ok(Outcome::Succeeded(_))), "{end:?}");
}

#[test]
fn a_receiver_that_stays_away_fails_the_action_after_the_last_attempt() {
    let host = FakeHost::new().on_http(|_| {
        Err(HttpError::Unreachable(
            "hooks.example.com cannot be reached".into(),
        ))
    });
    let (waits, end) = to_the_end(&host.job([URL, ("Attempts", "3")]), &host);
    assert_eq!(waits, [5, 10]);
    let failure = end.unwrap_err();
    assert_eq!(failure.kind, FailureType::SystemUnavailable);
    assert_eq!(
        failure.message,
        "hooks.example.com cannot be reached; given up after attempt 3"
    );
}

#[test]
fn the_receiver_says_how_long_to_wait_within_reason() {
    for (said, kept) in [("7", 7), ("86400", 300), ("0", 1), ("Wed, 21 Oct", 5)] {
        let host = FakeHost::new().on_http(|_| {
            let mut busy = answer(429, "");
            busy.headers.push(("retry-after".into(), said.into()));
            Ok(busy)
        });
        let pending = pending(run::<NotifyWebhook>(&host.job([URL]), &host));
        assert_eq!(pending.poll_after, kept, "{said}");
    }
}

#[test]
fn a_refusal_fails_at_once_with_the_start_of_the_answer() {
    let long = format!("invalid_payload\r\n\u{1b}[31m{}", "x".repeat(1000));
    let host = FakeHost::new().on_http(|_| Ok(answer(400, &long)));
    let failure = run::<NotifyWebhook>(&host.job([URL]), &host).unwrap_err();
    assert_eq!(failure.kind, FailureType::JobFailed);
    let start = "hooks.example.com answered 400: invalid_payload [31mxxx";
    assert!(failure.message.starts_with(start), "{}", failure.message);
    assert!(failure.message.len() < 400, "{}", failure.message.len());
    assert!(!failure.message.contains("/T0/abc"), "{}", failure.message);
}

#[test]
fn a_redirect_is_not_followed_and_says_where_to() {
    let host = FakeHost::new().on_http(|_| {
        let mut moved = answer(301, "");
        moved
            .headers
            .push(("location".into(), "https://new/".into()));
        Ok(moved)
    });
    let failure = run::<NotifyWebhook>(&host.job([URL]), &host).unwrap_err();
    assert_eq!(
        failure.message,
        "hooks.example.com answered 301; write the address where it really is in Url (https://new/)"
    );
}

#[test]
fn a_refused_address_is_a_matter_of_grants() {
    let host = FakeHost::new();
    let failure = run::<NotifyWebhook>(&host.job([URL]), &host).unwrap_err();
    assert_eq!(failure.kind, FailureType::PermissionError);
}
