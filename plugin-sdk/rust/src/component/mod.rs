//! The real host: the contract's imports behind the kit's own words, and the
//! contract's exports in front of them. Compiled for components only.

mod exports;
mod http;
mod source;
mod words;

use crate::bindings::provider::lockgate::action as wit;
use crate::{
    ArtifactError, Command, ExecError, Exit, Host, HttpError, InvokeError, Level, Log,
    PipelineError, PipelineStart, Request, Response, SecretError, Target,
};
use std::io::Write;
use std::path::Path;

/// The job's directory for work.
const WORK: &str = "/work";
/// The action's cache.
const CACHE: &str = "/cache";

/// The host behind the contract. It holds nothing; the sandbox does.
#[derive(Debug, Clone, Copy)]
struct Component;

impl Log for Component {
    fn log(&self, level: Level, text: &str) {
        wit::log::write(words::level(level), text);
    }
}

impl Host for Component {
    fn secret_placeholder(&self, name: &str) -> Result<String, SecretError> {
        wit::secrets::placeholder(name).map_err(words::secret_error)
    }

    fn verify_hmac_sha256(
        &self,
        name: &str,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, SecretError> {
        wit::secrets::verify_hmac_sha256(name, message, signature).map_err(words::secret_error)
    }

    fn secret_equals(&self, name: &str, text: &str) -> Result<bool, SecretError> {
        wit::secrets::equals(name, text).map_err(words::secret_error)
    }

    fn exec(&self, command: &Command) -> Result<Exit, ExecError> {
        wit::exec::run(&words::command(command))
            .map(words::exit)
            .map_err(words::exec_error)
    }

    fn invoke(&self, target: &Target, event: &str) -> Result<String, InvokeError> {
        wit::invoke::call(&words::target(target), event).map_err(words::invoke_error)
    }

    fn start_pipeline(&self, start: &PipelineStart) -> Result<String, PipelineError> {
        wit::pipelines::start(
            &start.pipeline,
            &words::to_pairs(&start.variables),
            &words::source_revisions(&start.source_revisions),
        )
        .map_err(words::pipeline_error)
    }

    fn http_to(&self, request: &Request, sink: &mut dyn Write) -> Result<Response, HttpError> {
        http::send(request, sink)
    }

    fn set_executable(&self, path: &Path, executable: bool) -> Result<(), ArtifactError> {
        wit::artifacts::set_executable(&words::path(path), executable)
            .map_err(words::artifact_error)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> Result<(), ArtifactError> {
        wit::artifacts::set_mode(&words::path(path), mode).map_err(words::artifact_error)
    }

    fn mode(&self, path: &Path) -> Result<u32, ArtifactError> {
        wit::artifacts::get_mode(&words::path(path)).map_err(words::artifact_error)
    }

    fn make_symlink(&self, target: &str, path: &Path) -> Result<(), ArtifactError> {
        wit::artifacts::make_symlink(target, &words::path(path)).map_err(words::artifact_error)
    }

    fn copy_tree(&self, source: &Path, destination: &Path) -> Result<(), ArtifactError> {
        wit::artifacts::copy_tree(&words::path(source), &words::path(destination))
            .map_err(words::artifact_error)
    }

    fn replace(&self, source: &Path, destination: &Path) -> Result<(), ArtifactError> {
        wit::artifacts::replace(&words::path(source), &words::path(destination))
            .map_err(words::artifact_error)
    }
}
