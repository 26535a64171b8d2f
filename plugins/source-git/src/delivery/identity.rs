//! Whether a delivery is about the configured repository, whose address may be
//! written in other ways than the forge writes it.

use super::told::Identity;
use crate::location::Location;

/// An address without what does not matter: how it is reached, by whom, at
/// which port, and whether it ends with `.git`.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    host: String,
    path: String,
}

impl Address {
    fn of(url: &str) -> Option<Self> {
        match Location::parse(url).ok()? {
            Location::Http(url) => Self::split(url.split_once("://")?.1),
            Location::Ssh(url) => match url.split_once("://") {
                Some((_, rest)) => Self::split(rest),
                // user@host:path
                None => {
                    let (host, path) = url.split_once(':')?;
                    Self::new(host, path)
                }
            },
            Location::Local(_) => None,
        }
    }

    fn split(rest: &str) -> Option<Self> {
        let (host, path) = rest.split_once('/')?;
        Self::new(host, path)
    }

    fn new(host: &str, path: &str) -> Option<Self> {
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let host = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => host,
        };
        let host = host.to_ascii_lowercase();
        // Forges that can be reached over ssh at the port of https.
        let host = match host.as_str() {
            "ssh.github.com" => "github.com",
            "altssh.gitlab.com" => "gitlab.com",
            "altssh.bitbucket.org" => "bitbucket.org",
            host => host,
        };
        let path = plain(path);
        (!host.is_empty() && !path.is_empty()).then(|| Self {
            host: host.to_owned(),
            path,
        })
    }
}

fn plain(path: &str) -> String {
    let path = path.trim_matches('/');
    path.strip_suffix(".git").unwrap_or(path).to_lowercase()
}

impl Identity {
    /// Whether this is the repository at `location`. Where either side has no
    /// address, the last parts of the path must do: the secret says the rest.
    pub(crate) fn is(&self, location: &Location) -> bool {
        let name = self.name.as_deref().map(plain);
        let name = name.filter(|name| name.contains('/'));
        let ends = |path: &str| {
            name.as_ref().is_some_and(|name| {
                let rest = path.strip_suffix(name.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
            })
        };
        match Address::of(&location.to_string()) {
            None => ends(&plain(&location.to_string())),
            Some(here) => {
                let mut told = self
                    .urls
                    .iter()
                    .filter_map(|url| Address::of(url))
                    .peekable();
                if told.peek().is_none() {
                    ends(&here.path)
                } else {
                    told.any(|there| there == here)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(urls: &[&str], name: &str, configured: &str) -> bool {
        let identity = Identity {
            name: (!name.is_empty()).then(|| name.to_owned()),
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
        };
        identity.is(&Location::parse(configured).unwrap())
    }

    #[test]
    fn a_repository_is_known_however_its_address_is_written() {
        let told = [
            "https://github.com/Acme/Webshop.git",
            "git@github.com:Acme/Webshop.git",
        ];
        for configured in [
            "https://github.com/acme/webshop",
            "https://github.com/acme/webshop.git/",
            "HTTPS://GitHub.com:443/acme/webshop.git",
            "git@github.com:acme/webshop.git",
            "ssh://git@github.com/acme/webshop",
            "ssh://git@ssh.github.com:443/acme/webshop.git",
        ] {
            assert!(is(&told, "Acme/Webshop", configured), "{configured}");
        }
        for other in [
            "https://github.com/acme/webshop2",
            "https://github.com/acme2/webshop",
            "https://github.org/acme/webshop",
            "https://github.com/x/acme/webshop",
            "https://evil.example/github.com/acme/webshop",
        ] {
            assert!(!is(&told, "Acme/Webshop", other), "{other}");
        }
    }

    #[test]
    fn without_an_address_the_end_of_the_path_must_do() {
        let here = "https://git.example.com/scm/prj/my-repo.git";
        assert!(is(&[], "PRJ/my-repo", here));
        assert!(is(&[], "acme/shop", "/srv/git/acme/shop.git"));
        assert!(is(
            &["https://h/acme/shop"],
            "acme/shop",
            "/srv/git/acme/shop"
        ));
        for name in ["", "my-repo", "j/my-repo", "prj/my", "/"] {
            assert!(!is(&[], name, here), "{name}");
        }
        assert!(!is(&[], "shop", "/srv/git/acme/shop.git"));
    }
}
