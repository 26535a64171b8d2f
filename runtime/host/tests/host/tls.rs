//! HTTPS against a real server with a certificate of its own authority. What the
//! machine trusts is read once per process, so each case is a process.

use crate::bench::deed;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Which authority the process trusts, the name in the certificate, and the
/// host that a grant names beside the one for every host.
type Case = (&'static str, &'static str, &'static str, &'static str);

#[test]
fn certificates_are_checked_against_what_the_machine_trusts_and_the_name_asked_for() {
    expect(&[
        ("ours", "localhost", "localhost", "answered"),
        ("none", "localhost", "localhost", "TlsCertificateError"),
        (
            "ours",
            "elsewhere.example",
            "localhost",
            "TlsCertificateError",
        ),
    ]);
}

#[test]
fn a_secret_goes_over_https_to_a_host_that_is_named_and_to_no_other() {
    expect(&[
        ("ours", "localhost", "localhost", "answered Bearer ****"),
        (
            "ours",
            "localhost",
            "elsewhere.example",
            "HttpRequestDenied",
        ),
    ]);
}

fn expect(cases: &[Case]) {
    for (trust, name, granted, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tls::one_case", "--ignored", "--nocapture"])
            .env(
                "TLS_CASE",
                format!("{trust} {name} {granted} {}", dir.path().display()),
            )
            .env("SSL_CERT_FILE", dir.path().join("trusted.pem"))
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}");
        assert!(text.contains(expected), "{trust} {name} {granted}: {text}");
    }
}

#[tokio::test]
#[ignore = "one case of the test above, in a process of its own"]
async fn one_case() {
    let case = std::env::var("TLS_CASE").unwrap();
    let [trust, name, granted, dir] = case.splitn(4, ' ').collect::<Vec<_>>()[..] else {
        panic!("{case}")
    };
    let port = serve(trust, name, Path::new(dir)).await;
    let done = deed("http")
        .granted(format!("http={granted}:{port}"))
        .granted(format!("http=*:{port}+private"))
        .with("url", format!("https://localhost:{port}/"))
        .with("secret", "TOKEN")
        .with("header", "Bearer {secret}")
        .run()
        .await;
    println!("{:?}", done.outcome);
}

async fn serve(trust: &str, name: &str, dir: &Path) -> u16 {
    let authority = || {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        (certificate.pem(), Issuer::new(params, key))
    };
    let ((ours, issuer), (other, _)) = (authority(), authority());
    let trusted = if trust == "ours" { ours } else { other };
    std::fs::write(dir.join("trusted.pem"), trusted).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new([name.to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut request = [0; 4096];
                let count = stream.read(&mut request).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&request[..count]);
                let header = text.lines().find_map(|line| line.strip_prefix("x-test: "));
                let body = format!("answered {}", header.unwrap_or_default());
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}", body.len());
                let reply = format!("{head}\r\n\r\n{body}");
                let _ = stream.write_all(reply.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    port
}
