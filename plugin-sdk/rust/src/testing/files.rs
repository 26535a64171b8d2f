//! What the fake host does on the real disk: modes, copies, exchanges, and
//! commands of the test's own.

use crate::{ArtifactError, Command, Ending, ExecError, Exit};
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;

pub(super) fn failed(path: &Path, error: &io::Error) -> ArtifactError {
    let text = format!("{}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::NotFound => ArtifactError::NotFound(text),
        _ => ArtifactError::Failed(text),
    }
}

pub(super) fn mode(path: &Path) -> Result<u32, ArtifactError> {
    let metadata = fs::symlink_metadata(path).map_err(|error| failed(path, &error))?;
    Ok(metadata.permissions().mode() & 0o7777)
}

pub(super) fn set_mode(path: &Path, mode: u32) -> Result<(), ArtifactError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(|error| failed(path, &error))
}

pub(super) fn copy(source: &Path, destination: &Path) -> Result<(), ArtifactError> {
    let wrong = |error: io::Error| failed(source, &error);
    let kind = fs::symlink_metadata(source).map_err(wrong)?.file_type();
    if kind.is_symlink() {
        let target = fs::read_link(source).map_err(wrong)?;
        return std::os::unix::fs::symlink(target, destination)
            .map_err(|error| failed(destination, &error));
    }
    if !kind.is_dir() {
        fs::copy(source, destination).map_err(|error| failed(destination, &error))?;
        return Ok(());
    }
    if destination.exists() {
        let mut entries = fs::read_dir(destination).map_err(|error| failed(destination, &error))?;
        if entries.next().is_some() {
            return Err(ArtifactError::Failed(format!(
                "{} is not empty",
                destination.display()
            )));
        }
    } else {
        fs::create_dir(destination).map_err(|error| failed(destination, &error))?;
    }
    for entry in fs::read_dir(source).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        copy(&entry.path(), &destination.join(entry.file_name()))?;
    }
    set_mode(destination, mode(source)?)
}

pub(super) fn replace(source: &Path, destination: &Path) -> Result<(), ArtifactError> {
    if let Ok(metadata) = fs::symlink_metadata(destination)
        && metadata.is_dir()
    {
        return Err(ArtifactError::Failed(format!(
            "{} is a directory; only a file or a link can be replaced in one step",
            destination.display()
        )));
    }
    fs::rename(source, destination).map_err(|error| failed(source, &error))
}

/// Runs a command natively. Its output is always captured, and its time limit
/// is not kept: a test that hangs is seen.
pub(super) fn run(command: &Command, work: &Path) -> Result<Exit, ExecError> {
    let Some((program, arguments)) = command.arguments.split_first() else {
        return Err(ExecError::Failed("the command is empty".into()));
    };
    let refused = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => ExecError::NotFound(format!("{program}: {error}")),
        _ => ExecError::Failed(format!("{program}: {error}")),
    };
    let mut child = std::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", work)
        .envs(
            command
                .environment
                .iter()
                .map(|(name, value)| (name, value)),
        )
        .current_dir(command.working_directory.as_deref().unwrap_or(work))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(refused)?;
    let stdin = child.stdin.take();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || {
            // A command that does not read its input hangs up; that is its right.
            stdin.map(|mut stdin| stdin.write_all(&command.input))
        });
        child.wait_with_output()
    })
    .map_err(refused)?;
    let ending = match (output.status.code(), output.status.signal()) {
        (Some(code), _) => Ending::Code(code.unsigned_abs()),
        (None, signal) => Ending::Signal(signal.unwrap_or_default().unsigned_abs()),
    };
    Ok(Exit {
        ending,
        output: output.stdout,
    })
}
