//! The contract's words into ours: what a guest answered, measured against the
//! limit on answers first. Pure; called by the host right after a call.

use super::imports::types as wit;
use lockgate_model::action_type::{
    ActionType, ActionTypeId, ArtifactCount, Category, Property, PropertyType,
};
use lockgate_model::job::{External, Failure, FailureType, Outcome, Pending, Revision, Success};
use lockgate_model::time::Timestamp;

/// An answer larger than the limit.
pub(crate) struct TooLarge {
    /// Bytes of text in it.
    pub(crate) bytes: u64,
}

/// What a provider says came of a job.
pub(crate) fn outcome(outcome: wit::Outcome, limit: u64) -> Result<Outcome, TooLarge> {
    let mut size = Size::default();
    let outcome = match outcome {
        wit::Outcome::Succeeded(yes) => {
            for pair in &yes.variables {
                size.add(&pair.name);
                size.add(&pair.value);
            }
            Outcome::Succeeded(Success {
                variables: yes
                    .variables
                    .into_iter()
                    .map(|pair| (pair.name, pair.value))
                    .collect(),
                revision: yes.revision.map(|it| revision(it, &mut size)),
                artifacts: Vec::new(),
                external: external(yes.external_id, yes.external_url, yes.summary, &mut size),
            })
        }
        wit::Outcome::Pending(wait) => {
            size.add(&wait.continuation);
            Outcome::Pending(Pending {
                continuation: wait.continuation,
                poll_after: wait.poll_after,
                percent: wait.percent.map(|percent| percent.min(100)),
                external: external(wait.external_id, wait.external_url, wait.summary, &mut size),
            })
        }
        wit::Outcome::Failed(no) => Outcome::Failed(failure_of(no, &mut size)),
    };
    size.within(limit).map(|()| outcome)
}

/// Why a provider says it failed.
pub(crate) fn failure(no: wit::Failure, limit: u64) -> Result<Failure, TooLarge> {
    let mut size = Size::default();
    let failure = failure_of(no, &mut size);
    size.within(limit).map(|()| failure)
}

/// What a provider says of itself: one action type for each of its names.
pub(crate) fn descriptions(
    descriptions: Vec<wit::Description>,
    limit: u64,
) -> Result<Vec<ActionType>, TooLarge> {
    let mut size = Size::default();
    for description in &descriptions {
        size.bytes = size.bytes.saturating_add(bytes_of(description));
    }
    size.within(limit)?;
    Ok(descriptions.into_iter().flat_map(action_types).collect())
}

/// Bytes of what becomes of a description: every name carries a copy of the rest.
fn bytes_of(description: &wit::Description) -> u64 {
    let mut size = Size::default();
    size.add(&description.summary);
    for property in &description.properties {
        size.add(&property.name);
        size.add(&property.description);
        size.add(property.default_value.as_deref().unwrap_or_default());
    }
    for name in &description.output_variables {
        size.add(name);
    }
    for id in &description.action_types {
        size.add(&id.owner);
        size.add(&id.provider);
        size.add(&id.version);
    }
    let names = description.action_types.len().max(1) as u64;
    size.bytes.saturating_mul(names)
}

fn action_types(description: wit::Description) -> Vec<ActionType> {
    let properties: Vec<Property> = description
        .properties
        .into_iter()
        .map(|property| Property {
            name: property.name,
            description: property.description,
            kind: match property.kind {
                wit::PropertyType::Text => PropertyType::String,
                wit::PropertyType::Number => PropertyType::Number,
                wit::PropertyType::Boolean => PropertyType::Boolean,
            },
            required: property.required,
            secret: property.secret,
            default: property.default_value,
        })
        .collect();
    let count = |count: wit::ArtifactCount| ArtifactCount {
        minimum: count.minimum,
        maximum: count.maximum,
    };
    description
        .action_types
        .into_iter()
        .map(|id| ActionType {
            id: ActionTypeId {
                category: category(id.category),
                owner: id.owner,
                provider: id.provider,
                version: id.version,
            },
            summary: description.summary.clone(),
            properties: properties.clone(),
            input_artifacts: count(description.input_artifacts),
            output_artifacts: count(description.output_artifacts),
            output_variables: description.output_variables.clone(),
            worker: false,
        })
        .collect()
}

/// How much was answered so far.
#[derive(Default)]
pub(crate) struct Size {
    bytes: u64,
}

impl Size {
    /// Empty texts cost memory too, so every text counts a little more than it
    /// says.
    pub(crate) fn add(&mut self, text: &str) {
        self.count(text.len() as u64 + 8);
    }

    /// What is not text.
    pub(crate) fn count(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    pub(crate) fn within(&self, limit: u64) -> Result<(), TooLarge> {
        if self.bytes > limit {
            Err(TooLarge { bytes: self.bytes })
        } else {
            Ok(())
        }
    }
}

pub(crate) fn revision(revision: wit::Revision, size: &mut Size) -> Revision {
    size.add(&revision.id);
    size.add(revision.summary.as_deref().unwrap_or_default());
    size.add(revision.url.as_deref().unwrap_or_default());
    Revision {
        id: revision.id,
        summary: revision.summary,
        url: revision.url,
        created: revision
            .created
            .map(|millis| Timestamp(i64::try_from(millis).unwrap_or(i64::MAX))),
    }
}

fn external(
    id: Option<String>,
    url: Option<String>,
    summary: Option<String>,
    size: &mut Size,
) -> External {
    for text in [&id, &url, &summary].into_iter().flatten() {
        size.add(text);
    }
    External { id, url, summary }
}

fn failure_of(no: wit::Failure, size: &mut Size) -> Failure {
    size.add(&no.message);
    Failure {
        kind: match no.kind {
            wit::FailureType::JobFailed => FailureType::JobFailed,
            wit::FailureType::ConfigurationError => FailureType::ConfigurationError,
            wit::FailureType::PermissionError => FailureType::PermissionError,
            wit::FailureType::RevisionOutOfSync => FailureType::RevisionOutOfSync,
            wit::FailureType::RevisionUnavailable => FailureType::RevisionUnavailable,
            wit::FailureType::SystemUnavailable => FailureType::SystemUnavailable,
        },
        message: no.message,
        external: external(no.external_id, no.external_url, None, size),
    }
}

fn category(category: wit::Category) -> Category {
    match category {
        wit::Category::Source => Category::Source,
        wit::Category::Build => Category::Build,
        wit::Category::Test => Category::Test,
        wit::Category::Deploy => Category::Deploy,
        wit::Category::Invoke => Category::Invoke,
        wit::Category::Approval => Category::Approval,
        wit::Category::Compute => Category::Compute,
        wit::Category::Rule => Category::Rule,
    }
}
