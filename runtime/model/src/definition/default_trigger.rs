//! The trigger that AWS writes into a definition whose source is a connection
//! and that has no triggers: pushes to the source's branch. Only under AWS's
//! own limits: whoever keeps definitions as code sees it as a change that
//! nobody made.

use super::{
    GitConfiguration, GlobFilter, Pipeline, PipelineType, PushFilter, TriggerDeclaration,
    TriggerProvider,
};
use crate::action_type::Category;

/// The provider of a connection's sources.
const CONNECTION: &str = "CodeStarSourceConnection";

/// Adds one for each source of a connection that detects changes, where a
/// pipeline of type V2 has no trigger at all.
pub(super) fn add_default_triggers(pipeline: &mut Pipeline) {
    if pipeline.pipeline_type != PipelineType::V2 || !pipeline.triggers.is_empty() {
        return;
    }
    let sources = pipeline.stages.iter().take(1).flat_map(|s| &s.actions);
    let triggers = sources.filter_map(|action| {
        let id = &action.action_type_id;
        let detects = action
            .configuration
            .get("DetectChanges")
            .is_none_or(|value| !value.eq_ignore_ascii_case("false"));
        let connected = id.category == Category::Source && id.provider == CONNECTION;
        let branch = action.configuration.get("BranchName")?;
        let detects = detects && !branch.contains("#{");
        (connected && detects).then(|| TriggerDeclaration {
            provider_type: TriggerProvider::CodeStarSourceConnection,
            git_configuration: GitConfiguration {
                source_action_name: action.name.clone(),
                push: vec![PushFilter {
                    branches: Some(GlobFilter {
                        includes: vec![branch.clone()],
                        excludes: vec![],
                    }),
                    ..PushFilter::default()
                }],
                pull_request: vec![],
            },
        })
    });
    pipeline.triggers = triggers.collect();
}
