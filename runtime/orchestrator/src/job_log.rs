//! The log of one attempt: its lines on their way from the provider to the
//! disk, some at a time.

use crate::runner::LogSink;
use crate::shared::Shared;
use lockgate_model::job::{Job, LogLevel, LogLine, Outcome};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Lines that wait to be kept at most; then they are written at once.
const LINES_PER_WRITE: usize = 500;
/// Lines reach the disk, and whoever follows, at most this much later.
const WRITE_INTERVAL: Duration = Duration::from_millis(100);

pub(crate) struct JobLog {
    lines: mpsc::UnboundedReceiver<LogLine>,
    waiting: Vec<LogLine>,
}

impl JobLog {
    pub(crate) fn open() -> (LogSink, Self) {
        let (sink, lines) = mpsc::unbounded_channel();
        let log = Self {
            lines,
            waiting: Vec::new(),
        };
        (sink, log)
    }

    /// Waits for the provider and keeps what it says meanwhile. While lines are
    /// being written the provider waits: it cannot run ahead of the disk.
    pub(crate) async fn keep_while(
        &mut self,
        shared: &Shared,
        job: &Job,
        running: impl Future<Output = Outcome>,
    ) -> Outcome {
        let mut running = pin!(running);
        let mut write_at: Option<Instant> = None;
        loop {
            let write = async {
                match write_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                outcome = &mut running => return outcome,
                () = write => {
                    write_at = None;
                    self.keep(shared, job).await;
                }
                received = self.lines.recv_many(&mut self.waiting, LINES_PER_WRITE) => {
                    if received == 0 {
                        // The provider let go of its log; the outcome is near.
                        return running.await;
                    }
                    if self.waiting.len() >= LINES_PER_WRITE {
                        write_at = None;
                        self.keep(shared, job).await;
                    } else if write_at.is_none() {
                        write_at = Some(Instant::now() + WRITE_INTERVAL);
                    }
                }
            }
        }
    }

    /// Adds a line of the server's own.
    pub(crate) fn say(&mut self, shared: &Shared, text: impl Into<String>) {
        self.waiting.push(LogLine {
            at: shared.clock.now(),
            level: LogLevel::Host,
            text: text.into(),
        });
    }

    /// Takes what the provider has said so far, so that it comes before what is
    /// added now.
    pub(crate) fn drain(&mut self) {
        while let Ok(line) = self.lines.try_recv() {
            self.waiting.push(line);
        }
    }

    /// Keeps what is left, also where nobody waits for the outcome any more.
    pub(crate) async fn end(mut self, shared: &Shared, job: &Job, outcome: Option<&Outcome>) {
        self.lines.close();
        self.drain();
        if let Some(Outcome::Failed(failure)) = outcome {
            self.say(
                shared,
                format!("{}: {}", failure.kind.as_str(), failure.message),
            );
        }
        self.keep(shared, job).await;
    }

    async fn keep(&mut self, shared: &Shared, job: &Job) {
        let lines = std::mem::take(&mut self.waiting);
        keep(shared, job, &lines).await;
    }
}

/// Puts lines into the log of the job's action.
pub(crate) async fn keep(shared: &Shared, job: &Job, lines: &[LogLine]) {
    if lines.is_empty() {
        return;
    }
    let kept = shared
        .store
        .append_logs(&job.tenant, job.action_execution, job.attempt, lines)
        .await;
    if let Err(error) = kept {
        tracing::warn!(job = %job.id, lines = lines.len(), %error, "log lines were not kept");
    }
    shared.doorbell.ring(job.execution);
}
