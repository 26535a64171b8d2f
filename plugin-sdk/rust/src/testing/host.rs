//! A host that is not one: it answers as the test says and remembers what it
//! was asked. Files are real files in temporary directories.

use super::files;
use crate::{
    ArtifactError, Command, ExecError, Exit, Host, HttpError, InvokeError, Level, Log,
    PipelineError, PipelineStart, Request, Response, SecretError, Target,
};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

type Script<'s, Q, A> = RefCell<Box<dyn FnMut(Q) -> A + 's>>;

/// A scripted host. Whatever has no script is denied, as without a grant.
pub struct FakeHost<'s> {
    root: TempDir,
    granted: RefCell<Vec<PathBuf>>,
    secrets: RefCell<BTreeSet<String>>,
    /// Messages and the signatures that fit them.
    signatures: RefCell<Vec<(Vec<u8>, Vec<u8>)>>,
    exec: Script<'s, Command, Result<Exit, ExecError>>,
    http: Script<'s, Request, Result<Response, HttpError>>,
    invoke: Script<'s, (Target, String), Result<String, InvokeError>>,
    pipelines: Script<'s, PipelineStart, Result<String, PipelineError>>,
    log: RefCell<Vec<(Level, String)>>,
    commands: RefCell<Vec<Command>>,
    requests: RefCell<Vec<Request>>,
    calls: RefCell<Vec<(Target, String)>>,
    starts: RefCell<Vec<PipelineStart>>,
}

impl<'s> FakeHost<'s> {
    /// A host that grants nothing but the job's own directories.
    ///
    /// # Panics
    /// There is no room for a temporary directory.
    #[must_use]
    pub fn new() -> Self {
        let root = TempDir::new().expect("a temporary directory is made");
        for directory in ["in", "out", "work"] {
            std::fs::create_dir(root.path().join(directory)).expect("a directory is made");
        }
        Self {
            root,
            granted: RefCell::default(),
            secrets: RefCell::default(),
            signatures: RefCell::default(),
            exec: RefCell::new(Box::new(|_| {
                Err(ExecError::Denied("the fake host grants no exec".into()))
            })),
            http: RefCell::new(Box::new(|request| {
                let url = request.url;
                Err(HttpError::Denied(format!(
                    "the fake host grants no http to {url}"
                )))
            })),
            invoke: RefCell::new(Box::new(|_| {
                Err(InvokeError::Denied("the fake host grants no invoke".into()))
            })),
            pipelines: RefCell::new(Box::new(|start| {
                Err(PipelineError::Denied(format!(
                    "the fake host grants no pipeline={}",
                    start.pipeline
                )))
            })),
            log: RefCell::default(),
            commands: RefCell::default(),
            requests: RefCell::default(),
            calls: RefCell::default(),
            starts: RefCell::default(),
        }
    }

    /// Answers commands so.
    #[must_use]
    pub fn on_exec(mut self, script: impl FnMut(Command) -> Result<Exit, ExecError> + 's) -> Self {
        self.exec = RefCell::new(Box::new(script));
        self
    }

    /// Really runs commands, natively and without any sandbox: for the test's
    /// own commands only.
    #[must_use]
    pub fn running_commands(self) -> Self {
        let work = self.work();
        self.on_exec(move |command| files::run(&command, &work))
    }

    /// Answers requests so.
    #[must_use]
    pub fn on_http(
        mut self,
        script: impl FnMut(Request) -> Result<Response, HttpError> + 's,
    ) -> Self {
        self.http = RefCell::new(Box::new(script));
        self
    }

    /// Answers calls of functions so.
    #[must_use]
    pub fn on_invoke(
        mut self,
        mut script: impl FnMut(Target, String) -> Result<String, InvokeError> + 's,
    ) -> Self {
        self.invoke = RefCell::new(Box::new(move |(target, event)| script(target, event)));
        self
    }

    /// Answers starts of pipelines so.
    #[must_use]
    pub fn on_start_pipeline(
        mut self,
        script: impl FnMut(PipelineStart) -> Result<String, PipelineError> + 's,
    ) -> Self {
        self.pipelines = RefCell::new(Box::new(script));
        self
    }

    /// Grants a secret.
    #[must_use]
    pub fn with_secret(self, name: &str) -> Self {
        self.secrets.borrow_mut().insert(name.to_owned());
        self
    }

    /// Takes this for the signature of this message under any secret that is
    /// granted. The fake host has no secrets; it computes no signature.
    #[must_use]
    pub fn with_signature(self, message: &[u8], signature: &[u8]) -> Self {
        let pair = (message.to_vec(), signature.to_vec());
        self.signatures.borrow_mut().push(pair);
        self
    }

    /// Grants a directory of the machine, for reading and writing.
    #[must_use]
    pub fn with_directory(self, path: impl Into<PathBuf>) -> Self {
        self.granted.borrow_mut().push(path.into());
        self
    }

    /// Gives jobs a cache, which they share as jobs of one action do.
    ///
    /// # Panics
    /// There is no room for it.
    #[must_use]
    pub fn with_cache(self) -> Self {
        std::fs::create_dir(self.cache()).expect("the cache's directory is made");
        self
    }

    /// What stands where the secret would be put.
    #[must_use]
    pub fn placeholder(name: &str) -> String {
        format!("{{{{lockgate-secret:{name}}}}}")
    }

    /// Where `in`, `out`, `work` and `cache` lie.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// The directory for work.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.root().join("work")
    }

    /// The directory of the action's cache; there only [`with_cache`](Self::with_cache).
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.root().join("cache")
    }

    /// Everything that was logged.
    #[must_use]
    pub fn log_entries(&self) -> Vec<(Level, String)> {
        self.log.borrow().clone()
    }

    /// The texts that were logged, one a line.
    #[must_use]
    pub fn log_text(&self) -> String {
        let log = self.log.borrow();
        let texts: Vec<&str> = log.iter().map(|(_, text)| text.as_str()).collect();
        texts.join("\n")
    }

    /// The commands that were given.
    #[must_use]
    pub fn commands(&self) -> Vec<Command> {
        self.commands.borrow().clone()
    }

    /// The requests that were sent.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.requests.borrow().clone()
    }

    /// The functions that were called, and with which event.
    #[must_use]
    pub fn calls(&self) -> Vec<(Target, String)> {
        self.calls.borrow().clone()
    }

    /// The pipelines that were to be started.
    #[must_use]
    pub fn pipeline_starts(&self) -> Vec<PipelineStart> {
        self.starts.borrow().clone()
    }

    /// Whether a path lies where the provider may go.
    fn reach(&self, path: &Path, write: bool) -> Result<(), ArtifactError> {
        let inside = |directory: &Path| path.starts_with(directory);
        let readable = inside(self.root()) && !(write && inside(&self.root().join("in")));
        if readable || self.granted.borrow().iter().any(|granted| inside(granted)) {
            Ok(())
        } else {
            Err(ArtifactError::Denied(format!(
                "{} is in no directory of this job that may be {}",
                path.display(),
                if write { "written" } else { "read" },
            )))
        }
    }
}

impl Default for FakeHost<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FakeHost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeHost")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

impl Log for FakeHost<'_> {
    fn log(&self, level: Level, text: &str) {
        self.log.borrow_mut().push((level, text.to_owned()));
    }
}

impl Host for FakeHost<'_> {
    fn secret_placeholder(&self, name: &str) -> Result<String, SecretError> {
        if self.secrets.borrow().contains(name) {
            Ok(Self::placeholder(name))
        } else {
            Err(SecretError::Denied(format!(
                "the secret '{name}' is not granted; the grant that allows it is secret={name}"
            )))
        }
    }

    fn verify_hmac_sha256(
        &self,
        name: &str,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, SecretError> {
        self.secret_placeholder(name)?;
        let signatures = self.signatures.borrow();
        Ok(signatures
            .iter()
            .any(|(signed, fits)| signed.as_slice() == message && fits.as_slice() == signature))
    }

    fn secret_equals(&self, name: &str, text: &str) -> Result<bool, SecretError> {
        self.secret_placeholder(name)?;
        Ok(text == Self::placeholder(name))
    }

    fn exec(&self, command: &Command) -> Result<Exit, ExecError> {
        self.commands.borrow_mut().push(command.clone());
        (self.exec.borrow_mut())(command.clone())
    }

    fn invoke(&self, target: &Target, event: &str) -> Result<String, InvokeError> {
        let call = (target.clone(), event.to_owned());
        self.calls.borrow_mut().push(call.clone());
        (self.invoke.borrow_mut())(call)
    }

    fn start_pipeline(&self, start: &PipelineStart) -> Result<String, PipelineError> {
        self.starts.borrow_mut().push(start.clone());
        (self.pipelines.borrow_mut())(start.clone())
    }

    fn http_to(&self, request: &Request, sink: &mut dyn Write) -> Result<Response, HttpError> {
        let url = crate::Url::parse(&request.url)?;
        self.requests.borrow_mut().push(request.clone());
        let mut response = (self.http.borrow_mut())(request.clone())?;
        let body = std::mem::take(&mut response.body);
        if body.len() as u64 > request.limit {
            return Err(HttpError::TooLong {
                authority: url.authority,
                limit: request.limit,
            });
        }
        sink.write_all(&body)?;
        Ok(response)
    }

    fn set_executable(&self, path: &Path, executable: bool) -> Result<(), ArtifactError> {
        self.reach(path, true)?;
        let mode = files::mode(path)?;
        let mode = if executable {
            mode | 0o111
        } else {
            mode & !0o111
        };
        files::set_mode(path, mode)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> Result<(), ArtifactError> {
        self.reach(path, true)?;
        files::set_mode(path, mode & 0o1777)
    }

    fn mode(&self, path: &Path) -> Result<u32, ArtifactError> {
        self.reach(path, false)?;
        files::mode(path)
    }

    fn make_symlink(&self, target: &str, path: &Path) -> Result<(), ArtifactError> {
        self.reach(path, true)?;
        std::os::unix::fs::symlink(target, path).map_err(|error| files::failed(path, &error))
    }

    fn copy_tree(&self, source: &Path, destination: &Path) -> Result<(), ArtifactError> {
        self.reach(source, false)?;
        self.reach(destination, true)?;
        files::copy(source, destination)
    }

    fn replace(&self, source: &Path, destination: &Path) -> Result<(), ArtifactError> {
        self.reach(source, true)?;
        self.reach(destination, true)?;
        files::replace(source, destination)
    }
}
