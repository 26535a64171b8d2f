//! How many stages and actions, which kinds where, and whose names are taken.

use super::Search;
use super::site::{self, Site};
use crate::action_type::Category;
use crate::definition::Stage;
use crate::definition::problem::{ProblemKind, quoted};

const MOST_STAGES: usize = 50;
const MOST_ACTIONS_IN_STAGE: usize = 50;
const MOST_ACTIONS: usize = 1000;
const MOST_VARIABLES: usize = 50;
const MOST_TRIGGERS: usize = 50;

/// The provider whose actions run commands.
const COMMANDS: &str = "Commands";

impl Search<'_> {
    pub(super) fn pipeline(&mut self) {
        let pipeline = self.pipeline;
        if pipeline.artifact_store.is_some() && pipeline.artifact_stores.is_some() {
            self.note(
                "artifactStores",
                "'artifactStore' and 'artifactStores' exclude one another; keep one of them",
            );
        }
        // "At least one stage that is not a source stage" follows from two
        // stages at least and sources in the first alone.
        let count = pipeline.stages.len();
        if count < 2 {
            self.note(
                "stages",
                format!(
                    "Pipeline has only {count} stage(s). There should be a minimum of 2 stages in a pipeline; write a stage of source actions first and at least one other after it"
                ),
            );
        }
    }

    /// Whether there is more of something than a pipeline may hold. The rest is
    /// checked only when there is not: comparing everything with everything
    /// takes time that no limit bounds.
    pub(super) fn is_oversized(&mut self) -> bool {
        let pipeline = self.pipeline;
        let mut counts = vec![
            (
                "stages".to_owned(),
                pipeline.stages.len(),
                "stages",
                MOST_STAGES,
            ),
            (
                "stages".to_owned(),
                site::of_pipeline(pipeline).count(),
                "actions",
                MOST_ACTIONS,
            ),
            (
                "variables".to_owned(),
                pipeline.variables.len(),
                "variables",
                MOST_VARIABLES,
            ),
            (
                "triggers".to_owned(),
                pipeline.triggers.len(),
                "triggers",
                MOST_TRIGGERS,
            ),
        ];
        for (index, stage) in pipeline.stages.iter().enumerate() {
            counts.push((
                format!("stages[{index}].actions"),
                stage.actions.len(),
                "actions in one stage",
                MOST_ACTIONS_IN_STAGE,
            ));
        }
        counts.retain(|(_, count, _, most)| count > most);
        let oversized = !counts.is_empty();
        for (path, count, what, most) in counts {
            self.note(
                path,
                format!(
                    "there are {count} {what}, and {most} is the most; remove some or divide the pipeline"
                ),
            );
        }
        oversized
    }

    pub(super) fn stage(&mut self, index: usize, stage: &Stage) {
        let before = self.pipeline.stages.iter().take(index);
        if let Some(first) = before
            .into_iter()
            .position(|other| other.name == stage.name)
        {
            self.note(
                format!("stages[{index}].name"),
                format!(
                    "stages[{first}] is named {} already; give one of them another name",
                    quoted(&stage.name)
                ),
            );
        }
        if stage.actions.is_empty() {
            self.note(
                format!("stages[{index}].actions"),
                format!(
                    "the stage {} has no actions; write at least one or remove the stage",
                    quoted(&stage.name)
                ),
            );
        }
    }

    pub(super) fn action(&mut self, site: Site<'_>) {
        let Site { stage, action, .. } = site;
        let before = stage.actions.iter().take(site.index);
        if let Some(first) = before
            .into_iter()
            .position(|other| other.name == action.name)
        {
            self.note_at(
                site,
                "name",
                format!(
                    "stages[{}].actions[{first}] is named {} already; give one of them another name",
                    site.stage_index,
                    site.name()
                ),
            );
        }
        let id = &action.action_type_id;
        if site.stage_index == 0 && id.category != Category::Source {
            self.note_as(
                ProblemKind::InvalidStructure,
                site.path("actionTypeId"),
                format!(
                    "the first stage holds source actions alone, and {} is of category {}; move it to a later stage",
                    site.name(),
                    id.category
                ),
            );
        }
        if site.stage_index > 0 && id.category == Category::Source {
            let first = self.pipeline.stages.first().map_or("", |stage| &stage.name);
            self.note_as(
                ProblemKind::InvalidStructure,
                site.path("actionTypeId"),
                format!(
                    "source actions stand in the first stage alone; move {} to stage {}",
                    site.name(),
                    quoted(first)
                ),
            );
        }
        if action.timeout_in_minutes.is_some() && !id.is_manual_approval() {
            self.note_at(
                site,
                "timeoutInMinutes",
                format!(
                    "only Approval/AWS/Manual/1 has a timeout of its own, and this is {id}; remove the key"
                ),
            );
        }
        self.compute_members(site);
    }

    /// Members that no provider but one of category Compute is told of.
    fn compute_members(&mut self, site: Site<'_>) {
        let action = site.action;
        let category = action.action_type_id.category;
        if category == Category::Compute {
            if action.action_type_id.provider == COMMANDS && action.commands.is_empty() {
                self.note_at(
                    site,
                    "",
                    format!(
                        "{} runs commands and has none; write 1 to 50 of them as 'commands'",
                        site.name()
                    ),
                );
            }
            return;
        }
        let files = action
            .output_artifacts
            .iter()
            .position(|artifact| !artifact.files.is_empty())
            .map(|index| format!("outputArtifacts[{index}].files"));
        let members = [
            (!action.commands.is_empty()).then(|| "commands".to_owned()),
            files,
            (!action.output_variables.is_empty()).then(|| "outputVariables".to_owned()),
        ];
        for member in members.into_iter().flatten() {
            let key = member.rsplit('.').next().unwrap_or_default().to_owned();
            self.note_at(
                site,
                &member,
                format!(
                    "'{key}' belongs to actions of category Compute alone, and {} is of category {category}; remove the key",
                    site.name()
                ),
            );
        }
        let runs_nothing = matches!(category, Category::Source | Category::Approval);
        if runs_nothing && !action.environment_variables.is_empty() {
            self.note_at(
                site,
                "environmentVariables",
                format!(
                    "an action of category {category} runs no commands, so {} has no environment; remove the key",
                    site.name()
                ),
            );
        }
    }

    pub(super) fn variables(&mut self) {
        let variables = &self.pipeline.variables;
        for (index, variable) in variables.iter().enumerate() {
            let mut before = variables.iter().take(index);
            if let Some(first) = before.position(|other| other.name == variable.name) {
                self.note(
                    format!("variables[{index}].name"),
                    format!(
                        "variables[{first}] is named {} already; remove one or give it another name",
                        quoted(&variable.name)
                    ),
                );
            }
        }
    }
}

pub(super) fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
