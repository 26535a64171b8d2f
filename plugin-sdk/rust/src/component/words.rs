//! Translation between the contract's types and the kit's own, both ways, and
//! nothing else.

use super::{CACHE, WORK, wit};
use crate::{
    ActionType, Artifact, ArtifactCount, ArtifactError, Category, Command, ConditionType,
    Description, Ending, ExecError, Exit, Failure, FailureType, InvokeError, Job, Level, Outcome,
    Output, PipelineError, Property, PropertyType, Revision, RevisionType, SecretError, Target,
};
use std::path::Path;
use wit::{artifacts, exec, invoke, log, pipelines, secrets, types};

pub(super) fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

pub(super) fn level(level: Level) -> log::Level {
    match level {
        Level::Info => log::Level::Info,
        Level::Warning => log::Level::Warning,
        Level::Error => log::Level::Error,
    }
}

pub(super) fn secret_error(error: secrets::Error) -> SecretError {
    match error {
        secrets::Error::Denied(text) => SecretError::Denied(text),
        secrets::Error::NotFound(text) => SecretError::NotFound(text),
    }
}

pub(super) fn artifact_error(error: artifacts::Error) -> ArtifactError {
    match error {
        artifacts::Error::Denied(text) => ArtifactError::Denied(text),
        artifacts::Error::NotFound(text) => ArtifactError::NotFound(text),
        artifacts::Error::Limit(text) => ArtifactError::Limit(text),
        artifacts::Error::Failed(text) => ArtifactError::Failed(text),
    }
}

pub(super) fn target(target: &Target) -> invoke::Target {
    match target {
        Target::File(file) => invoke::Target::File(path(file)),
        Target::Plugin(name) => invoke::Target::Plugin(name.clone()),
    }
}

pub(super) fn invoke_error(error: invoke::Error) -> InvokeError {
    match error {
        invoke::Error::Denied(text) => InvokeError::Denied(text),
        invoke::Error::NotFound(text) => InvokeError::NotFound(text),
        invoke::Error::Invalid(text) => InvokeError::Invalid(text),
        invoke::Error::Failed(text) => InvokeError::Failed(text),
        invoke::Error::Faulted(text) => InvokeError::Faulted(text),
    }
}

pub(super) fn source_revisions(
    revisions: &[crate::SourceRevision],
) -> Vec<pipelines::SourceRevision> {
    let kind = |kind: RevisionType| match kind {
        RevisionType::CommitId => pipelines::RevisionType::CommitId,
        RevisionType::ImageDigest => pipelines::RevisionType::ImageDigest,
        RevisionType::S3ObjectVersionId => pipelines::RevisionType::S3ObjectVersionId,
        RevisionType::S3ObjectKey => pipelines::RevisionType::S3ObjectKey,
    };
    let revision = |revision: &crate::SourceRevision| pipelines::SourceRevision {
        action_name: revision.action.clone(),
        revision_type: revision.kind.map(kind),
        revision_id: revision.id.clone(),
    };
    revisions.iter().map(revision).collect()
}

pub(super) fn pipeline_error(error: pipelines::Error) -> PipelineError {
    match error {
        pipelines::Error::Denied(text) => PipelineError::Denied(text),
        pipelines::Error::NotFound(text) => PipelineError::NotFound(text),
        pipelines::Error::Invalid(text) => PipelineError::Invalid(text),
        pipelines::Error::Failed(text) => PipelineError::Failed(text),
    }
}

pub(super) fn command(command: &Command) -> exec::Command {
    exec::Command {
        arguments: command.arguments.clone(),
        environment: to_pairs(&command.environment),
        working_directory: command
            .working_directory
            .as_deref()
            .map_or_else(|| WORK.to_owned(), path),
        input: command.input.clone(),
        timeout: command.timeout_seconds,
        output: match command.output {
            Output::Stream => exec::OutputMode::Stream,
            Output::Capture => exec::OutputMode::Capture,
        },
    }
}

pub(super) fn exit(exit: exec::Exit) -> Exit {
    Exit {
        ending: match exit.ended {
            exec::Ending::Code(code) => Ending::Code(code),
            exec::Ending::Signal(signal) => Ending::Signal(signal),
            exec::Ending::Timeout => Ending::Timeout,
            exec::Ending::Limit(limit) => Ending::Limit(limit),
        },
        output: exit.output,
    }
}

pub(super) fn exec_error(error: exec::Error) -> ExecError {
    match error {
        exec::Error::Denied(text) => ExecError::Denied(text),
        exec::Error::NotFound(text) => ExecError::NotFound(text),
        exec::Error::Failed(text) => ExecError::Failed(text),
    }
}

pub(super) fn job(job: types::Job) -> Job {
    Job {
        id: job.id,
        action_type: action_type(job.action_type),
        idempotency_key: job.idempotency_key,
        attempt: job.attempt,
        account: job.account,
        pipeline: job.pipeline,
        execution_id: job.execution_id,
        stage: job.stage,
        action: job.action,
        condition: job.condition.map(condition),
        configuration: from_pairs(job.configuration).collect(),
        input_artifacts: job.input_artifacts.into_iter().map(artifact).collect(),
        output_artifacts: job.output_artifacts.into_iter().map(artifact).collect(),
        environment_variables: from_pairs(job.environment_variables).collect(),
        commands: job.commands,
        output_variables: job.output_variables,
        revision: job.revision,
        continuation: job.continuation,
        deadline: job.deadline,
        work: WORK.into(),
        cache: CACHE.into(),
    }
}

fn action_type(id: types::ActionTypeId) -> ActionType {
    ActionType {
        category: match id.category {
            types::Category::Source => Category::Source,
            types::Category::Build => Category::Build,
            types::Category::Test => Category::Test,
            types::Category::Deploy => Category::Deploy,
            types::Category::Invoke => Category::Invoke,
            types::Category::Approval => Category::Approval,
            types::Category::Compute => Category::Compute,
            types::Category::Rule => Category::Rule,
        },
        owner: id.owner,
        provider: id.provider,
        version: id.version,
    }
}

fn condition(condition: types::ConditionType) -> ConditionType {
    match condition {
        types::ConditionType::BeforeEntry => ConditionType::BeforeEntry,
        types::ConditionType::OnSuccess => ConditionType::OnSuccess,
        types::ConditionType::OnFailure => ConditionType::OnFailure,
    }
}

fn artifact(artifact: types::Artifact) -> Artifact {
    Artifact {
        name: artifact.name,
        path: artifact.path.into(),
        revision: artifact.revision,
        files: artifact.files,
    }
}

pub(super) fn description(
    (description, properties): (Description, Vec<Property>),
) -> types::Description {
    types::Description {
        action_types: description
            .action_types
            .into_iter()
            .map(|id| types::ActionTypeId {
                category: category(id.category),
                owner: id.owner,
                provider: id.provider,
                version: id.version,
            })
            .collect(),
        summary: description.summary,
        properties: properties.into_iter().map(property).collect(),
        input_artifacts: count(description.inputs),
        output_artifacts: count(description.outputs),
        output_variables: description.variables,
    }
}

fn category(category: Category) -> types::Category {
    match category {
        Category::Source => types::Category::Source,
        Category::Build => types::Category::Build,
        Category::Test => types::Category::Test,
        Category::Deploy => types::Category::Deploy,
        Category::Invoke => types::Category::Invoke,
        Category::Approval => types::Category::Approval,
        Category::Compute => types::Category::Compute,
        Category::Rule => types::Category::Rule,
    }
}

fn property(property: Property) -> types::Property {
    types::Property {
        name: property.name,
        description: property.description,
        kind: match property.kind {
            PropertyType::Text => types::PropertyType::Text,
            PropertyType::Number => types::PropertyType::Number,
            PropertyType::Boolean => types::PropertyType::Boolean,
        },
        required: property.required,
        secret: property.secret,
        default_value: property.default,
    }
}

fn count(count: ArtifactCount) -> types::ArtifactCount {
    types::ArtifactCount {
        minimum: count.minimum,
        maximum: count.maximum,
    }
}

pub(super) fn outcome(outcome: Result<Outcome, Failure>) -> types::Outcome {
    match outcome {
        Ok(Outcome::Succeeded(success)) => types::Outcome::Succeeded(types::Succeeded {
            variables: to_pairs(&success.variables),
            revision: success.revision.map(revision),
            external_id: success.external_id,
            external_url: success.external_url,
            summary: success.summary,
        }),
        Ok(Outcome::Pending(pending)) => types::Outcome::Pending(types::Pending {
            continuation: pending.continuation,
            poll_after: pending.poll_after,
            percent: pending.percent,
            external_id: pending.external_id,
            external_url: pending.external_url,
            summary: pending.summary,
        }),
        Err(reason) => types::Outcome::Failed(failure(reason)),
    }
}

pub(super) fn failure(failure: Failure) -> types::Failure {
    types::Failure {
        kind: match failure.kind {
            FailureType::JobFailed => types::FailureType::JobFailed,
            FailureType::ConfigurationError => types::FailureType::ConfigurationError,
            FailureType::PermissionError => types::FailureType::PermissionError,
            FailureType::RevisionOutOfSync => types::FailureType::RevisionOutOfSync,
            FailureType::RevisionUnavailable => types::FailureType::RevisionUnavailable,
            FailureType::SystemUnavailable => types::FailureType::SystemUnavailable,
        },
        message: failure.message,
        external_id: failure.external_id,
        external_url: failure.external_url,
    }
}

pub(super) fn revision(revision: Revision) -> types::Revision {
    types::Revision {
        id: revision.id,
        summary: revision.summary,
        url: revision.url,
        created: revision.created,
    }
}

pub(super) fn from_pairs(pairs: Vec<types::Pair>) -> impl Iterator<Item = (String, String)> {
    pairs.into_iter().map(|pair| (pair.name, pair.value))
}

pub(super) fn to_pairs(pairs: &[(String, String)]) -> Vec<types::Pair> {
    pairs
        .iter()
        .map(|(name, value)| types::Pair {
            name: name.clone(),
            value: value.clone(),
        })
        .collect()
}
