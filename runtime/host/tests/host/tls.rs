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

/// Which authority the process trusts, and the name in the certificate.
const CASES: [(&str, &str, &str); 3] = [
    ("ours", "localhost", "answered"),
    ("none", "localhost", "TlsCertificateError"),
    ("ours", "elsewhere.example", "TlsCertificateError"),
];

#[test]
fn certificates_are_checked_against_what_the_machine_trusts_and_the_name_asked_for() {
    for (trust, name, expected) in CASES {
        let dir = tempfile::tempdir().unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tls::one_case", "--ignored", "--nocapture"])
            .env(
                "TLS_CASE",
                format!("{trust} {name} {}", dir.path().display()),
            )
            .env("SSL_CERT_FILE", dir.path().join("trusted.pem"))
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}");
        assert!(text.contains(expected), "{trust} {name}: {text}");
    }
}

#[tokio::test]
#[ignore = "one case of the test above, in a process of its own"]
async fn one_case() {
    let case = std::env::var("TLS_CASE").unwrap();
    let [trust, name, dir] = case.splitn(3, ' ').collect::<Vec<_>>()[..] else {
        panic!("{case}")
    };
    let port = serve(trust, name, Path::new(dir)).await;
    let done = deed("http")
        .granted(format!("http=localhost:{port}+private"))
        .with("url", format!("https://localhost:{port}/"))
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
                let _ = stream.read(&mut [0; 4096]).await;
                let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nanswered";
                let _ = stream.write_all(reply).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    port
}
