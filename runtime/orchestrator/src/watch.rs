//! What the triggers of a definition need to know of a source, so that sources
//! are asked for no more than that. Used by the poll and by deliveries.

use lockgate_model::definition::{GitConfiguration, Pipeline};
use lockgate_model::job::Watch;

/// The filters that a definition declares for a source action; none where every
/// push to the source's own branch starts it.
pub(crate) fn declared<'a>(definition: &'a Pipeline, action: &str) -> Option<&'a GitConfiguration> {
    definition
        .triggers
        .iter()
        .map(|trigger| &trigger.git_configuration)
        .find(|filters| filters.source_action_name == action)
        .filter(|filters| !filters.push.is_empty() || !filters.pull_request.is_empty())
}

/// What a poll has to bring besides the newest revision.
pub(crate) fn watch_of(definition: &Pipeline, action: &str) -> Watch {
    let Some(filters) = declared(definition, action) else {
        return Watch::default();
    };
    let push = &filters.push;
    Watch {
        all_branches: push
            .iter()
            .any(|filter| filter.branches.is_some() || filter.file_paths.is_some()),
        tags: push.iter().any(|filter| filter.tags.is_some()),
        files: push.iter().any(|filter| filter.file_paths.is_some()),
    }
}

/// Whether some filter judges the files of a change.
pub(crate) fn wants_files(definition: &Pipeline, action: &str) -> bool {
    declared(definition, action).is_some_and(|filters| {
        filters
            .push
            .iter()
            .any(|filter| filter.file_paths.is_some())
            || filters
                .pull_request
                .iter()
                .any(|filter| filter.file_paths.is_some())
    })
}
