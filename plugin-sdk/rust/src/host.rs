//! Everything that a provider may ask of the host. Two implementations: the
//! real one over the contract's imports, and `testing::FakeHost`. Providers are
//! generic over it, so that what they do not call is not linked and not
//! imported; a `dyn Host` would import every capability.

use crate::{
    ArtifactError, Command, ExecError, Exit, HttpError, InvokeError, Log, PipelineError,
    PipelineStart, Request, Response, SecretError, Target,
};
use std::io::Write;
use std::path::Path;

/// The host as a provider sees it. Every method but those of [`Log`] and the
/// file functions needs a grant from the operator. Each error turns into a
/// [`Failure`](crate::Failure) of the right type with `?`.
pub trait Host: Log {
    /// A text to put where the secret of this name belongs in a request header;
    /// the host puts the secret there when the request goes out.
    ///
    /// # Errors
    /// Not granted, or the server holds no such secret.
    fn secret_placeholder(&self, name: &str) -> Result<String, SecretError>;

    /// Whether `signature` is the HMAC-SHA-256 of `message` under the secret of
    /// this name. It and [`secret_equals`](Self::secret_equals) together can be
    /// called 16 times in one job.
    ///
    /// # Errors
    /// Not granted, or the server holds no such secret.
    fn verify_hmac_sha256(
        &self,
        name: &str,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, SecretError>;

    /// Whether `text` is the secret of this name.
    ///
    /// # Errors
    /// Not granted, or the server holds no such secret.
    fn secret_equals(&self, name: &str, text: &str) -> Result<bool, SecretError>;

    /// Runs a native command in the operating system's sandbox and waits for
    /// its end. A command that fails is an [`Exit`], not an error.
    ///
    /// # Errors
    /// It could not be started.
    fn exec(&self, command: &Command) -> Result<Exit, ExecError>;

    /// Calls a function component with a JSON event and returns its JSON
    /// result.
    ///
    /// # Errors
    /// It could not be called, or failed itself ([`InvokeError::Failed`]).
    fn invoke(&self, target: &Target, event: &str) -> Result<String, InvokeError>;

    /// Starts another pipeline of the same tenant, waits for nothing, and
    /// returns the id of its execution. One action execution starts a pipeline
    /// once: asked again, in a later attempt too, the answer is the first
    /// execution's id.
    ///
    /// # Errors
    /// It was not started.
    fn start_pipeline(&self, start: &PipelineStart) -> Result<String, PipelineError>;

    /// Sends a request and reads the whole response into memory, at most
    /// [`Request::limit`] bytes. Any status is a response; redirects are not
    /// followed.
    ///
    /// # Errors
    /// There is no whole response.
    fn http(&self, request: &Request) -> Result<Response, HttpError> {
        let mut body = Vec::new();
        let mut response = self.http_to(request, &mut body)?;
        response.body = body;
        Ok(response)
    }

    /// Sends a request and writes the response's body to `sink` as it comes, at
    /// most [`Request::limit`] bytes; the body of what is returned is empty.
    ///
    /// # Errors
    /// There is no whole response, or `sink` does not take it.
    fn http_to(&self, request: &Request, sink: &mut dyn Write) -> Result<Response, HttpError>;

    /// Sets or clears the executable bits of one regular file.
    ///
    /// # Errors
    /// As the [`ArtifactError`] says.
    fn set_executable(&self, path: &Path, executable: bool) -> Result<(), ArtifactError>;

    /// Sets the permission bits (0o7777 without setuid and setgid) of a file or
    /// directory.
    ///
    /// # Errors
    /// As the [`ArtifactError`] says.
    fn set_mode(&self, path: &Path, mode: u32) -> Result<(), ArtifactError>;

    /// The permission bits of a file or directory.
    ///
    /// # Errors
    /// As the [`ArtifactError`] says.
    fn mode(&self, path: &Path) -> Result<u32, ArtifactError>;

    /// Makes a symbolic link at `path`; `target` is kept as it is written.
    ///
    /// # Errors
    /// As the [`ArtifactError`] says.
    fn make_symlink(&self, target: &str, path: &Path) -> Result<(), ArtifactError>;

    /// Copies a file, or a directory with everything in it, keeping modes and
    /// links. `destination` must not exist, or be an empty directory.
    ///
    /// # Errors
    /// As the [`ArtifactError`] says.
    fn copy_tree(&self, source: &Path, destination: &Path) -> Result<(), ArtifactError>;

    /// Puts `source` in the place of `destination` in one step: readers see the
    /// old or the new, never neither. Both must be in the same directory grant,
    /// and `destination` must be absent, a file or a link.
    ///
    /// # Errors
    /// As the [`ArtifactError`] says.
    fn replace(&self, source: &Path, destination: &Path) -> Result<(), ArtifactError>;
}
