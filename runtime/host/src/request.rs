//! What a caller hands over with a job: its directories, its log, and where
//! secrets and functions come from. Values only.

use crate::capability::invoke::Functions;
use crate::capability::pipelines::Pipelines;
use crate::capability::secrets::Secrets;
use crate::log::LogSink;
use lockgate_model::job::Job;
use std::path::PathBuf;

/// A directory of the machine that a job sees at a path of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    /// Absolute: `/in/<name>`, `/out/<name>` or `/work`.
    pub guest_path: String,
    /// On the machine, absolute.
    pub host_path: PathBuf,
    /// May the guest change it?
    pub writable: bool,
}

impl Directory {
    /// A directory that the guest can read.
    pub fn read(guest_path: impl Into<String>, host_path: impl Into<PathBuf>) -> Self {
        Self {
            guest_path: guest_path.into(),
            host_path: host_path.into(),
            writable: false,
        }
    }

    /// A directory that the guest can read and write.
    pub fn write(guest_path: impl Into<String>, host_path: impl Into<PathBuf>) -> Self {
        Self {
            writable: true,
            ..Self::read(guest_path, host_path)
        }
    }
}

/// One job and everything around it. The directories that the grant names are
/// added by the host.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The job. Its artifacts are found at `/in/<name>` and `/out/<name>`.
    pub job: Job,
    /// The job's own directories. They must not be changed by others while the
    /// job runs.
    pub directories: Vec<Directory>,
    /// Where log lines go.
    pub log: LogSink,
    /// Asked for granted secrets only.
    pub secrets: Secrets,
    /// Asked when a guest calls an installed function.
    pub functions: Functions,
    /// Asked when a guest starts a pipeline.
    pub pipelines: Pipelines,
}

impl RunRequest {
    /// A job with no directories, no secrets, no functions and no pipelines.
    #[must_use]
    pub fn new(job: Job, log: LogSink) -> Self {
        Self {
            job,
            directories: Vec::new(),
            log,
            secrets: Secrets::none(),
            functions: Functions::none(),
            pipelines: Pipelines::none(),
        }
    }
}
