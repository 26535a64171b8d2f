//! A webhook delivery: who sent it, whether they know the secret, whether it is
//! about this repository, and what it announces. What a payload does not say, and
//! the repository knows, is asked there.

mod bitbucket;
mod bitbucket_server;
mod forge;
mod github;
mod gitlab;
mod identity;
mod told;

use crate::compare::Since;
use crate::limits::CHANGES;
use crate::location::Location;
use crate::object::parse_id;
use crate::place::Place;
use crate::reference::Wanted;
use crate::settings::Settings;
use crate::spool::readable;
use crate::tree_diff::Room;
use crate::trouble::{Result, Trouble, broken};
use crate::{Configuration, FirstPush};
use forge::Forge;
use gix_hash::ObjectId;
use lockgate_plugin::{Announcement, Change, ChangeKind, Delivery, Host, PullRequest, Watch};
use serde::de::DeserializeOwned;
use std::cell::OnceCell;
use told::{Base, News, Origin, Told, check_id};

pub(crate) fn receive<H: Host>(
    configuration: &Configuration,
    delivery: &Delivery,
    host: &H,
) -> Result<Option<Announcement>> {
    let settings = Settings::new(configuration)?;
    let (forge, event) = Forge::of(delivery)?;
    if event == "diagnostics:ping" {
        // Bitbucket's button "Test connection", which signs nothing.
        return Ok(None);
    }
    match configuration.webhook_secret.as_deref() {
        Some(secret) => forge.authenticate(delivery, secret, host)?,
        None if configuration.webhook_unauthenticated => {}
        None => {
            return Err(Trouble::Denied(
                "WebhookSecret: it is missing, so deliveries are refused; name the server's secret that the webhook is signed with".into(),
            ));
        }
    }
    let told = match forge {
        Forge::GitHub | Forge::Gitea => github::read(forge, event, &delivery.body),
        Forge::GitLab => gitlab::read(event, &delivery.body),
        Forge::Bitbucket => bitbucket::read(event, &delivery.body),
        Forge::BitbucketServer => bitbucket_server::read(event, &delivery.body),
    };
    let Some(told) = told? else { return Ok(None) };
    if told.changes.is_empty() || !told.repository.is(&settings.location) {
        return Ok(None);
    }
    let summary = summary(forge, &told, &settings.location);
    let send = |request: &_, sink: &mut dyn std::io::Write| host.http_to(request, sink);
    let exec = |command: &_| host.exec(command);
    let reach = || Place::reach(&settings, host, &send, &exec);
    let warn = |text: &str| host.warning(text);
    let mut completing = Completing {
        reach: &reach,
        place: OnceCell::new(),
        first_push: configuration.first_push_files,
        wants_files: delivery.wants_files,
        room: Room::default(),
        warn: &warn,
    };
    if told.changes.len() > CHANGES {
        host.warning(&format!(
            "the delivery tells of {} changes, and only the first {CHANGES} are taken",
            told.changes.len()
        ));
    }
    let mut changes = Vec::new();
    for news in told.changes.into_iter().take(CHANGES) {
        changes.push(completing.change(news, told.repository.name.as_deref())?);
    }
    Ok(Some(Announcement { changes, summary }))
}

/// Reads a payload.
fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).map_err(|error| {
        if body.starts_with(b"payload=") {
            return Trouble::Configuration(
                "the delivery is a form; set the webhook's content type to application/json".into(),
            );
        }
        broken(format!(
            "the delivery's body is not the JSON that its headers promise: {error}"
        ))
    })
}

fn summary(forge: Forge, told: &Told, location: &Location) -> String {
    let what = match told.changes.first().map(|news| &news.kind) {
        Some(ChangeKind::Branch { name, .. }) => format!("a push to {name}"),
        Some(ChangeKind::Tag { name }) => format!("the tag {name}"),
        Some(ChangeKind::PullRequest(request)) => format!("pull request {}", request.number),
        None => "nothing".into(),
    };
    let more = match told.changes.len() {
        0 | 1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    let name = told.repository.name.clone();
    let repository = name.unwrap_or_else(|| location.name());
    readable(format!("{}: {what}{more}, in {repository}", forge.name()).as_bytes())
}

/// Asks the repository what the payload does not say, and contacts it only
/// where that is needed.
struct Completing<'a> {
    reach: &'a dyn Fn() -> Result<Place<'a>>,
    place: OnceCell<Place<'a>>,
    first_push: FirstPush,
    wants_files: bool,
    room: Room,
    warn: &'a dyn Fn(&str),
}

impl<'a> Completing<'a> {
    fn change(&mut self, news: News, repository: Option<&str>) -> Result<Change> {
        let News {
            kind,
            mut revision,
            author,
            origin,
        } = news;
        check_id(&revision.id)?;
        if parse_id(&revision.id).is_none() {
            revision.id = self.whole(&revision.id, &kind)?;
        }
        revision.id.make_ascii_lowercase();
        let files = if self.wants_files {
            self.files(&kind, &revision.id, origin)?
        } else {
            None
        };
        Ok(Change {
            kind,
            revision,
            files,
            repository: repository.map(str::to_owned),
            author,
        })
    }

    fn place(&self) -> Result<&Place<'a>> {
        if self.place.get().is_none() {
            // Nobody else sets it: there is one thread.
            let _ = self.place.set((self.reach)()?);
        }
        self.place.get().ok_or_else(|| {
            Trouble::Unavailable("the repository cannot be reached a second time".into())
        })
    }

    /// The whole id of which `start` is the beginning, where one of the
    /// branches of a pull request ends there.
    fn whole(&self, start: &str, kind: &ChangeKind) -> Result<String> {
        if let ChangeKind::PullRequest(request) = kind {
            for branch in [&request.source_branch, &request.destination_branch] {
                let tip = self.place()?.tip(Some(branch))?.map(|id| id.to_string());
                if let Some(tip) = tip.filter(|tip| tip.starts_with(&start.to_ascii_lowercase())) {
                    return Ok(tip);
                }
            }
        }
        (self.warn)(&format!(
            "the delivery tells only the beginning of a commit's id, {start}, and no branch of the repository ends there"
        ));
        Ok(start.to_owned())
    }

    fn files(
        &mut self,
        kind: &ChangeKind,
        revision: &str,
        origin: Origin,
    ) -> Result<Option<Vec<String>>> {
        let id = |text: &str| parse_id(text);
        let (since, to) = match origin {
            Origin::Tag => return Ok(None),
            Origin::Files(files) => return Ok(self.room.hold(files)),
            Origin::Before(before) => (id(&before).map(Since::Commit), id(revision)),
            Origin::Created => {
                let ChangeKind::Branch { name, .. } = kind else {
                    return Ok(None);
                };
                let references = self.place()?.references(&Wanted::Head, Watch::default())?;
                let since = Since::first_push(self.first_push, name, &references);
                (since, id(revision))
            }
            Origin::Request(base) => self.since(base, kind, id(revision))?,
        };
        let (Some(since), Some(to)) = (since, to) else {
            return Ok(None);
        };
        // Not through `place()`, which would hold on to all of `self`.
        self.place()?;
        let Some(place) = self.place.get() else {
            return Ok(None);
        };
        Ok(place.changed(since, to, &mut self.room, self.warn)?.files)
    }

    /// What a pull request's last commit is compared with.
    fn since(
        &self,
        base: Base,
        kind: &ChangeKind,
        revision: Option<ObjectId>,
    ) -> Result<(Option<Since>, Option<ObjectId>)> {
        let parting = |tip| Since::Parting { tip, or_tip: false };
        Ok(match base {
            Base::Parted { head, at } => (parse_id(&at).map(Since::Commit), parse_id(&head)),
            Base::Tip { head, tip } => (parse_id(&tip).map(parting), parse_id(&head)),
            Base::Merge => (Some(Since::Parent), revision),
            Base::Destination => {
                let ChangeKind::PullRequest(PullRequest {
                    destination_branch, ..
                }) = kind
                else {
                    return Ok((None, None));
                };
                let tip = self.place()?.tip(Some(destination_branch))?;
                (tip.map(parting), revision)
            }
        })
    }
}
