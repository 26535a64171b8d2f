//! Secrets: on the wire in a header, and nowhere else.

use crate::bench::deed;
use crate::egress::Server;
use std::sync::atomic::Ordering;

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
    assert_eq!(server.hits.load(Ordering::Relaxed), 0);
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
    assert_eq!(server.hits.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_secret_goes_through_no_grant_for_every_host() {
    let server = Server::start().await;
    let every = deed("http")
        .granted(format!("http=*:{}+private", server.port))
        .with("url", server.url("echo"));
    let without = every.clone().run().await;
    assert!(without.result().starts_with("200"), "{without:?}");
    let before = server.hits.load(Ordering::Relaxed);
    let with = every.with("secret", "TOKEN");
    for (key, value) in [("header", "Bearer {secret}"), ("basic", "user")] {
        let done = with.clone().with(key, value).run().await;
        assert!(done.refusal().contains("HttpRequestDenied"), "{done:?}");
        let line = format!(
            "the secret 'TOKEN' is not sent to '127.0.0.1' at port {port} through a grant for every host (*), and the request was refused: grant it with: misbehave {grant}",
            port = server.port,
            grant = server.grant()
        );
        assert_eq!(done.host_lines(), line);
    }
    assert_eq!(server.hits.load(Ordering::Relaxed), before);
    // The line that was named is the one that helps, beside the other.
    let named = with
        .granted(server.grant())
        .with("header", "Bearer {secret}");
    assert!(named.run().await.result().contains("x-echo=Bearer ****"));
}

#[tokio::test]
async fn a_secret_goes_in_clear_to_a_name_only_where_the_line_says_private() {
    let server = Server::start().await;
    let port = server.port;
    let named = deed("http")
        .granted(format!("http=localhost:{port}"))
        .granted(format!("http=*:{port}+private"))
        .with("url", format!("http://localhost:{port}/echo"))
        .with("secret", "TOKEN")
        .with("header", "Bearer {secret}");
    let done = named.clone().run().await;
    assert!(done.refusal().contains("HttpRequestDenied"), "{done:?}");
    let grant = format!("http=localhost:{port}+private");
    let line = format!(
        "the secret 'TOKEN' is not sent to 'localhost' at port {port} over plain HTTP, and the request was refused: use https or, for a host in a private network, grant it with: misbehave {grant}"
    );
    assert_eq!(done.host_lines(), line);
    assert_eq!(server.hits.load(Ordering::Relaxed), 0);
    let done = named.granted(grant).run().await;
    assert!(done.result().contains("x-echo=Bearer ****"), "{done:?}");
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

#[tokio::test]
async fn a_guest_learns_whether_a_text_is_the_secret_and_nothing_else() {
    let guess = |text: &str| deed("guess").with("name", "TOKEN").with("text", text);
    for (text, equal) in [(SECRET, true), ("s3cr3t", false), ("", false)] {
        let done = guess(text).with("bytes", 8).run().await;
        assert_eq!(done.result(), format!("Ok({equal}) Ok(false)"));
    }
    // Nobody guesses by asking on.
    let done = guess(SECRET).with("bytes", 9).run().await;
    let answers = done.result();
    assert_eq!(answers.matches("a job can ask 16 times").count(), 2);
    assert!(!answers.contains(SECRET), "{answers}");
}

#[tokio::test]
async fn a_guest_learns_nothing_of_a_secret_that_is_not_granted() {
    let done = deed("guess")
        .with("name", "OTHER")
        .with("text", "")
        .with("bytes", 1)
        .run()
        .await;
    assert_eq!(done.result().matches("Error::Denied").count(), 2);
    let line = "grant it with: misbehave secret=OTHER";
    assert!(done.host_lines().contains(line), "{}", done.host_lines());
    let absent = deed("guess")
        .granted("secret=ABSENT")
        .with("name", "ABSENT");
    let done = absent.with("bytes", 1).run().await;
    assert_eq!(done.result().matches("Error::NotFound").count(), 2);
}
