//! Answers in the contract's words: output variables, revision, failures.

use crate::object::Commit;
use crate::trouble::Trouble;
use jiff::Timestamp;
use lockgate_plugin::{Author, Failure, FailureType, Outcome, Revision, Success};

/// CodeCommit's output variables.
pub(crate) const VARIABLES: [&str; 6] = [
    "AuthorDate",
    "BranchName",
    "CommitId",
    "CommitMessage",
    "CommitterDate",
    "RepositoryName",
];

/// Bytes of a message or summary that go into an answer.
const MESSAGE_BYTES: usize = 16 * 1024;
const SUMMARY_BYTES: usize = 512;

pub(crate) fn success(commit: &Commit, branch: &str, repository: &str) -> Outcome {
    let values = [
        date(commit.authored),
        branch.to_owned(),
        commit.id.to_string(),
        cut(&commit.message, MESSAGE_BYTES),
        date(commit.committed),
        repository.to_owned(),
    ];
    VARIABLES
        .into_iter()
        .zip(values)
        .fold(Success::new(), |success, (name, value)| {
            success.variable(name, value)
        })
        .revision(revision(commit))
        .summary(cut(commit.summary(), SUMMARY_BYTES))
        .into()
}

pub(crate) fn revision(commit: &Commit) -> Revision {
    Revision {
        id: commit.id.to_string(),
        summary: Some(cut(commit.summary(), SUMMARY_BYTES)),
        url: None,
        created: u64::try_from(commit.committed.saturating_mul(1000)).ok(),
    }
}

/// A commit of which only the id is known.
pub(crate) fn bare(id: String) -> Revision {
    Revision {
        id,
        ..Revision::default()
    }
}

/// Who wrote a commit.
pub(crate) fn author(commit: &Commit) -> Author {
    let told = |text: &str| (!text.is_empty()).then(|| cut(text, SUMMARY_BYTES));
    Author {
        name: told(&commit.author),
        email: told(&commit.email),
        id: None,
    }
}

/// The first line of a message, so much of it as is shown.
pub(crate) fn summary(message: &str) -> Option<String> {
    let first = message.trim_start().lines().next()?;
    Some(cut(first, SUMMARY_BYTES))
}

pub(crate) fn failure(trouble: Trouble) -> Failure {
    let kind = match trouble {
        Trouble::Configuration(_) => FailureType::ConfigurationError,
        Trouble::Denied(_) => FailureType::PermissionError,
        Trouble::Missing(_) => FailureType::RevisionUnavailable,
        Trouble::Unavailable(_) => FailureType::SystemUnavailable,
        Trouble::Content(_) => FailureType::JobFailed,
    };
    Failure::new(kind, trouble.to_string())
}

/// ISO 8601 in UTC, to the second; the epoch where Git's date is absurd.
fn date(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string()
}

fn cut(text: &str, bytes: usize) -> String {
    text.get(..text.floor_char_boundary(bytes))
        .unwrap_or(text)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_iso_8601_in_utc() {
        assert_eq!(date(1_567_367_921), "2019-09-01T19:58:41Z");
        assert_eq!(date(-1), "1969-12-31T23:59:59Z");
        assert_eq!(date(i64::MAX), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_long_message_is_cut_between_letters() {
        assert_eq!(cut("aä", 2), "a");
        assert_eq!(cut("aä", 3), "aä");
    }
}
