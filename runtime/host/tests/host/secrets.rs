//! Secrets: on the wire in a header, and nowhere else.

use crate::bench::deed;
use crate::egress::Server;

const SECRET: &str = "s3cr3t-v4lue";

#[tokio::test]
async fn a_placeholder_in_a_header_becomes_the_secret_and_the_echo_is_scrubbed() {
    let server = Server::start().await;
    let done = deed("http")
        .granted(server.grant())
        .with("url", server.url("echo"))
        .with("secret", "TOKEN")
        .with("header", "Bearer {secret}")
        .run()
        .await;
    let seen = done.result();
    // The server got the secret (its echo shows where it stood)…
    assert!(seen.contains("x-test: Bearer ****"), "{seen}");
    assert!(seen.contains("x-echo=Bearer ****"), "{seen}");
    // … and the guest never sees it.
    assert!(
        !seen.contains(SECRET) && !seen.contains("lockgate-secret"),
        "{seen}"
    );
    assert!(seen.contains("accept-encoding: identity"), "{seen}");
}

#[tokio::test]
async fn a_placeholder_in_basic_credentials_is_found_inside_the_encoding() {
    let server = Server::start().await;
    let done = deed("http")
        .granted(server.grant())
        .with("url", server.url("echo"))
        .with("secret", "TOKEN")
        .with("basic", "user")
        .run()
        .await;
    let seen = done.result();
    assert!(seen.contains("authorization: Basic ****"), "{seen}");
}

#[tokio::test]
async fn a_placeholder_anywhere_else_refuses_the_request() {
    let server = Server::start().await;
    for (key, value) in [
        ("url", server.url("x?token={secret}")),
        ("url", server.url("{secret}")),
        ("method", "{secret}".into()),
    ] {
        let done = deed("http")
            .granted(server.grant())
            .with("url", server.url("x"))
            .with("secret", "TOKEN")
            .with(key, value)
            .run()
            .await;
        let refused = done.refusal();
        assert!(!refused.contains(SECRET), "{refused}");
    }
    assert_eq!(server.hits.load(std::sync::atomic::Ordering::Relaxed), 0);
    let done = deed("http")
        .granted(server.grant())
        .with("url", server.url("echo"))
        .with("secret", "TOKEN")
        .with("body", "x={secret}")
        .run()
        .await;
    done.refusal();
    assert!(
        done.host_lines().contains("stands in its body"),
        "{}",
        done.host_lines()
    );
}

#[tokio::test]
async fn a_placeholder_sent_to_a_host_that_is_not_granted_goes_nowhere() {
    let server = Server::start().await;
    let done = deed("http")
        .with("url", server.url("echo"))
        .with("secret", "TOKEN")
        .with("header", "{secret}")
        .run()
        .await;
    done.refusal();
    assert_eq!(server.hits.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_secret_that_the_server_does_not_hold_is_told_as_missing() {
    let done = deed("secret")
        .with("name", "ABSENT")
        .granted("secret=ABSENT")
        .run()
        .await;
    assert!(done.refusal().contains("NotFound"), "{}", done.refusal());
    let placeholder = deed("secret").with("name", "TOKEN").run().await;
    assert!(placeholder.result().starts_with("lockgate-secret-"));
    let again = deed("secret").with("name", "TOKEN").run().await;
    assert_ne!(
        placeholder.result(),
        again.result(),
        "the same in another job"
    );
}
