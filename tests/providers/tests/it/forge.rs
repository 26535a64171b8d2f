//! A forge as its webhooks show it: the repository `acme/webshop` behind `git
//! http-backend`, payloads in the shape of each forge's manual, and signatures.

use lockgate_host::Prepared;
use lockgate_model::change::SourceChange;
use lockgate_model::job::Failure;
use lockgate_model::webhook::Announcement;
use lockgate_test_providers::git::{Repository, Server};
use lockgate_test_providers::{Bench, prepare};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// What the webhook and the server both know.
pub(crate) const SECRET: &str = "It's a Secret to Everybody";
/// A header of a delivery.
pub(crate) type Header<'a> = (&'a str, &'a str);

/// The forge.
pub(crate) struct Forge {
    /// Somebody's working tree.
    pub(crate) repository: Repository,
    pub(crate) server: Server,
    directory: TempDir,
}

impl Forge {
    /// Whose server can leave out files where it is asked to.
    pub(crate) fn new() -> Self {
        let forge = Self::without_filters();
        forge.configure("uploadpack.allowFilter", "true");
        forge
    }

    /// Whose server sends all files with every commit.
    pub(crate) fn without_filters() -> Self {
        let repository = Repository::new();
        repository.write("README.md", b"# Webshop\n");
        repository.write("src/cart/total.rs", b"fn total() {}\n");
        repository.write("src/main.rs", b"fn main() {}\n");
        repository.commit("Open the shop");
        let directory = TempDir::new().unwrap();
        let bare = directory.path().join("acme/webshop.git");
        fs::create_dir_all(bare.parent().unwrap()).unwrap();
        let bare = bare.to_string_lossy().into_owned();
        repository.git(&["clone", "-q", "--bare", ".", &bare]);
        repository.git(&["remote", "add", "origin", &bare]);
        Self {
            repository,
            server: Server::new(directory.path()),
            directory,
        }
    }

    pub(crate) fn bare(&self) -> String {
        let bare = self.directory.path().join("acme/webshop.git");
        bare.to_string_lossy().into_owned()
    }

    pub(crate) fn configure(&self, key: &str, value: &str) {
        self.repository
            .git(&["--git-dir", &self.bare(), "config", key, value]);
    }

    pub(crate) fn url(&self) -> String {
        self.server.url("acme/webshop.git")
    }

    /// Commits these files (none: the file is removed) to the branch that is
    /// checked out, pushes it, and returns the commit before and after.
    pub(crate) fn push(&self, files: &[(&str, Option<&str>)]) -> (String, String) {
        let before = self.repository.git(&["rev-parse", "HEAD"]);
        for (name, content) in files {
            match content {
                Some(content) => self.repository.write(name, content.as_bytes()),
                None => fs::remove_file(self.repository.path().join(name)).unwrap(),
            }
        }
        let after = self.repository.commit("Raise the limit");
        self.repository
            .git(&["push", "-q", "--force", "origin", "HEAD"]);
        (before, after)
    }

    /// A new branch at the commit that is checked out.
    pub(crate) fn branch(&self, name: &str) {
        self.repository.git(&["checkout", "-q", "-b", name]);
    }

    /// A payload with these words filled in, and with the repository's
    /// addresses.
    pub(crate) fn payload(&self, name: &str, words: &[(&str, &str)]) -> Vec<u8> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/payloads")
            .join(format!("{name}.json"));
        let mut text = fs::read_to_string(file).unwrap();
        let page = self.server.url("acme/webshop");
        for (word, value) in words
            .iter()
            .copied()
            .chain([("CLONE_URL", &*self.url()), ("HTML_URL", &page)])
        {
            text = text.replace(word, value);
        }
        text.into_bytes()
    }

    /// The provider, granted this server and the secret.
    pub(crate) fn provider(&self) -> Arc<Prepared> {
        let http = format!("http={}", self.server.authority());
        prepare("source-git", &[&http, "secret=HOOK"]).unwrap()
    }

    /// A source action whose deliveries are signed with `SECRET`.
    pub(crate) fn action(&self) -> Bench {
        self.with(&[("WebhookSecret", "HOOK")])
    }

    pub(crate) fn with(&self, configuration: &[(&str, &str)]) -> Bench {
        let url = self.url();
        let all = [&[("RepositoryUrl", &*url)], configuration].concat();
        Bench::new("Source/Custom/Git/1", &all)
            .makes("Source")
            .secret("HOOK", SECRET)
    }

    /// What a delivery comes to, files wanted.
    pub(crate) async fn deliver(
        &self,
        headers: &[Header<'_>],
        body: &[u8],
    ) -> Result<Option<Announcement>, Failure> {
        let provider = self.provider();
        self.action().webhook(&provider, headers, body, true).await
    }

    /// The one change that a delivery announces.
    pub(crate) async fn change(&self, headers: &[Header<'_>], body: &[u8]) -> SourceChange {
        let announced = self.deliver(headers, body).await.unwrap();
        let mut changes = announced.unwrap().changes;
        assert_eq!(changes.len(), 1, "{changes:?}");
        changes.remove(0)
    }
}

/// The hex digits of the HMAC-SHA-256 of a body under a secret.
pub(crate) fn hmac(secret: &str, body: &[u8]) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, body);
    tag.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

/// As GitHub and Bitbucket write it.
pub(crate) fn signed(body: &[u8]) -> String {
    format!("sha256={}", hmac(SECRET, body))
}
