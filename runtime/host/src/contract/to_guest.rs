//! Our words into the contract's: jobs and questions on their way into a guest.
//! Pure; called by the host just before a call.

use super::exports::source::{
    DetectRequest as GuestDetectRequest, Watch, WebhookRequest as GuestWebhookRequest,
};
use super::imports::types as wit;
use lockgate_model::action_type::{ActionType, Category};
use lockgate_model::definition::ConditionType;
use lockgate_model::job::{DetectRequest, Job};
use lockgate_model::webhook::WebhookRequest;
use std::collections::BTreeMap;

/// A job as its provider sees it. `deadline` is in milliseconds since the epoch.
pub(crate) fn job(job: Job, action_type: Option<&ActionType>, deadline: u64) -> wit::Job {
    wit::Job {
        id: job.id.to_string(),
        action_type: wit::ActionTypeId {
            category: category(job.action_type.category),
            owner: job.action_type.owner,
            provider: job.action_type.provider,
            version: job.action_type.version,
        },
        idempotency_key: job.action_execution.to_string(),
        attempt: job.attempt,
        account: job.tenant.into(),
        pipeline: job.pipeline,
        execution_id: job.execution.to_string(),
        stage: job.stage,
        action: job.action,
        condition: job.condition.map(condition),
        configuration: configuration(job.configuration, action_type),
        input_artifacts: job
            .input_artifacts
            .into_iter()
            .map(|artifact| wit::Artifact {
                path: format!("/in/{}", artifact.name),
                name: artifact.name,
                revision: artifact.revision,
                files: Vec::new(),
            })
            .collect(),
        output_artifacts: job
            .output_artifacts
            .into_iter()
            .map(|artifact| wit::Artifact {
                path: format!("/out/{}", artifact.name),
                name: artifact.name,
                revision: None,
                files: artifact.files,
            })
            .collect(),
        environment_variables: job
            .environment_variables
            .into_iter()
            .map(|variable| wit::Pair {
                name: variable.name,
                value: variable.value,
            })
            .collect(),
        commands: job.commands,
        output_variables: job.output_variables,
        revision: job.revision,
        continuation: job.continuation,
        deadline,
    }
}

/// A question to a source.
pub(crate) fn detect(
    request: DetectRequest,
    action_type: Option<&ActionType>,
) -> GuestDetectRequest {
    GuestDetectRequest {
        configuration: configuration(request.configuration, action_type),
        cursor: request.cursor,
        watch: Watch {
            all_branches: request.watch.all_branches,
            tags: request.watch.tags,
            files: request.watch.files,
        },
    }
}

/// A delivery to a source.
pub(crate) fn webhook(
    request: WebhookRequest,
    action_type: Option<&ActionType>,
) -> GuestWebhookRequest {
    GuestWebhookRequest {
        configuration: configuration(request.configuration, action_type),
        method: request.method,
        path: request.path,
        headers: request
            .headers
            .into_iter()
            .map(|(name, value)| wit::Pair {
                name: name.to_ascii_lowercase(),
                value,
            })
            .collect(),
        body: request.body.to_vec(),
        wants_files: request.wants_files,
    }
}

fn condition(condition: ConditionType) -> wit::ConditionType {
    match condition {
        ConditionType::BeforeEntry => wit::ConditionType::BeforeEntry,
        ConditionType::OnSuccess => wit::ConditionType::OnSuccess,
        ConditionType::OnFailure => wit::ConditionType::OnFailure,
    }
}

fn category(category: Category) -> wit::Category {
    match category {
        Category::Source => wit::Category::Source,
        Category::Build => wit::Category::Build,
        Category::Test => wit::Category::Test,
        Category::Deploy => wit::Category::Deploy,
        Category::Invoke => wit::Category::Invoke,
        Category::Approval => wit::Category::Approval,
        Category::Compute => wit::Category::Compute,
        Category::Rule => wit::Category::Rule,
    }
}

fn configuration(
    mut given: BTreeMap<String, String>,
    action_type: Option<&ActionType>,
) -> Vec<wit::Pair> {
    for property in action_type.iter().flat_map(|t| &t.properties) {
        if let Some(default) = &property.default
            && !given.contains_key(&property.name)
        {
            given.insert(property.name.clone(), default.clone());
        }
    }
    given
        .into_iter()
        .map(|(name, value)| wit::Pair { name, value })
        .collect()
}
