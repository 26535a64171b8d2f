//! Where a repository is: `RepositoryUrl` taken apart.

use crate::trouble::{Result, Trouble};
use std::path::{Component, Path, PathBuf};

/// A repository's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// `https://…` or `http://…`, without a slash at the end.
    Http(String),
    /// `ssh://…` or `user@host:path`, as `git` takes it.
    Ssh(String),
    /// A directory of this machine, absolute.
    Local(PathBuf),
}

impl Location {
    /// Reads `RepositoryUrl`.
    ///
    /// # Errors
    /// It is none of the forms; the text says which there are.
    pub fn parse(url: &str) -> Result<Self> {
        let url = url.trim();
        let wrong = |why: &str| {
            Err(Trouble::Configuration(format!(
                "RepositoryUrl: '{}' {why}; write https://host/path, ssh://user@host/path, user@host:path or an absolute path",
                without_password(url)
            )))
        };
        if url.is_empty() || url.starts_with('-') || url.chars().any(char::is_control) {
            return wrong("is not the address of a repository");
        }
        if url.starts_with('/') {
            return match plain(Path::new(url)) {
                Some(path) => Ok(Self::Local(path)),
                None => wrong("is a path with '..' in it"),
            };
        }
        if let Some((scheme, rest)) = url.split_once("://") {
            return match scheme.to_ascii_lowercase().as_str() {
                "http" | "https" => {
                    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
                    if authority.contains('@') {
                        wrong("holds a user name or password; leave it out and set SecretName")
                    } else if authority.is_empty() || rest.contains(['?', '#', ' ']) {
                        wrong("is not the address of a repository")
                    } else {
                        Ok(Self::Http(url.trim_end_matches('/').into()))
                    }
                }
                "ssh" | "git+ssh" | "ssh+git" => {
                    let authority = rest.split('/').next().unwrap_or_default();
                    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
                    if user.contains(':') {
                        wrong("holds a password; leave it out and set SshKeyFile")
                    } else if host.is_empty() || host.starts_with('-') || user.starts_with('-') {
                        wrong("names no host")
                    } else {
                        Ok(Self::Ssh(format!("ssh://{rest}")))
                    }
                }
                "file" => {
                    let path = rest.strip_prefix("localhost").unwrap_or(rest);
                    match decode(path).as_deref().map(Path::new).and_then(plain) {
                        Some(path) => Ok(Self::Local(path)),
                        None => wrong("is not an absolute path without '..'"),
                    }
                }
                "git" => {
                    wrong("would be fetched in the open and unchecked, which is not supported")
                }
                _ => wrong("has a scheme that is not supported"),
            };
        }
        match url.split_once(':') {
            // As Git has it: a colon before any slash makes it ssh.
            Some((host, path))
                if !host.contains('/')
                    && !host.is_empty()
                    && !path.is_empty()
                    && !path.starts_with(':') =>
            {
                Ok(Self::Ssh(url.into()))
            }
            _ => wrong("is a relative path"),
        }
    }

    /// The last part of the path, without `.git`.
    #[must_use]
    pub fn name(&self) -> String {
        let text = match self {
            Self::Http(url) | Self::Ssh(url) => url.clone(),
            Self::Local(path) => path.to_string_lossy().into_owned(),
        };
        let text = text.trim_end_matches('/');
        let text = text.strip_suffix("/.git").unwrap_or(text);
        let name = text.rsplit(['/', ':']).next().unwrap_or(text);
        name.strip_suffix(".git").unwrap_or(name).into()
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(url) | Self::Ssh(url) => f.write_str(url),
            Self::Local(path) => path.display().fmt(f),
        }
    }
}

/// The path without `.` and doubled slashes; none where it is relative or
/// climbs.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::RootDir | Component::Normal(_) => plain.push(component),
            Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => return None,
        }
    }
    plain.is_absolute().then_some(plain)
}

/// Replaces `%XX`.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let (high, low) = (rest.next()?, rest.next()?);
            let digit = |b: u8| char::from(b).to_digit(16);
            bytes.push(u8::try_from(digit(high)? << 4 | digit(low)?).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

/// For messages.
fn without_password(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => match rest.split_once('@') {
            Some((user, host)) if !user.contains('/') => format!("{scheme}://***@{host}"),
            _ => url.into(),
        },
        None => url.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_address_is_understood() {
        for (text, location, name) in [
            (
                "https://github.com/a/b.git",
                Location::Http("https://github.com/a/b.git".into()),
                "b",
            ),
            (
                "HTTP://127.0.0.1:80/x/",
                Location::Http("HTTP://127.0.0.1:80/x".into()),
                "x",
            ),
            (
                "git@github.com:a/b.git",
                Location::Ssh("git@github.com:a/b.git".into()),
                "b",
            ),
            ("host:b", Location::Ssh("host:b".into()), "b"),
            (
                "ssh://git@h:22/a/b",
                Location::Ssh("ssh://git@h:22/a/b".into()),
                "b",
            ),
            ("/srv/r.git/", Location::Local("/srv/r.git".into()), "r"),
            ("/srv//./r/.git", Location::Local("/srv/r/.git".into()), "r"),
            (
                "file:///srv/my%20r",
                Location::Local("/srv/my r".into()),
                "my r",
            ),
            (
                "file://localhost/srv/r",
                Location::Local("/srv/r".into()),
                "r",
            ),
        ] {
            let read = Location::parse(text).unwrap();
            assert_eq!(read, location);
            assert_eq!(read.name(), name);
        }
    }

    #[test]
    fn every_other_address_is_refused_with_a_remedy_and_without_its_password() {
        for text in [
            "",
            "repo",
            "./repo",
            "../repo",
            "/srv/../etc",
            "file://host/x",
            "file:///srv/%2e%2e/x",
            "git://h/x",
            "ext::sh -c x",
            "-oProxyCommand=x:y",
            "ssh://-oProxyCommand=x/y",
            "ssh://me:hunter2@h/x",
            "https://me:hunter2@h/x",
            "https:///x",
            "https://h/x?y",
            "/srv/x\ny",
        ] {
            let error = Location::parse(text).unwrap_err();
            assert!(matches!(error, Trouble::Configuration(_)), "{text}");
            let error = error.to_string();
            assert!(error.contains("write https://host/path"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
