//! Deliveries that are refused, and that are not for this repository.

use crate::deliveries::{github, github_push, refused};
use crate::forge::{Forge, SECRET, hmac, signed};
use lockgate_model::job::FailureType;
use lockgate_test_providers::prepare;

#[tokio::test(flavor = "multi_thread")]
async fn githubs_own_example_of_a_signature_is_taken() {
    let forge = Forge::new();
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let body = b"Hello, World!";
    let failure = forge.deliver(&github("push", signature), body).await;
    // It goes on to be read, and is no JSON.
    refused(&failure.unwrap_err(), FailureType::JobFailed, "JSON");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_of_somebody_who_does_not_know_the_secret_is_refused() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let body = github_push(&forge, &before, &after, &[]);
    let right = signed(&body);
    let denied = FailureType::PermissionError;
    let requests = forge.server.requests();
    let other = format!("sha256={}", hmac("another secret", &body));
    let empty = format!("sha256={}", hmac("", &body));
    for wrong in [
        &*other,
        &empty,
        &right[..right.len() - 2],
        &format!("{right}00"),
        "sha256=zz",
        "sha256=é",
        "nonsense",
    ] {
        let failure = forge
            .deliver(&github("push", wrong), &body)
            .await
            .unwrap_err();
        refused(&failure, denied, "not signed with the secret 'HOOK'");
        assert!(!failure.message.contains(SECRET), "{}", failure.message);
    }
    for absent in ["", "sha256="] {
        let failure = forge.deliver(&github("push", absent), &body).await;
        refused(&failure.unwrap_err(), denied, "X-Hub-Signature-256");
    }
    let failure = forge.deliver(&github("push", "")[..3], &body).await;
    refused(&failure.unwrap_err(), denied, "X-Hub-Signature-256");
    // SHA-1, which GitHub sends besides, does not count.
    let sha1 = [("X-GitHub-Event", "push"), ("X-Hub-Signature", &*right)];
    let failure = forge.deliver(&sha1, &body).await.unwrap_err();
    refused(&failure, denied, "X-Hub-Signature-256");
    let mut changed = body.clone();
    changed.push(b' ');
    let failure = forge.deliver(&github("push", &right), &changed).await;
    refused(&failure.unwrap_err(), denied, "not signed");
    assert_eq!(forge.server.requests(), requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_a_delivery_is_refused_unless_the_definition_says_otherwise() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let body = github_push(&forge, &before, &after, &[]);
    let headers = [("X-GitHub-Event", "push")];
    let provider = forge.provider();
    let failure = forge
        .with(&[])
        .webhook(&provider, &headers, &body, false)
        .await
        .unwrap_err();
    refused(&failure, FailureType::PermissionError, "WebhookSecret");
    let open = forge.with(&[("WebhookUnauthenticated", "true")]);
    let said = open.webhook(&provider, &headers, &body, false).await;
    assert!(said.unwrap().is_some());
    let both = [
        ("WebhookUnauthenticated", "true"),
        ("WebhookSecret", "HOOK"),
    ];
    let both = forge.with(&both);
    let said = both.webhook(&provider, &headers, &body, false).await;
    refused(
        &said.unwrap_err(),
        FailureType::PermissionError,
        "X-Hub-Signature-256",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_not_granted_or_not_there_is_named() {
    let forge = Forge::new();
    let body = forge.payload("github_ping", &[]);
    let signature = signed(&body);
    let headers = github("ping", &signature);
    let ungranted = prepare("source-git", &["http=example.com"]).unwrap();
    let action = forge.action();
    let failure = action.webhook(&ungranted, &headers, &body, false).await;
    let denied = FailureType::PermissionError;
    refused(&failure.unwrap_err(), denied, "source-git secret=HOOK");
    let granted = prepare("source-git", &["secret=OTHER"]).unwrap();
    let other = forge.with(&[("WebhookSecret", "OTHER")]);
    let failure = other.webhook(&granted, &headers, &body, false).await;
    refused(
        &failure.unwrap_err(),
        FailureType::ConfigurationError,
        "no secret named 'OTHER'",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_about_another_repository_is_not_ours() {
    let forge = Forge::new();
    let (before, after) = forge.push(&[("src/main.rs", Some("one\n"))]);
    let elsewhere = [
        ("CLONE_URL", "https://github.com/acme/other.git"),
        (
            "git@127.0.0.1:acme/webshop.git",
            "git@github.com:acme/other.git",
        ),
        ("HTML_URL", "https://github.com/acme/other"),
    ];
    let body = github_push(&forge, &before, &after, &elsewhere);
    let signature = signed(&body);
    let said = forge.deliver(&github("push", &signature), &body).await;
    assert_eq!(said, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_body_is_refused_in_one_sentence() {
    let forge = Forge::new();
    let deep = |open: &str| {
        format!(
            "{{\"ref\":\"refs/heads/main\",\"x\":{}",
            open.repeat(1 << 20)
        )
    };
    let long = "x".repeat(10 << 20);
    for body in [
        deep("[").into_bytes(),
        deep("{\"a\":").into_bytes(),
        format!("{{\"commits\":{}", "[".repeat(1 << 20)).into_bytes(),
        b"{\"ref\": \"refs/heads/\xff\xfe\"}".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        br#"{"after": 5}"#.to_vec(),
        br#"{"ref": "refs/heads/main", "after": "../../../etc/passwd"}"#.to_vec(),
        br#"{"ref": "refs/heads/../x", "after": "1234567890123456789012345678901234567890"}"#
            .to_vec(),
        format!(r#"{{"after": "{long}", "ref": "refs/heads/main"}}"#).into_bytes(),
        format!(r#"{{"ref": "refs/heads/{long}"#).into_bytes(),
    ] {
        let signature = signed(&body);
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        // Of no repository at all, or refused.
        match forge.deliver(&github("push", &signature), &body).await {
            Ok(said) => assert_eq!(said, None, "{start}"),
            Err(failure) => {
                assert_eq!(failure.kind, FailureType::JobFailed, "{start}: {failure:?}");
                assert!(failure.message.len() < 1000, "{start}");
            }
        }
    }
    let form = b"payload=%7B%22ref%22%7D";
    let failure = forge.deliver(&github("push", &signed(form)), form).await;
    refused(
        &failure.unwrap_err(),
        FailureType::ConfigurationError,
        "application/json",
    );
    let huge = vec![b' '; 13 << 20];
    let failure = forge.deliver(&github("push", "x"), &huge).await;
    refused(
        &failure.unwrap_err(),
        FailureType::ConfigurationError,
        "more than the limit",
    );
    let failure = forge.deliver(&[("X-Other", "x")], b"{}").await;
    refused(
        &failure.unwrap_err(),
        FailureType::ConfigurationError,
        "X-GitHub-Event",
    );
}
