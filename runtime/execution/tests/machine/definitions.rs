//! Small definitions, and the answers that a world gives to jobs.

use lockgate_model::action_type::{ActionTypeId, Category};
use lockgate_model::artifact::{Artifact, Digest};
use lockgate_model::definition::{
    Action, Condition, ConditionResult, Conditions, ExecutionMode, FailureConditions,
    InputArtifact, OutputArtifact, Pipeline, PipelineType, RetryConfiguration, RetryMode, Rule,
    Stage, VariableDeclaration,
};
use lockgate_model::job::{
    External, Failure, FailureType, Job, Outcome, Pending, Revision, Success,
};
use std::collections::BTreeMap;

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

pub(crate) fn action(name: &str, category: Category) -> Action {
    Action {
        name: name.into(),
        action_type_id: ActionTypeId {
            category,
            owner: "AWS".into(),
            provider: "Plain".into(),
            version: "1".into(),
        },
        run_order: 1,
        configuration: BTreeMap::new(),
        commands: vec![],
        environment_variables: vec![],
        input_artifacts: vec![],
        output_artifacts: vec![],
        output_variables: vec![],
        role_arn: None,
        region: None,
        namespace: None,
        timeout_in_minutes: None,
    }
}

pub(crate) fn source(name: &str) -> Action {
    action(name, Category::Source)
}

pub(crate) fn build(name: &str) -> Action {
    action(name, Category::Build)
}

pub(crate) fn approval(name: &str) -> Action {
    Action {
        action_type_id: ActionTypeId::manual_approval(),
        ..action(name, Category::Approval)
    }
}

/// Words for actions, to be read in one line.
pub(crate) trait Words {
    fn order(self, number: u32) -> Self;
    fn takes(self, artifact: &str) -> Self;
    fn makes(self, artifact: &str) -> Self;
    fn space(self, namespace: &str) -> Self;
    fn key(self, key: &str, value: &str) -> Self;
}

impl Words for Action {
    fn order(mut self, number: u32) -> Self {
        self.run_order = number;
        self
    }
    fn takes(mut self, artifact: &str) -> Self {
        self.input_artifacts.push(InputArtifact {
            name: artifact.into(),
        });
        self
    }
    fn makes(mut self, artifact: &str) -> Self {
        self.output_artifacts.push(OutputArtifact {
            name: artifact.into(),
            files: vec![],
        });
        self
    }
    fn space(mut self, namespace: &str) -> Self {
        self.namespace = Some(namespace.into());
        self
    }
    fn key(mut self, key: &str, value: &str) -> Self {
        self.configuration.insert(key.into(), value.into());
        self
    }
}

pub(crate) fn stage(name: &str, actions: Vec<Action>) -> Stage {
    Stage {
        name: name.into(),
        actions,
        before_entry: None,
        on_success: None,
        on_failure: None,
    }
}

/// A rule that a provider of this name judges.
pub(crate) fn rule(name: &str, provider: &str) -> Rule {
    Rule {
        name: name.into(),
        rule_type_id: ActionTypeId {
            category: Category::Rule,
            owner: "AWS".into(),
            provider: provider.into(),
            version: "1".into(),
        },
        configuration: BTreeMap::new(),
        commands: vec![],
        input_artifacts: vec![],
        role_arn: None,
        region: None,
        timeout_in_minutes: None,
    }
}

pub(crate) fn condition(result: Option<ConditionResult>, rules: Vec<Rule>) -> Condition {
    Condition { result, rules }
}

/// Words for stages.
pub(crate) trait Judged {
    fn entry(self, result: Option<ConditionResult>, rules: Vec<Rule>) -> Self;
    fn success(self, result: Option<ConditionResult>, rules: Vec<Rule>) -> Self;
    fn failure(self, result: Option<ConditionResult>, rules: Vec<Rule>) -> Self;
    fn on_failure(self, result: ConditionResult, mode: Option<RetryMode>) -> Self;
}

impl Judged for Stage {
    fn entry(mut self, result: Option<ConditionResult>, rules: Vec<Rule>) -> Self {
        self.before_entry = Some(Conditions {
            conditions: vec![condition(result, rules)],
        });
        self
    }
    fn success(mut self, result: Option<ConditionResult>, rules: Vec<Rule>) -> Self {
        self.on_success = Some(Conditions {
            conditions: vec![condition(result, rules)],
        });
        self
    }
    fn failure(mut self, result: Option<ConditionResult>, rules: Vec<Rule>) -> Self {
        self.on_failure = Some(FailureConditions {
            conditions: vec![condition(result, rules)],
            ..FailureConditions::default()
        });
        self
    }
    fn on_failure(mut self, result: ConditionResult, mode: Option<RetryMode>) -> Self {
        self.on_failure = Some(FailureConditions {
            result: Some(result),
            retry_configuration: mode.map(|mode| RetryConfiguration {
                retry_mode: Some(mode),
            }),
            conditions: vec![],
        });
        self
    }
}

pub(crate) fn pipeline(stages: Vec<Stage>) -> Pipeline {
    Pipeline {
        name: "site".into(),
        role_arn: None,
        artifact_store: None,
        artifact_stores: None,
        stages,
        version: 1,
        execution_mode: ExecutionMode::Superseded,
        pipeline_type: PipelineType::V2,
        variables: vec![],
        triggers: vec![],
    }
}

/// Source `get` makes `src`; Build `make` takes it; Deploy `put`.
pub(crate) fn three_stages() -> Pipeline {
    pipeline(vec![
        stage("Source", vec![source("get").makes("src").space("git")]),
        stage("Build", vec![build("make").takes("src").makes("bin")]),
        stage("Deploy", vec![action("put", Category::Deploy).takes("bin")]),
    ])
}

pub(crate) fn variable(name: &str, default: Option<&str>) -> VariableDeclaration {
    VariableDeclaration {
        name: name.into(),
        default_value: default.map(Into::into),
        description: None,
    }
}

/// A success that makes what the job asks for.
pub(crate) fn success(job: &Job) -> Success {
    Success {
        variables: BTreeMap::from([("by".to_owned(), job.action.clone())]),
        revision: (job.action_type.category == Category::Source).then(|| Revision {
            id: format!("rev-of-{}", job.action),
            summary: None,
            url: None,
            created: None,
        }),
        artifacts: job
            .output_artifacts
            .iter()
            .map(|wanted| artifact(&wanted.name, job))
            .collect(),
        external: External::default(),
    }
}

pub(crate) fn artifact(name: &str, job: &Job) -> Artifact {
    let mut digest = [0; 32];
    digest[..16].copy_from_slice(job.id.0.as_bytes());
    Artifact {
        name: name.into(),
        digest: Digest(digest),
        bytes: 1,
        files: 1,
        revision: None,
    }
}

pub(crate) fn failure(message: &str) -> Outcome {
    Outcome::Failed(Failure::new(FailureType::JobFailed, message))
}

pub(crate) fn pending(continuation: &str, poll_after: u32) -> Outcome {
    Outcome::Pending(Pending {
        continuation: continuation.into(),
        poll_after,
        percent: None,
        external: External::default(),
    })
}
