//! The filters of one trigger, item by item: OR between items, AND between the
//! parts of one, OR among the patterns of a part, excludes before includes.

use super::verdict::{
    FileVerdict, FilterList, FilterPart, ItemVerdict, Mismatch, PartGround, PartVerdict,
};
use lockgate_model::change::{ChangeKind, SourceChange};
use lockgate_model::definition::{
    GitConfiguration, GlobFilter, PullRequestEvent, PullRequestFilter, PushFilter,
};
use lockgate_model::glob::{Glob, InvalidGlob};

/// Files whose refusal a verdict explains one by one.
const FILES_EXPLAINED: usize = 3;

/// Every filter of a trigger, pushes first.
pub(super) fn judge_items(filters: &GitConfiguration, change: &SourceChange) -> Vec<ItemVerdict> {
    let pushes = filters
        .push
        .iter()
        .enumerate()
        .map(|(index, filter)| item(FilterList::Push, index, push(filter, change)));
    let pull_requests = filters
        .pull_request
        .iter()
        .enumerate()
        .map(|(index, filter)| item(FilterList::PullRequest, index, pull_request(filter, change)));
    pushes.chain(pull_requests).collect()
}

fn item(list: FilterList, index: usize, judged: Result<Vec<PartVerdict>, Mismatch>) -> ItemVerdict {
    match judged {
        Ok(parts) => ItemVerdict {
            list,
            index,
            passes: parts.iter().all(|part| part.passes),
            mismatch: None,
            parts,
        },
        Err(mismatch) => ItemVerdict {
            list,
            index,
            passes: false,
            mismatch: Some(mismatch),
            parts: vec![],
        },
    }
}

fn push(filter: &PushFilter, change: &SourceChange) -> Result<Vec<PartVerdict>, Mismatch> {
    let mut parts = vec![];
    match &change.kind {
        ChangeKind::PullRequest { .. } => return Err(Mismatch::OnlyPushes),
        ChangeKind::Branch { name, .. } => {
            if filter.tags.is_some() {
                return Err(Mismatch::OnlyTags);
            }
            if let Some(branches) = &filter.branches {
                parts.push(name_part(FilterPart::Branches, branches, name));
            }
        }
        ChangeKind::Tag { name } => match (&filter.tags, &filter.branches) {
            (Some(tags), None) => parts.push(name_part(FilterPart::Tags, tags, name)),
            (None, _) | (_, Some(_)) => return Err(Mismatch::OnlyBranches),
        },
    }
    if let Some(paths) = &filter.file_paths {
        parts.push(files_part(paths, change.files.as_deref()));
    }
    Ok(parts)
}

fn pull_request(
    filter: &PullRequestFilter,
    change: &SourceChange,
) -> Result<Vec<PartVerdict>, Mismatch> {
    let ChangeKind::PullRequest {
        event,
        destination_branch,
        ..
    } = &change.kind
    else {
        return Err(Mismatch::OnlyPullRequests);
    };
    let mut parts = vec![];
    if !filter.events.is_empty() {
        parts.push(events_part(&filter.events, *event));
    }
    if let Some(branches) = &filter.branches {
        parts.push(name_part(
            FilterPart::Branches,
            branches,
            destination_branch,
        ));
    }
    if let Some(paths) = &filter.file_paths {
        parts.push(files_part(paths, change.files.as_deref()));
    }
    Ok(parts)
}

fn events_part(wanted: &[PullRequestEvent], event: PullRequestEvent) -> PartVerdict {
    let passes = wanted.contains(&event);
    PartVerdict {
        part: FilterPart::Events,
        passes,
        because: if passes {
            PartGround::EventWanted { event }
        } else {
            PartGround::EventNotWanted {
                event,
                wanted: wanted.to_vec(),
            }
        },
    }
}

fn name_part(part: FilterPart, filter: &GlobFilter, name: &str) -> PartVerdict {
    let because = match Patterns::new(filter) {
        Ok(patterns) => patterns.judge(name),
        Err(invalid) => unusable(invalid),
    };
    PartVerdict {
        part,
        passes: because.passes(),
        because,
    }
}

fn files_part(filter: &GlobFilter, files: Option<&[String]>) -> PartVerdict {
    let because = match (Patterns::new(filter), files) {
        (Err(invalid), _) => unusable(invalid),
        (Ok(_), None) => PartGround::FilesUnknown,
        (Ok(patterns), Some(files)) => files_decision(&patterns, files),
    };
    PartVerdict {
        part: FilterPart::FilePaths,
        passes: because.passes(),
        because,
    }
}

fn files_decision(patterns: &Patterns, files: &[String]) -> PartGround {
    let mut first = vec![];
    for file in files {
        match patterns.judge(file) {
            PartGround::Excluded { value, pattern } if first.len() < FILES_EXPLAINED => {
                first.push(FileVerdict {
                    file: value,
                    excluded_by: Some(pattern),
                });
            }
            PartGround::NotIncluded { value } if first.len() < FILES_EXPLAINED => {
                first.push(FileVerdict {
                    file: value,
                    excluded_by: None,
                });
            }
            decision if decision.passes() => return decision,
            _ => {}
        }
    }
    PartGround::NoFilePasses {
        files: files.len(),
        first,
    }
}

fn unusable(invalid: InvalidGlob) -> PartGround {
    PartGround::InvalidPattern {
        pattern: invalid.pattern,
        problem: invalid.problem,
    }
}

impl PartGround {
    fn passes(&self) -> bool {
        match self {
            Self::Included { .. } | Self::NotExcluded { .. } | Self::EventWanted { .. } => true,
            Self::Excluded { .. }
            | Self::NotIncluded { .. }
            | Self::InvalidPattern { .. }
            | Self::EventNotWanted { .. }
            | Self::FilesUnknown
            | Self::NoFilePasses { .. } => false,
        }
    }
}

/// The patterns of one part, ready to match.
struct Patterns {
    includes: Vec<Glob>,
    excludes: Vec<Glob>,
}

impl Patterns {
    fn new(filter: &GlobFilter) -> Result<Self, InvalidGlob> {
        let globs = |patterns: &[String]| {
            patterns
                .iter()
                .map(|pattern| Glob::new(pattern))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            includes: globs(&filter.includes)?,
            excludes: globs(&filter.excludes)?,
        })
    }

    fn judge(&self, value: &str) -> PartGround {
        let first = |globs: &[Glob]| {
            globs
                .iter()
                .find(|glob| glob.matches(value))
                .map(|glob| glob.pattern().to_owned())
        };
        let value = value.to_owned();
        if let Some(pattern) = first(&self.excludes) {
            return PartGround::Excluded { value, pattern };
        }
        if self.includes.is_empty() {
            return PartGround::NotExcluded { value };
        }
        match first(&self.includes) {
            Some(pattern) => PartGround::Included { value, pattern },
            None => PartGround::NotIncluded { value },
        }
    }
}
