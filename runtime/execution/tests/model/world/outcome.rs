//! What providers answer.

use super::step::Answer;
use lockgate_execution::ResolvedAction;
use lockgate_model::action_type::Category;
use lockgate_model::artifact::{Artifact, Digest};
use lockgate_model::id::JobId;
use lockgate_model::job::{External, Failure, Outcome, Pending, Revision, Success};
use std::collections::BTreeMap;

/// The outcome that an answer to this job is.
pub(crate) fn outcome(answer: &Answer, job: JobId, input: &ResolvedAction) -> Outcome {
    match answer {
        Answer::Succeeds {
            artifacts,
            revision,
            sets,
        } => {
            let mut success = success(job, input);
            if let Some(names) = artifacts {
                success.artifacts = names.iter().map(|name| artifact(name, job)).collect();
            }
            if let (Some(id), Some(made)) = (revision, &mut success.revision) {
                made.id.clone_from(id);
            }
            success.variables.extend(sets.iter().cloned());
            Outcome::Succeeded(success)
        }
        Answer::Fails { kind, words } => {
            let words = if words.is_empty() {
                "it said no"
            } else {
                words
            };
            Outcome::Failed(Failure::new(*kind, words))
        }
        Answer::GoesOn { seconds } => Outcome::Pending(Pending {
            continuation: "half way".to_owned(),
            poll_after: *seconds,
            percent: Some(50),
            external: External::default(),
        }),
    }
}

/// A success that makes what is to be made. A source fetches what it was asked
/// for, or a revision of its own.
pub(crate) fn success(job: JobId, input: &ResolvedAction) -> Success {
    let is_source = input.action_type.category == Category::Source;
    Success {
        variables: BTreeMap::new(),
        revision: is_source.then(|| Revision {
            id: input
                .revision
                .clone()
                .unwrap_or_else(|| "newest".to_owned()),
            summary: None,
            url: None,
            created: None,
        }),
        artifacts: input
            .output_artifacts
            .iter()
            .map(|wanted| artifact(&wanted.name, job))
            .collect(),
        external: External::default(),
    }
}

/// Every attempt makes other content.
fn artifact(name: &str, job: JobId) -> Artifact {
    let mut digest = [0; 32];
    digest[..16].copy_from_slice(job.0.as_bytes());
    Artifact {
        name: name.to_owned(),
        digest: Digest(digest),
        bytes: 1,
        files: 1,
        revision: None,
    }
}
