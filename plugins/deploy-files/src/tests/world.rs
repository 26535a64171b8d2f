//! A target directory and the deployments to it, against the fake host.

use crate::DeployFiles;
use lockgate_plugin::testing::FakeHost;
use lockgate_plugin::{Failure, HttpError, Outcome, Response, Success};
use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A target directory and the deployments to it.
pub(super) struct World {
    directory: TempDir,
    pub(super) configuration: Vec<(&'static str, String)>,
    /// What the health check answers, one after the other; then 200.
    pub(super) answers: RefCell<Vec<u16>>,
    pub(super) continuation: RefCell<Option<String>>,
    pub(super) asked: Cell<usize>,
}

/// How a job ended, and what it logged.
pub(super) struct Ended {
    pub(super) outcome: Result<Outcome, Failure>,
    pub(super) log: String,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            directory: TempDir::new().unwrap(),
            configuration: vec![],
            answers: RefCell::default(),
            continuation: RefCell::default(),
            asked: Cell::new(0),
        }
    }

    pub(super) fn with(mut self, key: &'static str, value: &str) -> Self {
        self.configuration.push((key, value.into()));
        self
    }

    pub(super) fn target(&self) -> PathBuf {
        self.directory.path().join("www")
    }

    /// Runs one job of an execution with this artifact.
    pub(super) fn deploy(&self, execution: &str, files: &[(&str, &str)]) -> Ended {
        let runner = FakeHost::new().running_commands();
        let said = RefCell::new(String::new());
        let host = FakeHost::new()
            .with_directory(self.directory.path())
            .on_exec(|command| {
                use lockgate_plugin::Host;
                let exit = runner.exec(&command)?;
                said.borrow_mut()
                    .push_str(&String::from_utf8_lossy(&exit.output));
                Ok(exit)
            })
            .on_http(|_| {
                self.asked.set(self.asked.get() + 1);
                let mut answers = self.answers.borrow_mut();
                let status = if answers.is_empty() {
                    200
                } else {
                    answers.remove(0)
                };
                match status {
                    0 => Err(HttpError::Unreachable("nobody listens".into())),
                    1 => Err(HttpError::Denied("http=x is not granted".into())),
                    status => Ok(Response {
                        status,
                        ..Response::default()
                    }),
                }
            });
        let target = self.target().display().to_string();
        let mut job = host.job([("TargetDirectory", target.as_str())]);
        for (key, value) in &self.configuration {
            job.configuration.insert((*key).into(), value.clone());
        }
        job.execution_id = execution.into();
        job.input_artifacts = vec![host.input("Built", files)];
        job.continuation = self.continuation.take();
        let outcome = lockgate_plugin::run::<DeployFiles>(&job, &host);
        if let Ok(Outcome::Pending(pending)) = &outcome {
            self.continuation
                .replace(Some(pending.continuation.clone()));
        }
        let log = format!("{}\n{}", host.log_text(), said.borrow());
        Ended { outcome, log }
    }

    pub(super) fn current(&self) -> Option<String> {
        let link = fs::read_link(self.target().join("current")).ok()?;
        Some(link.to_str()?.trim_start_matches("releases/").to_owned())
    }

    pub(super) fn releases(&self) -> Vec<String> {
        names(&self.target().join("releases"))
    }

    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.target().join(path)).unwrap()
    }
}

pub(super) fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

impl Ended {
    #[track_caller]
    pub(super) fn success(self) -> Success {
        match self.outcome {
            Ok(Outcome::Succeeded(success)) => success,
            other => panic!("{other:?}\n{}", self.log),
        }
    }

    #[track_caller]
    pub(super) fn pending(self) -> lockgate_plugin::Pending {
        match self.outcome {
            Ok(Outcome::Pending(pending)) => pending,
            other => panic!("{other:?}\n{}", self.log),
        }
    }

    #[track_caller]
    pub(super) fn failure(self) -> Failure {
        self.outcome.unwrap_err()
    }
}
