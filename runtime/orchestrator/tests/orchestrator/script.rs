//! A runner that does what the test says: every job and every question comes to
//! the test, which answers in its own time.

use crate::definitions::catalogue;
use lockgate_model::action_type::{ActionTypeId, Catalogue, Category};
use lockgate_model::id::TenantId;
use lockgate_model::job::{
    DetectRequest, Detection, External, Failure, FailureType, Job, LogLevel, LogLine, Outcome,
    Pending, Revision, Success,
};
use lockgate_model::limits::Limits;
use lockgate_model::time::Timestamp;
use lockgate_orchestrator::{Directory, LogSink, Runner};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

pub(crate) struct Script {
    calls: mpsc::UnboundedSender<Call>,
    questions: mpsc::UnboundedSender<Question>,
    catalogue: Arc<Catalogue>,
}

/// A job that was handed out.
pub(crate) struct Call {
    pub(crate) job: Job,
    pub(crate) directories: Vec<Directory>,
    pub(crate) log: Option<LogSink>,
    reply: oneshot::Sender<Option<Outcome>>,
    gone: oneshot::Receiver<()>,
}

/// A source that is asked.
pub(crate) struct Question {
    pub(crate) request: DetectRequest,
    reply: oneshot::Sender<Option<Result<Detection, Failure>>>,
}

impl Script {
    pub(crate) fn new() -> (
        Arc<Self>,
        mpsc::UnboundedReceiver<Call>,
        mpsc::UnboundedReceiver<Question>,
    ) {
        let (calls, called) = mpsc::unbounded_channel();
        let (questions, asked) = mpsc::unbounded_channel();
        let script = Arc::new(Self {
            calls,
            questions,
            catalogue: Arc::new(catalogue()),
        });
        (script, called, asked)
    }
}

#[async_trait::async_trait]
impl Runner for Script {
    fn catalogue(&self, _tenant: &TenantId) -> Arc<Catalogue> {
        self.catalogue.clone()
    }

    fn wants_work(&self, _tenant: &TenantId, action_type: &ActionTypeId) -> bool {
        action_type.category == Category::Build
    }

    fn limits(&self, _tenant: &TenantId, _action_type: &ActionTypeId) -> Limits {
        Limits {
            artifact_bytes: 1 << 20,
            ..Limits::default()
        }
    }

    fn can_detect(&self, _tenant: &TenantId, action_type: &ActionTypeId) -> bool {
        action_type.category == Category::Source
    }

    async fn run(&self, job: &Job, directories: Vec<Directory>, log: LogSink) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        let (_here, gone) = oneshot::channel();
        let _ = self.calls.send(Call {
            job: job.clone(),
            directories,
            log: Some(log),
            reply,
            gone,
        });
        match outcome.await {
            Ok(Some(outcome)) => outcome,
            Ok(None) => panic!("as the test wants it"),
            // The test let go of the call: this one never ends by itself.
            Err(_) => std::future::pending().await,
        }
    }

    async fn detect(&self, request: DetectRequest) -> Result<Detection, Failure> {
        let (reply, answer) = oneshot::channel();
        let _ = self.questions.send(Question { request, reply });
        match answer.await {
            Ok(Some(answer)) => answer,
            Ok(None) => panic!("as the test wants it"),
            Err(_) => std::future::pending().await,
        }
    }
}

impl Call {
    pub(crate) fn answer(self, outcome: Outcome) {
        // Whoever asked may have gone.
        let _ = self.reply.send(Some(outcome));
    }

    pub(crate) fn panic(self) {
        let _ = self.reply.send(None);
    }

    pub(crate) fn succeed(self) {
        self.answer(Outcome::Succeeded(Success::default()));
    }

    pub(crate) fn succeed_with(self, name: &str, value: &str) {
        self.answer(Outcome::Succeeded(Success {
            variables: BTreeMap::from([(name.to_owned(), value.to_owned())]),
            ..Success::default()
        }));
    }

    /// As a source does that fetched `revision`.
    pub(crate) fn fetch(self, revision: &str) {
        self.answer(Outcome::Succeeded(Success {
            revision: Some(revision_of(revision)),
            ..Success::default()
        }));
    }

    pub(crate) fn fail(self, message: &str) {
        self.answer(Outcome::Failed(Failure::new(
            FailureType::JobFailed,
            message,
        )));
    }

    pub(crate) fn wait(self, continuation: &str, poll_after: u32) {
        self.answer(Outcome::Pending(Pending {
            continuation: continuation.to_owned(),
            poll_after,
            percent: None,
            external: External::default(),
        }));
    }

    pub(crate) fn say(&self, text: &str) {
        let line = LogLine {
            at: Timestamp(0),
            level: LogLevel::Info,
            text: text.to_owned(),
        };
        self.log.as_ref().unwrap().send(line).unwrap();
    }

    /// Where the provider sees `guest`.
    pub(crate) fn directory(&self, guest: &str) -> &Path {
        let found = self.directories.iter().find(|d| d.guest == guest);
        &found.unwrap_or_else(|| panic!("no {guest}")).host
    }

    /// Ends when the orchestrator has dropped the attempt.
    pub(crate) async fn dropped(&mut self) {
        let _ = (&mut self.gone).await;
    }
}

impl Question {
    pub(crate) fn answer(self, revision: &str) {
        let _ = self.reply.send(Some(Ok(Detection {
            newest: Some(revision_of(revision)),
            changes: Vec::new(),
            cursor: format!("after {revision}"),
        })));
    }

    pub(crate) fn panic(self) {
        let _ = self.reply.send(None);
    }
}

fn revision_of(id: &str) -> Revision {
    Revision {
        id: id.to_owned(),
        summary: None,
        url: None,
        created: None,
    }
}
