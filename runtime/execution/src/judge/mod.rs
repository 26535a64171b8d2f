//! Which changes of a source start a pipeline: the trigger filters of its
//! definition, or its source's own branch where there are none. Pure: knows no
//! execution, no source provider and no clock. `decide` calls it when a change is
//! reported and keeps the verdict in the log; `lockgate trigger explain` shows
//! it for a change that never was.

mod filters;
mod sentence;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use sentence::named;
pub use verdict::{
    FileVerdict, FilterList, FilterPart, Ground, ItemVerdict, Mismatch, PartGround, PartVerdict,
    Verdict,
};

use lockgate_model::action_type::Category;
use lockgate_model::change::{ChangeKind, SourceChange};
use lockgate_model::definition::{Action, Pipeline};
use lockgate_model::glob::Glob;

/// Configuration keys that name a source's branch, the newer spelling first.
const BRANCH_KEYS: [&str; 2] = ["BranchName", "Branch"];

/// The configuration key of a source that takes tags, as a glob.
const TAG_KEY: &str = "TagName";

/// The configuration key that turns off what starts a pipeline without a trigger.
/// `PollForSourceChanges` does not: who turns polling off starts it by a webhook.
const DETECTION_KEY: &str = "DetectChanges";

/// Whether this change, reported to this source action, starts the pipeline,
/// and what decided it.
#[must_use]
pub fn judge(definition: &Pipeline, source_action: &str, change: &SourceChange) -> Verdict {
    let ground = match source(definition, source_action) {
        None => Ground::NoSource,
        Some(action) => ground(definition, action, change),
    };
    let passes = match &ground {
        Ground::NoSource | Ground::DetectionOff { .. } => false,
        Ground::OwnBranch { branch, .. } => match &change.kind {
            ChangeKind::Branch { name, .. } => branch.as_ref() == Some(name),
            ChangeKind::Tag { .. } | ChangeKind::PullRequest { .. } => false,
        },
        Ground::OwnTag { tag, .. } => match &change.kind {
            ChangeKind::Tag { name } => Glob::new(tag).is_ok_and(|glob| glob.matches(name)),
            ChangeKind::Branch { .. } | ChangeKind::PullRequest { .. } => false,
        },
        Ground::Filters { items, .. } => items.iter().any(|item| item.passes),
    };
    Verdict {
        source_action: source_action.to_owned(),
        change: change.kind.clone(),
        passes,
        ground,
    }
}

/// The same for every source action of a pipeline, in the definition's order, or
/// for the one that is named.
#[must_use]
pub fn explain(
    definition: &Pipeline,
    change: &SourceChange,
    source_action: Option<&str>,
) -> Vec<(String, Verdict)> {
    let names: Vec<&str> = match source_action {
        Some(name) => vec![name],
        None => sources(definition)
            .map(|action| action.name.as_str())
            .collect(),
    };
    names
        .into_iter()
        .map(|name| (name.to_owned(), judge(definition, name, change)))
        .collect()
}

fn sources(definition: &Pipeline) -> impl Iterator<Item = &Action> {
    definition
        .stages
        .iter()
        .flat_map(|stage| &stage.actions)
        .filter(|action| action.action_type_id.category == Category::Source)
}

fn source<'d>(definition: &'d Pipeline, name: &str) -> Option<&'d Action> {
    sources(definition).find(|action| action.name == name)
}

fn ground(definition: &Pipeline, action: &Action, change: &SourceChange) -> Ground {
    let trigger = definition
        .triggers
        .iter()
        .map(|trigger| &trigger.git_configuration)
        .enumerate()
        .find(|(_, filters)| filters.source_action_name == action.name);
    match trigger {
        None => detection_off(action)
            .map_or_else(|| own(action, None), |key| Ground::DetectionOff { key }),
        Some((index, filters)) if filters.push.is_empty() && filters.pull_request.is_empty() => {
            own(action, Some(index))
        }
        Some((trigger, filters)) => Ground::Filters {
            trigger,
            items: filters::judge_items(filters, change),
        },
    }
}

/// The branch whose pushes start the pipeline by this source where no trigger is
/// about it, if its configuration names one.
pub(crate) fn own_branch(definition: &Pipeline, source_action: &str) -> Option<String> {
    match own(source(definition, source_action)?, None) {
        Ground::OwnBranch { branch, .. } => branch,
        _ => None,
    }
}

/// What a source takes by itself.
fn own(action: &Action, trigger: Option<usize>) -> Ground {
    let branch = BRANCH_KEYS.iter().find_map(|key| literal(action, key));
    match (branch, literal(action, TAG_KEY)) {
        (None, Some(tag)) => Ground::OwnTag {
            trigger,
            tag: tag.strip_prefix("refs/tags/").unwrap_or(tag).to_owned(),
        },
        (branch, _) => Ground::OwnBranch {
            trigger,
            branch: branch.map(|branch| {
                branch
                    .strip_prefix("refs/heads/")
                    .unwrap_or(branch)
                    .to_owned()
            }),
        },
    }
}

/// A value that says itself what it is, without variables.
fn literal<'a>(action: &'a Action, key: &str) -> Option<&'a str> {
    action
        .configuration
        .get(key)
        .map(String::as_str)
        .filter(|value| !value.is_empty() && !value.contains("#{"))
}

fn detection_off(action: &Action) -> Option<String> {
    let value = action.configuration.get(DETECTION_KEY)?;
    value
        .eq_ignore_ascii_case("false")
        .then(|| DETECTION_KEY.to_owned())
}
