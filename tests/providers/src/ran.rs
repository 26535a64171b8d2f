//! What came of a job, and its log.

use lockgate_model::job::{Failure, LogLine, Outcome, Pending, Success};

/// A job that was run.
#[derive(Debug)]
pub struct Ran {
    /// The outcome.
    pub outcome: Outcome,
    /// Every line.
    pub log: Vec<LogLine>,
}

impl Ran {
    /// What it succeeded with.
    ///
    /// # Panics
    /// It did not.
    #[track_caller]
    pub fn success(&self) -> &Success {
        match &self.outcome {
            Outcome::Succeeded(success) => success,
            other => panic!("{other:?}\n{}", self.log_text()),
        }
    }

    /// What it waits for.
    ///
    /// # Panics
    /// It does not.
    #[track_caller]
    pub fn pending(&self) -> &Pending {
        match &self.outcome {
            Outcome::Pending(pending) => pending,
            other => panic!("{other:?}\n{}", self.log_text()),
        }
    }

    /// Why it failed.
    ///
    /// # Panics
    /// It did not.
    #[track_caller]
    pub fn failure(&self) -> &Failure {
        match &self.outcome {
            Outcome::Failed(failure) => failure,
            other => panic!("{other:?}\n{}", self.log_text()),
        }
    }

    /// The texts of the log, one a line.
    #[must_use]
    pub fn log_text(&self) -> String {
        let texts: Vec<&str> = self.log.iter().map(|line| line.text.as_str()).collect();
        texts.join("\n")
    }
}
