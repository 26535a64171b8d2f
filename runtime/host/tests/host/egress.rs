//! Outgoing HTTP: to granted hosts at checked addresses, bounded in every
//! direction.

use crate::bench::deed;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server on loopback that answers by path and counts connections.
pub struct Server {
    pub port: u16,
    pub hits: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let hits = Arc::new(AtomicUsize::new(0));
        let counted = hits.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(stream));
            }
        });
        Self { port, hits, task }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    pub fn grant(&self) -> String {
        format!("http=127.0.0.1:{}", self.port)
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::Relaxed)
    }
}

async fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).await?;
        request.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            if count == 0 {
                return Ok(());
            }
            continue;
        };
        if head.contains("transfer-encoding") && !body.ends_with("0\r\n\r\n") && count > 0 {
            continue;
        }
        break;
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default();
    let whole = |extra: &str, body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{extra}\r\n{body}",
            body.len()
        )
    };
    match path {
        "/echo" => {
            let test = text
                .lines()
                .find_map(|line| line.strip_prefix("x-test: "))
                .unwrap_or_default();
            let reply = whole(&format!("x-echo: {test}\r\n"), &text);
            // In small pieces, so that secrets are cut.
            for piece in reply.as_bytes().chunks(7) {
                stream.write_all(piece).await?;
                stream.flush().await?;
            }
        }
        "/redirect" => {
            let reply = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/elsewhere\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(reply.as_bytes()).await?;
        }
        "/endless" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            loop {
                stream.write_all(&[b'e'; 65536]).await?;
            }
        }
        "/headers" => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            loop {
                stream.write_all(b"x-more: and more\r\n").await?;
            }
        }
        "/silent" => std::future::pending().await,
        _ => stream.write_all(whole("", "hello").as_bytes()).await?,
    }
    Ok(())
}

#[tokio::test]
async fn a_granted_host_answers() {
    let server = Server::start().await;
    let done = deed("http")
        .granted(server.grant())
        .with("url", server.url("x"))
        .run()
        .await;
    assert_eq!(done.result(), "200\nhello");
    let done = deed("http")
        .granted(server.grant())
        .with("url", server.url("echo"))
        .with("body", "b".repeat(10_000))
        .run()
        .await;
    assert!(
        done.result().contains(&"b".repeat(4096)),
        "{}",
        done.result()
    );
}

#[tokio::test]
async fn a_host_that_is_not_granted_is_never_dialled_and_the_log_names_the_grant() {
    let server = Server::start().await;
    let done = deed("http").with("url", server.url("x")).run().await;
    assert!(
        done.refusal().contains("HttpRequestDenied"),
        "{}",
        done.refusal()
    );
    assert!(
        done.host_lines()
            .contains(&format!("grant it with: misbehave {}", server.grant())),
        "{}",
        done.host_lines()
    );
    assert_eq!(server.hits(), 0);
}

#[tokio::test]
async fn every_spelling_of_loopback_is_denied_to_a_grant_for_all_hosts() {
    let server = Server::start().await;
    let port = server.port;
    for host in [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
        "0",
        "[::]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "user@127.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
    ] {
        let done = deed("http")
            .granted(format!("http=*:{port}"))
            .with("url", format!("http://{host}:{port}/x"))
            .run()
            .await;
        done.refusal();
    }
    assert_eq!(server.hits(), 0);
    let done = deed("http")
        .granted(format!("http=*:{port}"))
        .with("url", format!("http://localhost:{port}/x"))
        .run()
        .await;
    assert!(
        done.refusal().contains("DestinationIpProhibited"),
        "{}",
        done.refusal()
    );
    assert!(
        done.host_lines()
            .contains(&format!("http=localhost:{port}+private")),
        "{}",
        done.host_lines()
    );
}

#[tokio::test]
async fn private_in_the_grant_opens_the_way_to_a_named_machine() {
    let server = Server::start().await;
    let done = deed("http")
        .granted(format!("http=localhost:{}+private", server.port))
        .with("url", format!("http://localhost:{}/x", server.port))
        .run()
        .await;
    assert_eq!(done.result(), "200\nhello");
}

#[tokio::test]
async fn redirects_are_told_and_not_followed() {
    let server = Server::start().await;
    let done = deed("http")
        .granted(server.grant())
        .with("url", server.url("redirect"))
        .run()
        .await;
    assert!(
        done.result()
            .starts_with("302 location=http://127.0.0.1:1/elsewhere")
    );
    assert_eq!(server.hits(), 1);
}

#[tokio::test]
async fn tunnels_other_schemes_and_broken_urls_are_refused() {
    let server = Server::start().await;
    let done = deed("http")
        .granted(server.grant())
        .with("url", server.url("x"))
        .with("method", "CONNECT")
        .run()
        .await;
    done.refusal();
    for url in [
        format!("ftp://127.0.0.1:{}/x", server.port),
        format!("http://127.0.0.1:{}/a\r\nx-injected: 1", server.port),
        format!("http://127.0.0.1:{}/a b", server.port),
        "http:///x".to_owned(),
        "http://127.0.0.1:99999/x".to_owned(),
    ] {
        deed("http")
            .granted(server.grant())
            .with("url", url)
            .run()
            .await
            .refusal();
    }
    assert_eq!(server.hits(), 0);
}

#[tokio::test]
async fn bodies_without_end_stop_at_the_limit() {
    let server = Server::start().await;
    let done = deed("http")
        .granted(server.grant())
        .with("url", server.url("endless"))
        .limits(|limits| limits.http_bytes = 1 << 20)
        .run()
        .await;
    assert!(
        done.refusal().starts_with("reading: "),
        "{}",
        done.refusal()
    );
    assert!(done.host_lines().contains("limit of 1048576 bytes by HTTP"));
}

#[tokio::test]
async fn heads_without_end_are_refused() {
    let server = Server::start().await;
    deed("http")
        .granted(server.grant())
        .with("url", server.url("headers"))
        .run()
        .await
        .refusal();
}

#[tokio::test]
async fn the_number_of_requests_is_limited() {
    let server = Server::start().await;
    let done = deed("http")
        .granted(server.grant())
        .with("url", server.url("x"))
        .limits(|limits| limits.http_requests = 0)
        .run()
        .await;
    assert!(
        done.refusal().contains("ConnectionLimitReached"),
        "{}",
        done.refusal()
    );
    assert_eq!(server.hits(), 0);
}

#[tokio::test]
async fn a_server_that_never_answers_does_not_outlast_the_job() {
    let server = Server::start().await;
    let started = Instant::now();
    let done = deed("http")
        .granted(server.grant())
        .with("url", server.url("silent"))
        .limits(|limits| limits.seconds = 1)
        .run()
        .await;
    done.fault();
    assert!(started.elapsed() < Duration::from_secs(3));
}
