//! What a definition gives to the other pipeline, in AWS's own JSON.

use lockgate_plugin::{Failure, Problem, RevisionType, SourceRevision};
use serde::Deserialize;
use std::collections::BTreeSet;

/// `SourceRevisions`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Revisions(Vec<Revision>);

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Revision {
    action_name: String,
    revision_type: Kind,
    revision_value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    CommitId,
    ImageDigest,
    S3ObjectVersionId,
    S3ObjectKey,
}

/// `Variables`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Variables(Vec<Variable>);

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    name: String,
    value: String,
}

impl Revisions {
    /// In the kit's words.
    ///
    /// # Errors
    /// A source action is given the same kind of revision twice.
    pub fn into_revisions(self) -> Result<Vec<SourceRevision>, Failure> {
        let mut seen = BTreeSet::new();
        for revision in &self.0 {
            if !seen.insert((&revision.action_name, revision.revision_type)) {
                return Err(twice("SourceRevisions", &revision.action_name));
            }
        }
        let kind = |kind: Kind| match kind {
            Kind::CommitId => RevisionType::CommitId,
            Kind::ImageDigest => RevisionType::ImageDigest,
            Kind::S3ObjectVersionId => RevisionType::S3ObjectVersionId,
            Kind::S3ObjectKey => RevisionType::S3ObjectKey,
        };
        let revision = |revision: Revision| SourceRevision {
            action: revision.action_name,
            kind: Some(kind(revision.revision_type)),
            id: revision.revision_value,
        };
        Ok(self.0.into_iter().map(revision).collect())
    }
}

impl Variables {
    /// Names and values.
    ///
    /// # Errors
    /// A variable is given twice.
    pub fn into_pairs(self) -> Result<Vec<(String, String)>, Failure> {
        let mut seen = BTreeSet::new();
        for variable in &self.0 {
            if !seen.insert(&variable.name) {
                return Err(twice("Variables", &variable.name));
            }
        }
        let pair = |variable: Variable| (variable.name, variable.value);
        Ok(self.0.into_iter().map(pair).collect())
    }
}

fn twice(key: &str, name: &str) -> Failure {
    Problem {
        key: key.to_owned(),
        value: Some(name.to_owned()),
        remedy: "name it once: it is there twice".to_owned(),
    }
    .into()
}
