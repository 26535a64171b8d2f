//! What is the newest commit, and what changed since the last look? Asks for
//! names and ids only, and for directories where the files of changes are
//! wanted.

use crate::compare::Since;
use crate::cursor::{Cursor, mark};
use crate::limits::{CHANGES, CHANGES_WITH_FILES};
use crate::place::Place;
use crate::reference::{BRANCHES, Choice, Reference, References, TAGS, Wanted};
use crate::settings::Settings;
use crate::tree_diff::Room;
use crate::trouble::Result;
use crate::version;
use crate::{Configuration, FirstPush, report};
use gix_hash::ObjectId;
use lockgate_plugin::{Change, ChangeKind, Detection, Host, Revision, Watch};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn look<H: Host>(
    configuration: &Configuration,
    cursor: Option<&str>,
    watch: Watch,
    host: &H,
) -> Result<Detection> {
    let settings = Settings::new(configuration)?;
    let send = |request: &_, sink: &mut dyn std::io::Write| host.http_to(request, sink);
    let exec = |command: &_| host.exec(command);
    let place = Place::reach(&settings, host, &send, &exec)?;
    let wanted = &settings.wanted;
    let references = place.references(wanted, watch)?;
    let Some(choice) = wanted.choose(&references) else {
        let others = place.others(wanted)?;
        if others.list.is_empty() {
            // Nothing has been pushed yet.
            return Ok(Detection {
                newest: None,
                changes: Vec::new(),
                cursor: cursor.unwrap_or_default().to_owned(),
            });
        }
        return Err(wanted.missing(&settings.location.to_string(), &others));
    };
    let newest = match &place {
        Place::Local(repository) => report::revision(&repository.objects()?.commit(&choice.id)?),
        Place::Http(_) | Place::Ssh(_) => report::bare(choice.id.to_string()),
    };
    let looking = Looking {
        place: &place,
        watch,
        references: &references,
        first_push: configuration.first_push_files,
    };
    // The commit of a tag that is read from files is only known by now.
    let id = crate::object::parse_id(&newest.id).unwrap_or(choice.id);
    let known = cursor.and_then(Cursor::read);
    let (moves, next) = looking.moves(known, wanted, &choice, id)?;
    let mut room = Room::default();
    let mut changes = Vec::new();
    for it in moves {
        changes.push(looking.change(it, &mut room, host)?);
    }
    Ok(Detection {
        newest: Some(newest),
        changes,
        cursor: next.write()?,
    })
}

/// A branch or tag that is not what it was.
struct Move {
    kind: ChangeKind,
    to: ObjectId,
    since: Option<Since>,
}

struct Looking<'a> {
    place: &'a Place<'a>,
    watch: Watch,
    references: &'a References,
    first_push: FirstPush,
}

impl Looking<'_> {
    /// What changed, as much as one answer takes, and what is to be kept. What
    /// the answer does not take is kept as it was, and comes with the next.
    fn moves(
        &self,
        known: Option<Cursor>,
        wanted: &Wanted,
        choice: &Choice,
        newest: ObjectId,
    ) -> Result<(Vec<Move>, Cursor)> {
        let mut left = if self.watch.files {
            CHANGES_WITH_FILES
        } else {
            CHANGES
        };
        let mut next = Cursor {
            newest: Some(newest),
            ..Cursor::default()
        };
        let first = known.is_none();
        let known = known.unwrap_or_default();
        let mut moves = Vec::new();
        let covered = match wanted {
            Wanted::Head | Wanted::Branch(_) => self.watch.all_branches && known.branches.is_some(),
            Wanted::Tag(_) => self.watch.tags && known.tags.is_some(),
        };
        if !first && !covered && known.newest != Some(newest) {
            left -= 1;
            moves.push(match wanted {
                Wanted::Tag(_) => Move {
                    kind: ChangeKind::Tag {
                        name: choice.name.clone(),
                    },
                    to: newest,
                    since: None,
                },
                Wanted::Head | Wanted::Branch(_) => self.branch(&choice.name, known.newest, newest),
            });
        }
        if self.watch.all_branches {
            let (found, kept) = self.branches(known.branches, &choice.reference, &mut left)?;
            moves.extend(found);
            next.branches = Some(kept);
        }
        if self.watch.tags {
            let (found, kept) = self.tags(known.tags, &mut left)?;
            moves.extend(found);
            next.tags = Some(kept);
        }
        Ok((moves, next))
    }

    fn branches(
        &self,
        known: Option<BTreeMap<String, ObjectId>>,
        configured: &str,
        left: &mut usize,
    ) -> Result<(Vec<Move>, BTreeMap<String, ObjectId>)> {
        let mut list: Vec<&Reference> = self.with(BRANCHES).collect();
        // The one that is configured first, whatever else there is.
        list.sort_by_key(|branch| (branch.name != configured, branch.name.clone()));
        let mut moves = Vec::new();
        let mut kept = BTreeMap::new();
        for branch in list {
            let name = branch.name.strip_prefix(BRANCHES).unwrap_or_default();
            let was = known.as_ref().and_then(|known| known.get(name)).copied();
            let news = known.is_some() && was != Some(branch.id);
            if news && *left == 0 {
                if let Some(was) = was {
                    kept.insert(name.to_owned(), was);
                }
                continue;
            }
            if news {
                *left -= 1;
                moves.push(self.branch(name, was, branch.id));
            }
            kept.insert(name.to_owned(), branch.id);
        }
        Ok((moves, kept))
    }

    fn tags(
        &self,
        known: Option<BTreeSet<String>>,
        left: &mut usize,
    ) -> Result<(Vec<Move>, BTreeSet<String>)> {
        let mut list: Vec<&Reference> = self.with(TAGS).collect();
        list.sort_by(|a, b| version::compare(&b.name, &a.name));
        let mut moves = Vec::new();
        let mut kept = BTreeSet::new();
        for tag in list {
            let mark = mark(tag)?;
            if known.as_ref().is_some_and(|known| !known.contains(&mark)) {
                if *left == 0 {
                    continue;
                }
                *left -= 1;
                if let Some(to) = self.commit_of(tag)? {
                    let name = tag.name.strip_prefix(TAGS).unwrap_or_default().to_owned();
                    moves.push(Move {
                        kind: ChangeKind::Tag { name },
                        to,
                        since: None,
                    });
                }
            }
            kept.insert(mark);
        }
        Ok((moves, kept))
    }

    fn with(&self, folder: &'static str) -> impl Iterator<Item = &Reference> {
        self.references
            .list
            .iter()
            .filter(move |reference| reference.name.starts_with(folder))
    }

    /// What a tag means; none where it is no commit.
    fn commit_of(&self, tag: &Reference) -> Result<Option<ObjectId>> {
        match self.place {
            Place::Local(repository) => {
                let commit = repository.objects()?.commit(&tag.id);
                Ok(commit.ok().map(|commit| commit.id))
            }
            Place::Http(_) | Place::Ssh(_) => Ok(Some(tag.target())),
        }
    }

    fn branch(&self, name: &str, was: Option<ObjectId>, to: ObjectId) -> Move {
        let since = match was {
            _ if !self.watch.files => None,
            Some(was) => Some(Since::Commit(was)),
            None => Since::first_push(self.first_push, name, self.references),
        };
        Move {
            kind: ChangeKind::Branch {
                name: name.to_owned(),
                created: was.is_none(),
            },
            to,
            since,
        }
    }

    fn change<H: Host>(&self, it: Move, room: &mut Room, host: &H) -> Result<Change> {
        let warn = |text: &str| host.warning(text);
        let seen = match it.since {
            Some(since) => self.place.changed(since, it.to, room, &warn)?,
            None => Default::default(),
        };
        let revision = match &seen.commit {
            Some(commit) => report::revision(commit),
            None => report::bare(it.to.to_string()),
        };
        Ok(Change {
            kind: it.kind,
            revision: Revision {
                id: it.to.to_string(),
                ..revision
            },
            files: seen.files,
            repository: None,
            author: seen.commit.as_ref().map(report::author),
        })
    }
}
