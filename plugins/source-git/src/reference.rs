//! Branches and tags: which one an action wants, and which commit that is in a
//! list of what a repository has. Knows no network and no disk.

use crate::trouble::{Result, Trouble};
use crate::version;
use gix_hash::ObjectId;

/// What an action asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The branch that `HEAD` names.
    Head,
    /// The newest commit of a branch, by its short name.
    Branch(String),
    /// The newest tag whose short name fits this glob.
    Tag(String),
}

/// One branch or tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The full name, such as `refs/heads/main`.
    pub name: String,
    /// What it points at.
    pub id: ObjectId,
    /// Where that is an annotated tag and the server said so: what the tag
    /// points at.
    pub peeled: Option<ObjectId>,
}

/// What a repository has, or the part of it that was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References {
    /// The commit of `HEAD`, where there is one.
    pub head: Option<ObjectId>,
    /// The full name of the branch that `HEAD` names.
    pub head_branch: Option<String>,
    /// Branches and tags; annotated tags point at the tag object.
    pub list: Vec<Reference>,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The short name of the branch or tag; `HEAD` where it names no branch.
    pub name: String,
    /// The full name.
    pub reference: String,
    /// What it points at: a commit, or an annotated tag of which only the tag
    /// is known.
    pub id: ObjectId,
}

impl Reference {
    /// What it means: the commit, where that is known.
    pub(crate) fn target(&self) -> ObjectId {
        self.peeled.unwrap_or(self.id)
    }
}

pub(crate) const BRANCHES: &str = "refs/heads/";
pub(crate) const TAGS: &str = "refs/tags/";

impl Wanted {
    /// Reads BranchName and TagName.
    ///
    /// # Errors
    /// Both are given, or the branch's name cannot be one.
    pub fn new(branch: Option<&str>, tag: Option<&str>) -> Result<Self> {
        match (branch, tag) {
            (Some(_), Some(_)) => Err(Trouble::Configuration(
                "BranchName and TagName are both given; keep the one that is meant".into(),
            )),
            (None, None) => Ok(Self::Head),
            (None, Some(tag)) => Ok(Self::Tag(tag.strip_prefix(TAGS).unwrap_or(tag).into())),
            (Some(branch), None) => {
                let short = branch.strip_prefix(BRANCHES).unwrap_or(branch);
                if is_name(&format!("{BRANCHES}{short}")) {
                    Ok(Self::Branch(short.into()))
                } else {
                    Err(Trouble::Configuration(format!(
                        "BranchName: '{branch}' cannot be the name of a branch; write it as 'git branch' shows it"
                    )))
                }
            }
        }
    }

    /// What a server should list so that `choose` can choose.
    #[must_use]
    pub fn prefix(&self) -> String {
        match self {
            Self::Head => "HEAD".into(),
            Self::Branch(name) => format!("{BRANCHES}{name}"),
            Self::Tag(glob) => {
                let literal = glob.find(['*', '?']).unwrap_or(glob.len());
                format!("{TAGS}{}", glob.get(..literal).unwrap_or_default())
            }
        }
    }

    /// What a server should list when `choose` finds nothing, to name what
    /// there is instead.
    #[must_use]
    pub fn wider_prefix(&self) -> &'static str {
        match self {
            Self::Tag(_) => TAGS,
            Self::Head | Self::Branch(_) => BRANCHES,
        }
    }

    /// The wanted one among those of a repository.
    #[must_use]
    pub fn choose(&self, references: &References) -> Option<Choice> {
        let of = |full: &str, short: &str| {
            let found = references.list.iter().find(|r| r.name == full)?;
            Some(Choice {
                name: short.into(),
                reference: full.into(),
                id: found.target(),
            })
        };
        match self {
            Self::Head => {
                let full = references.head_branch.as_deref().unwrap_or("HEAD");
                let short = full.strip_prefix(BRANCHES).unwrap_or(full);
                match references.head {
                    Some(id) => Some(Choice {
                        name: short.into(),
                        reference: full.into(),
                        id,
                    }),
                    None => of(full, short),
                }
            }
            Self::Branch(name) => of(&format!("{BRANCHES}{name}"), name),
            Self::Tag(glob) => references
                .list
                .iter()
                .filter_map(|r| Some((r.name.strip_prefix(TAGS)?, r)))
                .filter(|(short, _)| version::matches(glob.as_bytes(), short.as_bytes()))
                .max_by(|(a, _), (b, _)| version::compare(a, b))
                .map(|(short, r)| Choice {
                    name: short.into(),
                    reference: r.name.clone(),
                    id: r.target(),
                }),
        }
    }

    /// What is to be taken: the wanted one, or this commit under the name of
    /// the branch or tag that was asked for.
    #[must_use]
    pub fn take(&self, revision: Option<ObjectId>, references: &References) -> Option<Choice> {
        let Some(id) = revision else {
            return self.choose(references);
        };
        let named = |full: &str| Choice {
            name: full.strip_prefix(BRANCHES).unwrap_or(full).into(),
            reference: full.into(),
            id,
        };
        Some(match self {
            Self::Branch(name) => named(&format!("{BRANCHES}{name}")),
            Self::Head => named(references.head_branch.as_deref().unwrap_or("HEAD")),
            Self::Tag(_) => {
                let mut at = references.clone();
                at.list.retain(|reference| reference.target() == id);
                self.choose(&at).unwrap_or_else(|| named("HEAD"))
            }
        })
    }

    /// The sentence for when nothing fits; `others` is what there is.
    #[must_use]
    pub fn missing(&self, repository: &str, others: &References) -> Trouble {
        let (what, short) = match self {
            Self::Head => ("HEAD".to_owned(), "HEAD"),
            Self::Branch(name) => (format!("branch '{name}'"), name.as_str()),
            Self::Tag(glob) => (format!("tag that fits '{glob}'"), glob.as_str()),
        };
        let prefix = self.wider_prefix();
        let names = nearest(
            short,
            others
                .list
                .iter()
                .filter_map(|r| r.name.strip_prefix(prefix)),
        );
        let kind = if prefix == TAGS { "tags" } else { "branches" };
        Trouble::Missing(if names.is_empty() {
            format!("{repository} has no {what}, and no {kind} at all; push one first")
        } else if *self == Self::Head {
            format!(
                "{repository} has a HEAD that names no branch with commits; set BranchName to one of its {kind}: {}",
                names.join(", ")
            )
        } else {
            format!(
                "{repository} has no {what}; its {kind} nearest to that are {}",
                names.join(", ")
            )
        })
    }
}

/// Whether this can be a reference's full name (`git check-ref-format`).
#[must_use]
pub fn is_name(full: &str) -> bool {
    gix_validate::reference::name(full.into()).is_ok()
}

/// Up to five names, the most alike first.
fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<_> = names
        .take(10_000)
        .map(|name| (distance(wanted, name), name))
        .collect();
    names.sort_unstable();
    names.into_iter().take(5).map(|(_, name)| name).collect()
}

/// Letters to insert, remove or change (Levenshtein), ignoring case; of the
/// first 64 letters.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.to_lowercase().chars().take(64).collect();
    let mut row: Vec<usize> = (0..=a.len()).collect();
    for (i, b) in b.to_lowercase().chars().take(64).enumerate() {
        let mut above_left = i;
        let mut left = i + 1;
        for (cell, a) in row.iter_mut().skip(1).zip(&a) {
            let change = above_left + usize::from(*a != b);
            above_left = *cell;
            left = change.min(left + 1).min(above_left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(names: &[&str]) -> References {
        let id = |n: usize| ObjectId::Sha1([u8::try_from(n).unwrap() + 1; 20]);
        References {
            head: Some(id(0)),
            head_branch: Some("refs/heads/main".into()),
            list: names
                .iter()
                .enumerate()
                .map(|(n, name)| Reference {
                    name: (*name).into(),
                    id: id(n),
                    peeled: None,
                })
                .collect(),
        }
    }

    #[test]
    fn the_wanted_branch_or_newest_tag_is_chosen() {
        let all = references(&[
            "refs/heads/main",
            "refs/heads/main2",
            "refs/tags/v1.9.0",
            "refs/tags/v1.10.0",
            "refs/tags/v1.10.0-rc1",
            "refs/tags/w2",
        ]);
        for (wanted, name) in [
            (Wanted::Head, "main"),
            (Wanted::Branch("main2".into()), "main2"),
            (Wanted::Tag("v*".into()), "v1.10.0"),
            (Wanted::Tag("v1.?.0".into()), "v1.9.0"),
            (Wanted::Tag("*-rc*".into()), "v1.10.0-rc1"),
            (Wanted::Tag("w2".into()), "w2"),
        ] {
            assert_eq!(wanted.choose(&all).unwrap().name, name);
        }
        assert_eq!(Wanted::Branch("mai".into()).choose(&all), None);
        assert_eq!(Wanted::Tag("x*".into()).choose(&all), None);
    }

    #[test]
    fn a_missing_branch_is_answered_with_near_names() {
        let all = references(&[
            "refs/heads/main",
            "refs/heads/develop",
            "refs/heads/release/1",
        ]);
        let missing = |wanted: Wanted| wanted.missing("https://h/r", &all).to_string();
        assert_eq!(
            missing(Wanted::Branch("devleop".into())),
            "https://h/r has no branch 'devleop'; its branches nearest to that are develop, main, release/1"
        );
        assert_eq!(
            missing(Wanted::Tag("v*".into())),
            "https://h/r has no tag that fits 'v*', and no tags at all; push one first"
        );
    }

    #[test]
    fn names_that_cannot_be_branches_are_refused() {
        for bad in ["../x", "a..b", "a b", "-", "x.lock", "", "a//b", "/a"] {
            let wanted = Wanted::new(Some(bad), None);
            if bad == "-" {
                assert_eq!(wanted, Ok(Wanted::Branch("-".into())));
            } else {
                assert!(matches!(wanted, Err(Trouble::Configuration(_))), "{bad}");
            }
        }
        assert_eq!(
            Wanted::new(Some("refs/heads/a"), None),
            Ok(Wanted::Branch("a".into()))
        );
        assert!(Wanted::new(Some("a"), Some("b")).is_err());
    }

    #[test]
    fn the_prefix_asked_of_a_server_is_the_literal_part() {
        assert_eq!(Wanted::Tag("v1.*".into()).prefix(), "refs/tags/v1.");
        assert_eq!(
            Wanted::Tag("release-2026".into()).prefix(),
            "refs/tags/release-2026"
        );
    }
}
