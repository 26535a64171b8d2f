//! From a permitted target to a connection: the name is resolved here, every
//! address is checked, and the address that was checked is the one dialled.

use super::policy::{Permission, Target};
use rustls::pki_types::ServerName;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::Error;

/// For one address; a name often has several.
const DIAL: Duration = Duration::from_secs(10);

pub(crate) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Why there is no connection.
pub(crate) enum Refused {
    /// The name leads only to special addresses, such as this one.
    Special(IpAddr),
    Error(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Connects, with TLS where the target asks for it.
pub(crate) async fn connect(
    target: &Target,
    permission: Permission,
) -> Result<Box<dyn Wire>, Refused> {
    let addresses = resolve(target, permission).await?;
    let stream = dial(&addresses).await?;
    // Small requests should not wait for more to send.
    let _ = stream.set_nodelay(true);
    if !target.tls {
        return Ok(Box::new(stream));
    }
    let name = match target.literal() {
        Some(address) => ServerName::from(address),
        None => {
            ServerName::try_from(target.host.clone()).map_err(|_| Error::HttpRequestUriInvalid)?
        }
    };
    let stream = TlsConnector::from(tls()?)
        .connect(name, stream)
        .await
        .map_err(Error::Tls)?;
    Ok(Box::new(stream))
}

async fn resolve(target: &Target, permission: Permission) -> Result<Vec<SocketAddr>, Refused> {
    let candidates: Vec<SocketAddr> = match target.literal() {
        Some(address) => vec![SocketAddr::new(address, target.port)],
        None => tokio::net::lookup_host((target.host.as_str(), target.port))
            .await
            .map_err(|_| Error::DnsError {
                rcode: Some("the name cannot be resolved".into()),
                info_code: None,
            })?
            .collect(),
    };
    let (allowed, special): (Vec<_>, Vec<_>) = candidates
        .into_iter()
        .partition(|address| permission.allows(address.ip()));
    match (allowed.is_empty(), special.first()) {
        (true, Some(address)) => Err(Refused::Special(address.ip())),
        (true, None) => Err(Error::DestinationNotFound.into()),
        (false, _) => Ok(allowed),
    }
}

async fn dial(addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
    let mut last = Error::DestinationNotFound;
    for address in addresses {
        last = match tokio::time::timeout(DIAL, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => Error::Connect(error),
            Err(_) => Error::ConnectionTimeout,
        };
    }
    Err(last)
}

/// Trusts what the machine trusts (`SSL_CERT_FILE` included), and Mozilla's
/// list where the machine has none. Read once.
fn tls() -> Result<Arc<rustls::ClientConfig>, Error> {
    static CONFIG: OnceLock<Arc<rustls::ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Tls(io::Error::other(e)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}
