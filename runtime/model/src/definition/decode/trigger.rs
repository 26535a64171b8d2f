//! Reads triggers and their filters. Which parts of a filter may stand
//! together is for `check`.

use super::fields::{Decoder, Fields, Shape};
use crate::definition::form;
use crate::definition::read::Format;
use crate::definition::tree::Node;
use crate::definition::{
    GitConfiguration, GlobFilter, PullRequestEvent, PullRequestFilter, PushFilter,
    TriggerDeclaration, TriggerProvider,
};

pub(super) const TRIGGER: Shape = Shape {
    what: "a trigger",
    keys: &["providerType", "gitConfiguration"],
    refused: &[],
};

pub(super) const GIT: Shape = Shape {
    what: "a trigger's gitConfiguration",
    keys: &["sourceActionName", "push", "pullRequest"],
    refused: &[],
};

pub(super) const PUSH: Shape = Shape {
    what: "a push filter",
    keys: &["tags", "branches", "filePaths"],
    refused: &[],
};

pub(super) const PULL_REQUEST: Shape = Shape {
    what: "a pull request filter",
    keys: &["events", "branches", "filePaths"],
    refused: &[],
};

pub(super) const PATTERNS: Shape = Shape {
    what: "a filter's patterns",
    keys: &["includes", "excludes"],
    refused: &[],
};

const EVENTS: &[(&str, PullRequestEvent)] = &[
    ("OPEN", PullRequestEvent::Open),
    ("UPDATED", PullRequestEvent::Updated),
    ("CLOSED", PullRequestEvent::Closed),
];

/// Filters for pushes, and as many for pull requests (API reference,
/// `GitPushFilterList`).
const MOST_FILTERS: usize = 3;

/// API reference, `GitBranchPatternList`.
const MOST_PATTERNS: usize = 8;

impl Decoder<'_> {
    pub(super) fn trigger(&mut self, node: &Node, path: String) -> Option<TriggerDeclaration> {
        let fields = self.table(node, path, &TRIGGER)?;
        let provider_type = match fields.get("providerType") {
            Some(node) => self.choice(
                node,
                &fields.path_of("providerType"),
                "a trigger's provider",
                &[(
                    "CodeStarSourceConnection",
                    TriggerProvider::CodeStarSourceConnection,
                )],
            ),
            // There is only one, and its name means nothing outside of AWS.
            None if self.format == Format::Toml => Some(TriggerProvider::default()),
            None => {
                self.missing(&fields, "providerType", "\"CodeStarSourceConnection\"");
                None
            }
        };
        let git_configuration = match fields.get("gitConfiguration") {
            Some(node) => self.git_configuration(node, fields.path_of("gitConfiguration")),
            None => {
                let what = "a table with sourceActionName and filters";
                self.missing(&fields, "gitConfiguration", what);
                None
            }
        };
        Some(TriggerDeclaration {
            provider_type: provider_type?,
            git_configuration: git_configuration?,
        })
    }

    fn git_configuration(&mut self, node: &Node, path: String) -> Option<GitConfiguration> {
        let fields = self.table(node, path, &GIT)?;
        let source_action_name = self.name(&fields, "sourceActionName", &form::ACTION_NAME);
        let push = self
            .some(&fields, "push", "filters", MOST_FILTERS)
            .into_iter()
            .filter_map(|(path, node)| self.push(node, path))
            .collect();
        let pull_request = self
            .some(&fields, "pullRequest", "filters", MOST_FILTERS)
            .into_iter()
            .filter_map(|(path, node)| self.pull_request(node, path))
            .collect();
        Some(GitConfiguration {
            source_action_name,
            push,
            pull_request,
        })
    }

    fn push(&mut self, node: &Node, path: String) -> Option<PushFilter> {
        let fields = self.table(node, path, &PUSH)?;
        Some(PushFilter {
            tags: self.patterns(&fields, "tags"),
            branches: self.patterns(&fields, "branches"),
            file_paths: self.patterns(&fields, "filePaths"),
        })
    }

    fn pull_request(&mut self, node: &Node, path: String) -> Option<PullRequestFilter> {
        let fields = self.table(node, path, &PULL_REQUEST)?;
        let events = self
            .some(&fields, "events", "events", EVENTS.len())
            .into_iter()
            .filter_map(|(path, node)| {
                self.choice(node, &path, "an event of a pull request", EVENTS)
            })
            .collect();
        Some(PullRequestFilter {
            events,
            branches: self.patterns(&fields, "branches"),
            file_paths: self.patterns(&fields, "filePaths"),
        })
    }

    fn patterns(&mut self, filter: &Fields<'_>, key: &str) -> Option<GlobFilter> {
        let node = filter.get(key)?;
        let fields = self.table(node, filter.path_of(key), &PATTERNS)?;
        let mut texts = |key| self.texts(&fields, key, "patterns", &form::PATTERN, MOST_PATTERNS);
        Some(GlobFilter {
            includes: texts("includes"),
            excludes: texts("excludes"),
        })
    }
}
