//! Whether a grant allows a request to a host and port, and at which kind of
//! address. Pure.

use super::address::is_special;
use lockgate_model::grant::{Grant, HostGrant};
use std::net::IpAddr;

/// Where a request wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Lower case, no brackets, no trailing dot.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
}

/// What the grant says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    Denied,
    /// At addresses that are not special.
    Public,
    /// At any address.
    Anywhere,
}

impl Target {
    /// Reads the target of a request; none where it names no plain host.
    pub(crate) fn of(uri: &http::Uri) -> Option<Self> {
        let authority = uri.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let tls = uri.scheme() == Some(&http::uri::Scheme::HTTPS);
        let host = authority.host();
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        let bare = bare.strip_suffix('.').unwrap_or(bare).to_ascii_lowercase();
        if bare.is_empty() || bare.contains(['%', '/', '\\']) {
            return None;
        }
        Some(Self {
            host: bare,
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            tls,
        })
    }

    /// The address, where the host is one.
    pub(crate) fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// The grant that would allow it.
    pub(crate) fn grant(&self, private: bool) -> String {
        let plain_port = matches!((self.tls, self.port), (true, 443) | (false, 80));
        let grant = HostGrant {
            name: self.host.clone(),
            port: (!plain_port).then_some(self.port),
            private: private && self.literal().is_none(),
        };
        format!("http={grant}")
    }
}

impl Permission {
    pub(crate) fn of(grant: &Grant, target: &Target) -> Self {
        let literal = target.literal();
        let mut permission = Self::Denied;
        for line in &grant.http {
            let port = match line.port {
                Some(port) => port == target.port,
                None => matches!(target.port, 80 | 443),
            };
            if !port {
                continue;
            }
            // An address written out is its own permission; two spellings of
            // one IPv6 address are one address.
            let granted_literal: Option<IpAddr> = line.name.parse().ok();
            match (granted_literal, literal) {
                (Some(granted), Some(wanted)) if granted == wanted => return Self::Anywhere,
                (Some(_), _) => continue,
                _ => {}
            }
            let named = match line.name.strip_prefix("*.") {
                Some(domain) => {
                    literal.is_none()
                        && target
                            .host
                            .strip_suffix(domain)
                            .is_some_and(|below| below.len() > 1 && below.ends_with('.'))
                }
                None => line.name == "*" || line.name == target.host,
            };
            if named && line.private {
                return Self::Anywhere;
            }
            if named {
                permission = Self::Public;
            }
        }
        permission
    }

    /// Whether it holds at this address.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Denied => false,
            Self::Public => !is_special(address),
            Self::Anywhere => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(grants: &[&str], uri: &str) -> Permission {
        let grant = Grant {
            http: grants.iter().map(|line| line.parse().unwrap()).collect(),
            ..Grant::default()
        };
        Target::of(&uri.parse().unwrap())
            .map_or(Permission::Denied, |target| Permission::of(&grant, &target))
    }

    #[test]
    fn a_grant_allows_its_host_and_port_and_no_other() {
        use Permission::{Anywhere, Denied, Public};
        for (grants, uri, expected) in [
            (&["a.example"][..], "https://a.example/x", Public),
            (&["a.example"], "http://a.example/x", Public),
            (&["a.example"], "https://A.EXAMPLE./x", Public),
            (&["a.example"], "https://a.example:8443/x", Denied),
            (&["a.example"], "https://b.a.example/x", Denied),
            (&["a.example"], "https://a.example.evil/x", Denied),
            (&["a.example"], "https://user@a.example/x", Denied),
            (&["a.example:8443"], "https://a.example:8443/", Public),
            (&["a.example:8443"], "https://a.example/", Denied),
            (&["*.example"], "https://a.example/", Public),
            (&["*.example"], "https://a.b.example/", Public),
            (&["*.example"], "https://example/", Denied),
            (&["*.example"], "https://badexample/", Denied),
            (&["*.example"], "https://.example/", Denied),
            (&["*"], "https://anything/", Public),
            (&["*"], "http://127.0.0.1/", Public),
            (&["*.0.0.1"], "http://127.0.0.1/", Denied),
            (&["a.example+private"], "http://a.example/", Anywhere),
            (&["127.0.0.1:9000"], "http://127.0.0.1:9000/", Anywhere),
            (&["127.0.0.1:9000"], "http://127.0.0.1:9001/", Denied),
            (&["127.0.0.1:9000"], "http://127.0.0.2:9000/", Denied),
            (&["[::1]:9000"], "http://[0:0::1]:9000/", Anywhere),
            (&["*", "127.0.0.1"], "http://127.0.0.1/", Anywhere),
        ] {
            assert_eq!(permission(grants, uri), expected, "{grants:?} {uri}");
        }
    }

    #[test]
    fn a_denial_names_the_line_that_would_do() {
        let target = |uri: &str| Target::of(&uri.parse().unwrap()).unwrap();
        assert_eq!(target("https://a.example/").grant(false), "http=a.example");
        assert_eq!(
            target("http://a.example:8080/").grant(true),
            "http=a.example:8080+private"
        );
        assert_eq!(target("http://[::1]:8080/").grant(true), "http=[::1]:8080");
    }
}
