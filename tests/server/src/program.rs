//! The binary, and what came of running it once.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// Where cargo leaves what it builds: the directory that this test lies in.
fn target() -> &'static Path {
    static TARGET: LazyLock<PathBuf> = LazyLock::new(|| {
        let test = std::env::current_exe().unwrap();
        let target = test
            .ancestors()
            .find(|path| path.join("CACHEDIR.TAG").is_file());
        target.unwrap().to_owned()
    });
    &TARGET
}

/// The binary, beside the directory of the test executables.
#[must_use]
pub fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let test = std::env::current_exe().unwrap();
        let path = test.ancestors().nth(2).unwrap().join("lockgate");
        assert!(
            path.is_file(),
            "{} is missing: run 'cargo xtask build' first",
            path.display()
        );
        path
    });
    &PROGRAM
}

/// A file or directory below the target directory.
pub(crate) fn below_target(path: &str) -> PathBuf {
    target().join(path)
}

/// The package of a plugin that is not in the binary.
#[must_use]
pub fn plugin_folder(name: &str) -> PathBuf {
    let path = below_target("plugins").join(name);
    assert!(
        path.join("plugin.wasm").is_file(),
        "{} is missing: run 'cargo xtask build' first",
        path.display()
    );
    path
}

/// A finished command.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; absent: ended by a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// The binary with these arguments, in a pipe: no terminal, no settings of the
/// user.
#[must_use]
pub fn command<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(program());
    command
        .args(arguments)
        .env_remove("LOCKGATE_SERVER")
        .env_remove("LOCKGATE_ACCESS_KEY")
        .env_remove("LOCKGATE_SECRET_KEY")
        .env_remove("LOCKGATE_LOG")
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the binary to its end.
#[must_use]
pub fn lockgate<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Ran {
    Ran::of(command(arguments).output().unwrap())
}

impl Ran {
    /// What a finished process left.
    #[must_use]
    pub fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The same, which ended with 0.
    #[track_caller]
    #[must_use]
    pub fn good(self) -> Self {
        self.exits(0)
    }

    /// The same, which ended with this exit code.
    #[track_caller]
    #[must_use]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        let parsed = serde_json::from_str(&self.stdout);
        parsed.unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout))
    }

    /// Standard output as one JSON document a line.
    #[track_caller]
    #[must_use]
    pub fn json_lines(&self) -> Vec<Value> {
        let line = |line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in the line {line}"))
        };
        self.stdout.lines().map(line).collect()
    }
}
