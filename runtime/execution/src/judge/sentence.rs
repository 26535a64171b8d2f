//! A verdict as one sentence for people.

use super::verdict::{
    FileVerdict, FilterList, FilterPart, Ground, ItemVerdict, Mismatch, PartGround, PartVerdict,
    Verdict,
};
use lockgate_model::change::ChangeKind;
use lockgate_model::definition::PullRequestEvent;
use std::fmt::{self, Display, Formatter};

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let verb = if self.passes {
            "starts"
        } else {
            "does not start"
        };
        write!(
            f,
            "{} {verb} the pipeline: {}",
            named(&self.change),
            because(self)
        )
    }
}

/// A change in a few words.
pub(crate) fn named(change: &ChangeKind) -> String {
    match change {
        ChangeKind::Branch {
            name,
            created: false,
        } => format!("the push to branch '{name}'"),
        ChangeKind::Branch {
            name,
            created: true,
        } => format!("the first push of branch '{name}'"),
        ChangeKind::Tag { name } => format!("the push of tag '{name}'"),
        ChangeKind::PullRequest {
            event,
            number,
            source_branch,
            destination_branch,
            ..
        } => format!(
            "pull request {number} from '{source_branch}' into '{destination_branch}' ({})",
            event_name(*event)
        ),
    }
}

fn event_name(event: PullRequestEvent) -> &'static str {
    match event {
        PullRequestEvent::Open => "OPEN",
        PullRequestEvent::Updated => "UPDATED",
        PullRequestEvent::Closed => "CLOSED",
    }
}

fn because(verdict: &Verdict) -> String {
    let source = &verdict.source_action;
    match &verdict.ground {
        Ground::NoSource => {
            format!("its definition has no source action '{source}'")
        }
        Ground::DetectionOff { key } => {
            format!("source action '{source}' has {key} set to false and no trigger is about it")
        }
        Ground::OwnBranch { trigger, branch } => {
            let filters = without_filters(source, *trigger);
            match branch {
                Some(branch) => format!("{filters} every push to its branch '{branch}' starts it"),
                None => format!(
                    "{filters} pushes to its branch start it, and its configuration names none; set BranchName there or branches in a trigger"
                ),
            }
        }
        Ground::OwnTag { trigger, tag } => format!(
            "{} every tag that matches its TagName '{tag}' starts it",
            without_filters(source, *trigger)
        ),
        Ground::Filters { trigger, items } => {
            let deciding: Vec<String> = items
                .iter()
                .filter(|item| item.passes == verdict.passes)
                .map(|item| item_sentence(*trigger, item))
                .collect();
            deciding.join("; ")
        }
    }
}

fn without_filters(source: &str, trigger: Option<usize>) -> String {
    match trigger {
        Some(index) => format!("triggers[{index}] of source action '{source}' has no filters, so"),
        None => format!("source action '{source}' has no trigger, so"),
    }
}

fn item_sentence(trigger: usize, item: &ItemVerdict) -> String {
    let place = format!("triggers[{trigger}].{}[{}]", item.list.as_str(), item.index);
    if let Some(mismatch) = item.mismatch {
        return format!("{place} is about {}", about(mismatch));
    }
    if item.parts.is_empty() {
        let what = match item.list {
            FilterList::Push => "push to a branch",
            FilterList::PullRequest => "pull request",
        };
        return format!("{place} lets every {what} pass");
    }
    let parts: Vec<String> = item
        .parts
        .iter()
        .filter(|part| part.passes == item.passes)
        .map(|part| part_sentence(&place, part))
        .collect();
    parts.join(" and ")
}

fn about(mismatch: Mismatch) -> &'static str {
    match mismatch {
        Mismatch::OnlyPushes => "pushes only",
        Mismatch::OnlyPullRequests => "pull requests only",
        Mismatch::OnlyTags => "tags only",
        Mismatch::OnlyBranches => "branches only",
    }
}

fn part_sentence(place: &str, part: &PartVerdict) -> String {
    let place = format!("{place}.{}", part.part.as_str());
    let what = match part.part {
        FilterPart::Tags => "tag",
        FilterPart::Branches => "branch",
        FilterPart::FilePaths => "file",
        FilterPart::Events => "event",
    };
    match &part.because {
        PartGround::Included { value, pattern } => {
            format!("{what} '{value}' matches include '{pattern}' of {place}")
        }
        PartGround::NotExcluded { value } => {
            format!("{what} '{value}' matches no exclude of {place}, which has no includes")
        }
        PartGround::Excluded { value, pattern } => {
            format!("{what} '{value}' matches exclude '{pattern}' of {place}")
        }
        PartGround::NotIncluded { value } => {
            format!("{what} '{value}' matches no include of {place}")
        }
        PartGround::InvalidPattern { pattern, problem } => {
            format!("nothing passes {place}, whose pattern '{pattern}' {problem}")
        }
        PartGround::EventWanted { event } => {
            format!("{what} {} is one of {place}", event_name(*event))
        }
        PartGround::EventNotWanted { event, wanted } => {
            let wanted: Vec<_> = wanted.iter().map(|event| event_name(*event)).collect();
            format!(
                "{what} {} is none of {place} ({})",
                event_name(*event),
                wanted.join(", ")
            )
        }
        PartGround::FilesUnknown => {
            format!("{place} cannot pass, because the source could not tell which files changed")
        }
        PartGround::NoFilePasses { files: 0, .. } => {
            format!("{place} cannot pass, because no file changed")
        }
        PartGround::NoFilePasses { files, first } => {
            let mut reasons: Vec<String> = first.iter().map(file_sentence).collect();
            let more = files.saturating_sub(first.len());
            if more > 0 {
                reasons.push(format!("and so on for {more} more"));
            }
            let none = if *files == 1 {
                "the one changed file does not pass".to_owned()
            } else {
                format!("none of {files} changed files passes")
            };
            format!("{none} {place}: {}", reasons.join(", "))
        }
    }
}

fn file_sentence(verdict: &FileVerdict) -> String {
    let file = &verdict.file;
    match &verdict.excluded_by {
        Some(pattern) => format!("'{file}' matches exclude '{pattern}'"),
        None => format!("'{file}' matches no include"),
    }
}
