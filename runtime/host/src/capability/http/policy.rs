//! Whether a grant allows a request to a host and port, at which kind of
//! address, and whether a secret may go with it. Pure.

use super::address::{is_near, is_special};
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

    /// The grant that would allow it. An address that is written out needs no
    /// `+private`.
    pub(crate) fn grant(&self, private: bool) -> String {
        self.line(private && self.literal().is_none())
    }

    /// The grant that would let a secret go with it.
    pub(crate) fn secret_grant(&self, carriage: Carriage) -> String {
        self.line(carriage == Carriage::Plain)
    }

    fn line(&self, private: bool) -> String {
        let plain_port = matches!((self.tls, self.port), (true, 443) | (false, 80));
        let grant = HostGrant {
            name: self.host.clone(),
            port: (!plain_port).then_some(self.port),
            private,
        };
        format!("http={grant}")
    }
}

/// How one line of a grant meets a target, its port included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meets {
    Not,
    /// It is the line for every host.
    ByStar,
    /// It names the host, or the domain above it.
    ByName,
    /// It is the address.
    ByAddress,
}

impl Meets {
    fn of(line: &HostGrant, target: &Target) -> Self {
        let port = match line.port {
            Some(port) => port == target.port,
            None => matches!(target.port, 80 | 443),
        };
        if !port {
            return Self::Not;
        }
        let literal = target.literal();
        // Two spellings of one IPv6 address are one address.
        if let Ok(granted) = line.name.parse::<IpAddr>() {
            return if literal == Some(granted) {
                Self::ByAddress
            } else {
                Self::Not
            };
        }
        let named = match line.name.strip_prefix("*.") {
            Some(domain) => {
                literal.is_none()
                    && target
                        .host
                        .strip_suffix(domain)
                        .is_some_and(|below| below.len() > 1 && below.ends_with('.'))
            }
            None if line.name == "*" => return Self::ByStar,
            None => line.name == target.host,
        };
        if named { Self::ByName } else { Self::Not }
    }
}

impl Permission {
    pub(crate) fn of(grant: &Grant, target: &Target) -> Self {
        let mut permission = Self::Denied;
        for line in &grant.http {
            match Meets::of(line, target) {
                Meets::Not => {}
                // An address written out is its own permission.
                Meets::ByAddress => return Self::Anywhere,
                Meets::ByStar | Meets::ByName if line.private => return Self::Anywhere,
                Meets::ByStar | Meets::ByName => permission = Self::Public,
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

/// Whether a secret may go with a request that is permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carriage {
    Allowed,
    /// No line names the host. Where a grant is for every host, whoever writes
    /// a definition chooses the host, and would choose where secrets go.
    Unnamed,
    /// It would cross a network in clear.
    Plain,
}

impl Carriage {
    pub(crate) fn of(grant: &Grant, target: &Target) -> Self {
        let (mut named, mut private) = (false, false);
        for line in &grant.http {
            if matches!(Meets::of(line, target), Meets::ByName | Meets::ByAddress) {
                named = true;
                private |= line.private;
            }
        }
        if !(target.tls || private || target.literal().is_some_and(is_near)) {
            Self::Plain
        } else if named {
            Self::Allowed
        } else {
            Self::Unnamed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(lines: &[&str]) -> Grant {
        Grant {
            http: lines.iter().map(|line| line.parse().unwrap()).collect(),
            ..Grant::default()
        }
    }

    fn permission(grants: &[&str], uri: &str) -> Permission {
        Target::of(&uri.parse().unwrap()).map_or(Permission::Denied, |target| {
            Permission::of(&grant(grants), &target)
        })
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

    #[test]
    fn a_secret_goes_to_hosts_that_a_line_names_and_in_clear_to_near_ones_only() {
        use Carriage::{Allowed, Plain, Unnamed};
        for (grants, uri, expected) in [
            (&["a.example"][..], "https://a.example/x", Allowed),
            (&["a.example", "*"], "https://A.EXAMPLE./x", Allowed),
            (&["*.example"], "https://a.b.example/x", Allowed),
            (&["a.example:8443"], "https://a.example:8443/x", Allowed),
            (&["8.8.8.8"], "https://8.8.8.8/x", Allowed),
            (&["[2606:4700::1]"], "https://[2606:4700:0::1]/", Allowed),
            // Every host is no host by name, at whatever port or address.
            (&["*"], "https://a.example/x", Unnamed),
            (&["*+private"], "https://a.example/x", Unnamed),
            (&["*+private"], "http://127.0.0.1/x", Unnamed),
            (&["*", "a.example"], "https://b.example/x", Unnamed),
            (&["*", "*.a.example"], "https://a.example/x", Unnamed),
            (&["*:8443", "a.example"], "https://a.example:8443/", Unnamed),
            (&["*", "8.8.4.4"], "https://8.8.8.8/x", Unnamed),
            // In clear.
            (&["a.example"], "http://a.example/x", Plain),
            (&["a.example:443"], "http://a.example:443/x", Plain),
            (&["*.example"], "http://a.example/x", Plain),
            (&["*"], "http://a.example/x", Plain),
            (&["*+private", "a.example"], "http://a.example/x", Plain),
            (&["a.example:81+private", "*"], "http://a.example/x", Plain),
            (&["8.8.8.8"], "http://8.8.8.8/x", Plain),
            (&["[64:ff9b::808:808]"], "http://[64:ff9b::808:808]/", Plain),
            (&["a.example+private"], "http://a.example/x", Allowed),
            (&["*.example+private"], "http://a.example/x", Allowed),
            (&["127.0.0.1:9000"], "http://127.0.0.1:9000/x", Allowed),
            (&["[::1]"], "http://[::1]/x", Allowed),
            (&["10.1.2.3"], "http://10.1.2.3/x", Allowed),
        ] {
            let target = Target::of(&uri.parse().unwrap()).unwrap();
            let carriage = Carriage::of(&grant(grants), &target);
            assert_eq!(carriage, expected, "{grants:?} {uri}");
            if carriage == Allowed {
                continue;
            }
            // The line that a refusal names is one that helps.
            let line = target.secret_grant(carriage);
            let line = line.strip_prefix("http=").unwrap();
            assert_eq!(Carriage::of(&grant(&[line]), &target), Allowed, "{line}");
        }
    }
}
