//! Triggers against the sources they are about, and which parts of a filter
//! stand together (user guide, "Filter triggers").

use super::Search;
use super::site::{self, Site};
use crate::action_type::Category;
use crate::definition::nearest::nearest;
use crate::definition::problem::{listed, quoted};
use crate::definition::{GlobFilter, PullRequestFilter, PushFilter};
use crate::glob::pattern_problem;

/// All triggers of a pipeline, in bytes of JSON (user guide, "Quotas").
const MOST_BYTES: usize = 200 * 1024;

/// What AWS says of every combination that it does not take.
const INVALID: &str = "The trigger configuration for the source action is not valid. Make sure to choose valid filter combinations";

impl Search<'_> {
    pub(super) fn triggers(&mut self) {
        let triggers = &self.pipeline.triggers;
        // A trigger is only texts and lists of them: it is always JSON.
        let bytes = serde_json::to_vec(triggers).map_or(0, |json| json.len());
        if bytes > MOST_BYTES {
            self.note(
                "triggers",
                format!(
                    "the triggers have {bytes} bytes of JSON and may have {MOST_BYTES}; write fewer or shorter patterns"
                ),
            );
            return;
        }
        for (index, trigger) in triggers.iter().enumerate() {
            if self.problems.is_full() {
                return;
            }
            let git = &trigger.git_configuration;
            let path = format!("triggers[{index}].gitConfiguration");
            self.trigger_source(index, &git.source_action_name, &path);
            for (index, filter) in git.push.iter().enumerate() {
                self.push_filter(filter, &format!("{path}.push[{index}]"));
            }
            for (index, filter) in git.pull_request.iter().enumerate() {
                self.pull_request_filter(filter, &format!("{path}.pullRequest[{index}]"));
            }
        }
    }

    fn trigger_source(&mut self, index: usize, name: &str, path: &str) {
        let path = format!("{path}.sourceActionName");
        let is_source = |site: &Site<'_>| site.action.action_type_id.category == Category::Source;
        let named = |site: &Site<'_>| site.action.name == name;
        let sources = || site::of_pipeline(self.pipeline).filter(is_source);
        if !sources().any(|site| named(&site)) {
            let known = || sources().map(|site| site.action.name.as_str());
            let what = match site::of_pipeline(self.pipeline).find(named) {
                Some(site) => format!(
                    "{} is of category {}, and a trigger is about a source action",
                    site.full_name(),
                    site.action.action_type_id.category
                ),
                None => format!("{} is not an action of this pipeline", quoted(name)),
            };
            let instead = match nearest(name, known()) {
                Some(near) => format!("did you mean {}?", quoted(near)),
                None => format!("write {}", listed(known(), "or")),
            };
            self.note(path, format!("{what}; {instead}"));
            return;
        }
        let mut before = self.pipeline.triggers.iter().take(index);
        if let Some(first) =
            before.position(|other| other.git_configuration.source_action_name == name)
        {
            self.note(
                path,
                format!(
                    "triggers[{first}] is about {} already; put the filters of both into one trigger",
                    quoted(name)
                ),
            );
        }
    }

    fn push_filter(&mut self, filter: &PushFilter, path: &str) {
        let PushFilter {
            tags,
            branches,
            file_paths,
        } = filter;
        let fault = match (tags, branches, file_paths) {
            (Some(_), None, None) | (None, Some(_), _) => None,
            (Some(_), Some(_), None) => {
                Some("tags and branches in one filter; write two filters, one with each")
            }
            (Some(_), _, Some(_)) => {
                Some("a tag has no filePaths; write two filters, one with tags alone")
            }
            (None, None, Some(_)) => Some("filePaths go with branches; add branches"),
            (None, None, None) => {
                Some("this filter has neither tags nor branches; write one of them")
            }
        };
        if let Some(fault) = fault {
            self.note(path, format!("{INVALID}: {fault}"));
        }
        self.patterns(tags.as_ref(), path, "tags");
        self.patterns(branches.as_ref(), path, "branches");
        self.patterns(file_paths.as_ref(), path, "filePaths");
    }

    fn pull_request_filter(&mut self, filter: &PullRequestFilter, path: &str) {
        let PullRequestFilter {
            events,
            branches,
            file_paths,
        } = filter;
        if branches.is_none() {
            self.note(
                path,
                format!(
                    "{INVALID}: a pull request filter has branches, with or without filePaths and events; add branches"
                ),
            );
        }
        for (index, event) in events.iter().enumerate() {
            if events.iter().take(index).any(|other| other == event) {
                self.note(
                    format!("{path}.events[{index}]"),
                    "the event stands twice; remove one",
                );
            }
        }
        self.patterns(branches.as_ref(), path, "branches");
        self.patterns(file_paths.as_ref(), path, "filePaths");
    }

    fn patterns(&mut self, filter: Option<&GlobFilter>, path: &str, member: &str) {
        let Some(filter) = filter else {
            return;
        };
        if filter.includes.is_empty() && filter.excludes.is_empty() {
            self.note(
                format!("{path}.{member}"),
                format!("'{member}' has neither includes nor excludes; write at least one pattern"),
            );
        }
        for (list, patterns) in [
            ("includes", &filter.includes),
            ("excludes", &filter.excludes),
        ] {
            for (index, pattern) in patterns.iter().enumerate() {
                if let Some(problem) = pattern_problem(pattern) {
                    self.note(
                        format!("{path}.{member}.{list}[{index}]"),
                        format!("the pattern {} {problem}", quoted(pattern)),
                    );
                }
            }
        }
    }
}
