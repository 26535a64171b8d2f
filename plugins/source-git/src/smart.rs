//! Git over HTTP: protocol version 2 (`gitprotocol-v2`, `gitprotocol-http`).
//! Follows redirects of the first request only, sends credentials only to the
//! server that they are meant for, and knows nothing of how requests are sent.

use crate::limits::REFERENCE_BYTES;
use crate::object::parse_id;
use crate::packet::{DELIMITER, Decoder, FLUSH, Packet, line};
use crate::reference::{Reference, References, TAGS, is_name};
use crate::spool::{Spool, Spooled, pack_too_large, readable};
use crate::trouble::{Result, Trouble, broken};
use gix_hash::ObjectId;
use lockgate_plugin::{HttpError, Request, Response, Scheme, Url};
use std::io::Write;
use std::time::Duration;

const AGENT: &str = concat!("git/lockgate-", env!("CARGO_PKG_VERSION"));
const SERVICE: &str = "/info/refs?service=git-upload-pack";
const REDIRECTS: usize = 5;
/// A server may count objects for this long before it says anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// Sends a request and writes the response's body to the sink.
pub type Send<'a> = dyn Fn(&Request, &mut dyn Write) -> Result<Response, HttpError> + 'a;

/// Who we say we are.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The whole `authorization` header; the secret itself is a placeholder.
    pub header: String,
    /// For messages.
    pub secret: String,
}

/// A repository behind a server that speaks version 2.
pub struct Remote<'a> {
    /// As the definition has it.
    url: String,
    /// Where it really is.
    base: String,
    credentials: Option<Credentials>,
    send: &'a Send<'a>,
    /// The server can leave out history.
    shallow: bool,
    /// The server can leave out files and directories.
    filter: bool,
}

/// What is to be fetched, besides what the commits need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The commits, with their files, but not their history.
    Files,
    /// Their whole history with all files, and the tags in it.
    History,
    /// The commits and their directories; files too where the server cannot
    /// leave them out.
    Directories,
    /// This stretch of history, without files and directories where the
    /// server can leave them out.
    Commits {
        /// So many commits deep.
        depth: u32,
    },
}

impl<'a> Remote<'a> {
    /// Asks what the server can do.
    ///
    /// # Errors
    /// There is no such repository for us, or no such protocol.
    pub fn connect(
        url: &str,
        credentials: Option<Credentials>,
        send: &'a Send<'a>,
    ) -> Result<Self> {
        let mut remote = Self {
            url: url.into(),
            base: url.into(),
            credentials,
            send,
            shallow: false,
            filter: false,
        };
        for _ in 0..=REDIRECTS {
            let request = remote.request(Request::get(format!("{}{SERVICE}", remote.base)));
            let mut body = Vec::new();
            let response = (remote.send)(&request, &mut body).map_err(transport)?;
            if matches!(response.status, 301 | 302 | 303 | 307 | 308) {
                remote.redirect(&response)?;
                continue;
            }
            remote.check(&response)?;
            remote.capabilities(&response, &body)?;
            return Ok(remote);
        }
        Err(Trouble::Configuration(format!(
            "RepositoryUrl: {url} redirects more than {REDIRECTS} times; write the address where the repository really is"
        )))
    }

    fn request(&self, request: Request) -> Request {
        let request = request
            .header("user-agent", AGENT)
            .header("git-protocol", "version=2")
            .timeout(PATIENCE)
            .limit(REFERENCE_BYTES as u64);
        match &self.credentials {
            Some(credentials) => request.header("authorization", &credentials.header),
            None => request,
        }
    }

    fn post(&self, body: Vec<u8>) -> Request {
        self.request(Request::post(format!("{}/git-upload-pack", self.base)))
            .header("content-type", "application/x-git-upload-pack-request")
            .header("accept", "application/x-git-upload-pack-result")
            .body(body)
    }

    fn redirect(&mut self, response: &Response) -> Result<()> {
        let target = response.header("location").unwrap_or_default();
        let here = Url::parse(&self.base).map_err(transport)?;
        let target = if target.starts_with('/') && !target.starts_with("//") {
            let scheme = self.base.split("://").next().unwrap_or("https");
            format!("{scheme}://{}{target}", here.authority)
        } else {
            target.to_owned()
        };
        let wrong = |why: &str| {
            Trouble::Configuration(format!(
                "RepositoryUrl: {} redirects to '{}', {why}; write the address where the repository really is",
                self.url,
                readable(target.as_bytes())
            ))
        };
        let Some(base) = target.strip_suffix(SERVICE) else {
            return Err(wrong("which is not a repository"));
        };
        let there = Url::parse(base).map_err(|_| wrong("which is not a web address"))?;
        if here.scheme == Scheme::Https && there.scheme == Scheme::Http {
            return Err(wrong("which is not encrypted"));
        }
        if here.authority != there.authority || here.scheme != there.scheme {
            // The secret was granted for the address in the definition.
            self.credentials = None;
        }
        self.base = base.to_owned();
        Ok(())
    }

    /// Whether the status is 200, and what to do if not.
    fn check(&self, response: &Response) -> Result<()> {
        let url = &self.url;
        Err(match (response.status, &self.credentials) {
            (200, _) => return Ok(()),
            (401, None) => Trouble::Denied(format!(
                "{url} asks for credentials (401): set SecretName to a secret of the server that is granted with 'source-git secret=<name>', or check the address, since many servers say the same where there is no such repository"
            )),
            (401 | 403, Some(credentials)) => Trouble::Denied(format!(
                "{url} does not accept the secret '{}' ({}): check its value, AuthorizationScheme, and that it may read this repository",
                credentials.secret, response.status
            )),
            (403, None) => Trouble::Denied(format!(
                "{url} does not let us in (403): set SecretName, or make the repository readable"
            )),
            (404 | 410, credentials) => Trouble::Configuration(format!(
                "RepositoryUrl: there is no repository at {url} ({}){}",
                response.status,
                match credentials {
                    Some(credentials) => format!(
                        "; check the address, and that the secret '{}' may read it",
                        credentials.secret
                    ),
                    None => "; check the address, or set SecretName if it is private".into(),
                }
            )),
            (status @ (408 | 429 | 500..), _) => Trouble::Unavailable(format!(
                "{url} cannot serve us now (status {status}); retry the stage later"
            )),
            (status, _) => Trouble::Configuration(format!(
                "RepositoryUrl: {url} answered with status {status}, which Git servers do not; check the address"
            )),
        })
    }

    fn capabilities(&mut self, response: &Response, body: &[u8]) -> Result<()> {
        let url = self.url.clone();
        let foreign = || {
            Trouble::Configuration(format!(
                "RepositoryUrl: {url} answers, but not as a Git server does; check the address"
            ))
        };
        let kind = response.header("content-type").unwrap_or_default();
        if kind != "application/x-git-upload-pack-advertisement" {
            return Err(foreign());
        }
        let lines = lines(body).map_err(|_| foreign())?;
        let mut lines = lines
            .iter()
            .map(String::as_str)
            .filter(|line| !line.starts_with("# service="));
        match lines.next() {
            Some("version 2") => {}
            Some(error) if error.starts_with("ERR ") => {
                return Err(Trouble::Unavailable(format!("{url} refuses: {error}")));
            }
            Some(first) if first.contains("object-format=sha256") => return Err(sha256(&url)),
            _ => {
                return Err(Trouble::Content(format!(
                    "{url} does not speak version 2 of Git's protocol; the server needs Git 2.18 or newer and must pass on the header Git-Protocol"
                )));
            }
        }
        for line in lines {
            match line.split_once('=') {
                Some(("object-format", format)) if format != "sha1" => return Err(sha256(&url)),
                Some(("fetch", features)) => {
                    self.shallow = features.split(' ').any(|feature| feature == "shallow");
                    self.filter = features.split(' ').any(|feature| feature == "filter");
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the server can leave out files and directories.
    pub(crate) fn can_filter(&self) -> bool {
        self.filter
    }

    /// `HEAD`, and what else starts with one of `prefixes`.
    ///
    /// # Errors
    /// The server does not say.
    pub fn references(&self, prefixes: &[&str]) -> Result<References> {
        let mut body = Vec::new();
        line(&mut body, "command=ls-refs");
        line(&mut body, &format!("agent={AGENT}"));
        line(&mut body, "object-format=sha1");
        body.extend_from_slice(DELIMITER);
        for argument in ["peel", "symrefs", "ref-prefix HEAD"] {
            line(&mut body, argument);
        }
        for prefix in prefixes.iter().filter(|prefix| **prefix != "HEAD") {
            line(&mut body, &format!("ref-prefix {prefix}"));
        }
        body.extend_from_slice(FLUSH);
        let mut answer = Vec::new();
        let response = (self.send)(&self.post(body), &mut answer).map_err(transport)?;
        self.check(&response)?;
        let mut references = References::default();
        for line in lines(&answer)? {
            read_reference(&line, &mut references)?;
        }
        Ok(references)
    }

    /// Every tag.
    ///
    /// # Errors
    /// The server does not say.
    pub fn tags(&self) -> Result<Vec<Reference>> {
        let mut list = self.references(&[TAGS])?.list;
        list.retain(|reference| reference.name.starts_with(TAGS));
        Ok(list)
    }

    /// Fetches these commits, or the annotated tags of these ids.
    ///
    /// # Errors
    /// The server does not give one out, or the pack is past a limit.
    pub(crate) fn fetch(
        &self,
        wants: &[ObjectId],
        extent: Extent,
        mut spool: Spool<'_>,
    ) -> Result<Spooled> {
        let mut body = Vec::new();
        line(&mut body, "command=fetch");
        line(&mut body, &format!("agent={AGENT}"));
        line(&mut body, "object-format=sha1");
        body.extend_from_slice(DELIMITER);
        line(&mut body, "ofs-delta");
        let (depth, filter) = match extent {
            Extent::Files => (Some(1), None),
            Extent::History => (None, None),
            Extent::Directories => (Some(1), Some("blob:none")),
            Extent::Commits { depth } => (Some(depth), Some("tree:0")),
        };
        if extent == Extent::History {
            line(&mut body, "include-tag");
        }
        if let Some(depth) = depth.filter(|_| self.shallow) {
            line(&mut body, &format!("deepen {depth}"));
        }
        if let Some(filter) = filter.filter(|_| self.filter) {
            line(&mut body, &format!("filter {filter}"));
        }
        for want in wants {
            line(&mut body, &format!("want {want}"));
        }
        line(&mut body, "done");
        body.extend_from_slice(FLUSH);
        // A byte of framing for every 13 kB, and room for what is said besides.
        let most = spool.limit();
        let request = self.post(body).limit(most + most / 100 + (16 << 20));
        match (self.send)(&request, &mut spool) {
            Ok(response) => {
                self.check(&response)?;
                spool.finish()
            }
            Err(HttpError::TooLong { .. }) => Err(pack_too_large(most)),
            Err(error) => Err(spool.problem().unwrap_or_else(|| transport(error))),
        }
    }
}

/// The text of every data packet, without its line break.
fn lines(body: &[u8]) -> Result<Vec<String>> {
    let mut lines = Vec::new();
    let mut decoder = Decoder::default();
    decoder.feed(body, &mut |packet| {
        if let Packet::Data(data) = packet {
            lines.push(String::from_utf8_lossy(data).trim_end().to_owned());
        }
        Ok(())
    })?;
    if decoder.is_done() {
        Ok(lines)
    } else {
        Err(Trouble::Unavailable(
            "the server's answer was cut off".into(),
        ))
    }
}

/// One line of `ls-refs`: `<id> <name>[ symref-target:<name>][ peeled:<id>]`.
fn read_reference(line: &str, references: &mut References) -> Result<()> {
    if line.starts_with("ERR ") {
        return Err(Trouble::Unavailable(format!(
            "the server does not list its branches: {}",
            readable(line.as_bytes())
        )));
    }
    let mut words = line.split(' ');
    let (Some(id), Some(name)) = (words.next(), words.next()) else {
        return Err(broken(
            "the server's list of branches is not Git's protocol",
        ));
    };
    let id = parse_id(id);
    let mut peeled = None;
    let mut target = None;
    for word in words {
        match word.split_once(':') {
            Some(("peeled", id)) => peeled = parse_id(id),
            Some(("symref-target", name)) if is_name(name) => target = Some(name.to_owned()),
            _ => {}
        }
    }
    if name == "HEAD" {
        references.head = id;
        references.head_branch = target;
    } else if let (Some(id), true) = (id, is_name(name)) {
        references.list.push(Reference {
            name: name.into(),
            id,
            peeled,
        });
    }
    Ok(())
}

fn sha256(url: &str) -> Trouble {
    Trouble::Content(format!(
        "{url} has SHA-256 object ids, which are not supported; only SHA-1 repositories can be a source"
    ))
}

fn transport(error: HttpError) -> Trouble {
    let text = error.to_string();
    match error {
        HttpError::Invalid(_) => Trouble::Configuration(format!("RepositoryUrl: {text}")),
        HttpError::Denied(_) => Trouble::Denied(text),
        HttpError::TooLong { .. } => Trouble::Content(format!(
            "{text}; the repository has too many branches and tags to be listed"
        )),
        HttpError::Unreachable(_)
        | HttpError::Timeout(_)
        | HttpError::Sink(_)
        | HttpError::Broken(_) => Trouble::Unavailable(text),
    }
}
