//! What only a pipeline of type V2 has (user guide, "Pipeline types").

use super::{Search, site};
use crate::action_type::{ActionTypeId, Category};
use crate::definition::problem::ProblemKind;
use crate::definition::{ConditionType, ExecutionMode, PipelineType, Stage};

/// The providers of AWS that V1 does not know.
const V2_PROVIDERS: [(Category, &str); 6] = [
    (Category::Compute, "Commands"),
    (Category::Build, "ECRBuildAndPublish"),
    (Category::Deploy, "EC2"),
    (Category::Deploy, "EKS"),
    (Category::Deploy, "Lambda"),
    (Category::Invoke, "CodePipeline"),
];

impl Search<'_> {
    pub(super) fn generation(&mut self) {
        let pipeline = self.pipeline;
        if pipeline.pipeline_type != PipelineType::V1 {
            return;
        }
        let mode = match pipeline.execution_mode {
            ExecutionMode::Superseded => None,
            ExecutionMode::Queued => Some("QUEUED"),
            ExecutionMode::Parallel => Some("PARALLEL"),
        };
        if let Some(mode) = mode {
            self.only_v2(
                "executionMode".to_owned(),
                &format!("'{mode}'"),
                "write executionMode \"SUPERSEDED\"",
            );
        }
        let remove = "remove the key";
        if !pipeline.variables.is_empty() {
            self.only_v2("variables".to_owned(), "'variables'", remove);
        }
        let mut pushes = pipeline
            .triggers
            .iter()
            .flat_map(|trigger| &trigger.git_configuration.push);
        if pushes.any(|filter| filter.tags.is_some()) {
            self.note(
                "triggers",
                "Triggers on tag can only be used with V2 pipelines; write pipelineType \"V2\" or remove the key",
            );
        } else if !pipeline.triggers.is_empty() {
            self.only_v2("triggers".to_owned(), "'triggers'", remove);
        }
        for (index, stage) in pipeline.stages.iter().enumerate() {
            for when in ConditionType::ALL {
                if has(stage, when) {
                    let member = when.member();
                    let path = format!("stages[{index}].{member}");
                    self.only_v2(path, &format!("'{member}'"), remove);
                }
            }
        }
        for site in site::of_pipeline(pipeline) {
            let id = &site.action.action_type_id;
            if is_v2(id) {
                let path = site.path("actionTypeId");
                self.only_v2(path, &id.to_string(), "use another action type");
            }
        }
    }

    fn only_v2(&mut self, path: String, what: &str, instead: &str) {
        self.note_as(
            ProblemKind::InvalidStructure,
            path,
            format!(
                "{what} is of pipeline type V2 alone, and this pipeline is of type V1; write pipelineType \"V2\", or {instead}"
            ),
        );
    }
}

fn has(stage: &Stage, when: ConditionType) -> bool {
    match when {
        ConditionType::BeforeEntry => stage.before_entry.is_some(),
        ConditionType::OnSuccess => stage.on_success.is_some(),
        ConditionType::OnFailure => stage.on_failure.is_some(),
    }
}

fn is_v2(id: &ActionTypeId) -> bool {
    id.owner == "AWS"
        && V2_PROVIDERS
            .iter()
            .any(|(category, provider)| *category == id.category && *provider == id.provider)
}
