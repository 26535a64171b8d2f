//! What a judgement says. Kept in the log for ever: names and fields are
//! stable, new fields come with a default.

use lockgate_model::change::ChangeKind;
use lockgate_model::definition::PullRequestEvent;
use serde::{Deserialize, Serialize};

/// Whether a change starts a pipeline by one of its source actions, and what
/// decided it. Displayed as one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// To which source action it was reported.
    pub source_action: String,
    /// What was judged.
    pub change: ChangeKind,
    /// It starts the pipeline.
    pub passes: bool,
    /// What decided it.
    pub ground: Ground,
}

impl Verdict {
    /// Whether the change starts the pipeline.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.passes
    }
}

/// What decided about a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Ground {
    /// The definition has no source action of this name.
    NoSource,
    /// No trigger is about the source, and its configuration says that changes
    /// start nothing.
    DetectionOff {
        /// The configuration key that says so.
        key: String,
    },
    /// Without filters, every push to the source's own branch passes.
    OwnBranch {
        /// Position of the trigger that has no filter, from 0; absent: no
        /// trigger is about the source.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trigger: Option<usize>,
        /// The branch in its configuration; absent: it names none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        branch: Option<String>,
    },
    /// Without filters, every tag passes that a source which takes tags would
    /// take.
    OwnTag {
        /// As above.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        trigger: Option<usize>,
        /// The glob in its configuration.
        tag: String,
    },
    /// The filters of a trigger: one that passes is enough.
    Filters {
        /// The trigger's position in the definition, from 0.
        trigger: usize,
        /// Every filter of it, in the definition's order, pushes first.
        items: Vec<ItemVerdict>,
    },
}

/// Which list of filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FilterList {
    /// Of pushes.
    Push,
    /// Of pull requests.
    PullRequest,
}

impl FilterList {
    /// As the definition spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::PullRequest => "pullRequest",
        }
    }
}

/// What one filter of a trigger says: it passes when all its parts do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemVerdict {
    /// In which list it is.
    pub list: FilterList,
    /// Where in it, from 0.
    pub index: usize,
    /// What it says.
    pub passes: bool,
    /// It is about something else than this change; no part was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mismatch: Option<Mismatch>,
    /// What each of its parts says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartVerdict>,
}

/// What a filter is about that the change is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mismatch {
    /// Pushes, and this is a pull request.
    OnlyPushes,
    /// Pull requests, and this is a push.
    OnlyPullRequests,
    /// Tags, and this is a push to a branch.
    OnlyTags,
    /// Branches, and this is a tag.
    OnlyBranches,
}

/// A part of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FilterPart {
    /// Of the tag.
    Tags,
    /// Of the branch, of a pull request the one it goes to.
    Branches,
    /// Of the changed files.
    FilePaths,
    /// Of what happened to the pull request.
    Events,
}

impl FilterPart {
    /// As the definition spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Branches => "branches",
            Self::FilePaths => "filePaths",
            Self::Events => "events",
        }
    }
}

/// What one part of a filter says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartVerdict {
    /// Which.
    pub part: FilterPart,
    /// What it says.
    pub passes: bool,
    /// Why.
    pub because: PartGround,
}

/// Why a part says what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum PartGround {
    /// An include matches, no exclude does.
    Included {
        /// The branch, tag or file.
        value: String,
        /// The first include that matches.
        pattern: String,
    },
    /// There are no includes, and no exclude matches.
    NotExcluded {
        /// The branch, tag or file.
        value: String,
    },
    /// An exclude matches, whatever the includes say.
    Excluded {
        /// The branch, tag or file.
        value: String,
        /// The first exclude that matches.
        pattern: String,
    },
    /// No include matches.
    NotIncluded {
        /// The branch, tag or file.
        value: String,
    },
    /// A pattern of the part means nothing: nothing passes it.
    InvalidPattern {
        /// As it was written.
        pattern: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The event is one of those wanted.
    EventWanted {
        /// What happened to the pull request.
        event: PullRequestEvent,
    },
    /// It is none of them.
    EventNotWanted {
        /// What happened to the pull request.
        event: PullRequestEvent,
        /// Those wanted.
        wanted: Vec<PullRequestEvent>,
    },
    /// The source could not tell which files changed.
    FilesUnknown,
    /// Every file was judged alone, and none passes.
    NoFilePasses {
        /// How many there are.
        files: usize,
        /// The first of them.
        first: Vec<FileVerdict>,
    },
}

/// Why one file does not pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileVerdict {
    /// Its path.
    pub file: String,
    /// The exclude that matches; absent: no include does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded_by: Option<String>,
}
