//! The configured repository, however it is reached: its branches and tags, and
//! the parts of its history that tell what changed. Nothing here is written to
//! disk, so that it works where there is no directory for work.

use crate::limits::{FETCHED_COMMITS, FETCHED_COMMITS_WITH_FILES};
use crate::local::Repository;
use crate::location::Location;
use crate::objects::Objects;
use crate::pack::receive;
use crate::reference::{BRANCHES, References, TAGS, Wanted};
use crate::settings::Settings;
use crate::smart::{Extent, Remote, Send};
use crate::spool::{Spool, Spooled};
use crate::ssh::{Exec, Ssh};
use crate::trouble::{Result, Trouble};
use gix_hash::ObjectId;
use lockgate_plugin::{Host, Watch};

/// A repository that can be asked.
pub(crate) enum Place<'a> {
    /// Over https.
    Http(Remote<'a>),
    /// Over ssh.
    Ssh(Ssh<'a>),
    /// On this machine.
    Local(Repository),
}

impl<'a> Place<'a> {
    /// Makes contact where that is needed.
    pub(crate) fn reach<H: Host>(
        settings: &'a Settings<'a>,
        host: &H,
        send: &'a Send<'a>,
        exec: &'a Exec<'a>,
    ) -> Result<Self> {
        Ok(match &settings.location {
            Location::Http(url) => {
                Self::Http(Remote::connect(url, settings.credentials(host)?, send)?)
            }
            Location::Ssh(url) => Self::Ssh(settings.ssh(url, exec)?),
            Location::Local(path) => Self::Local(Repository::open(path)?),
        })
    }

    /// `HEAD`, what the wanted branch or tag is among, and all that is watched.
    pub(crate) fn references(&self, wanted: &Wanted, watch: Watch) -> Result<References> {
        match self {
            Self::Http(remote) => {
                let own = wanted.prefix();
                let mut prefixes = vec![own.as_str()];
                for (folder, asked) in [(BRANCHES, watch.all_branches), (TAGS, watch.tags)] {
                    if asked {
                        prefixes.retain(|prefix| !prefix.starts_with(folder));
                        prefixes.push(folder);
                    }
                }
                remote.references(&prefixes)
            }
            Self::Ssh(ssh) => ssh.watched(wanted, watch),
            Self::Local(repository) => {
                let mut references = repository.references(wanted)?;
                for (folder, asked) in [(BRANCHES, watch.all_branches), (TAGS, watch.tags)] {
                    if asked {
                        references.list.retain(|it| !it.name.starts_with(folder));
                        references.list.extend(repository.list(folder)?);
                    }
                }
                Ok(references)
            }
        }
    }

    /// What there is instead of the wanted branch or tag.
    pub(crate) fn others(&self, wanted: &Wanted) -> Result<References> {
        match self {
            Self::Http(remote) => remote.references(&[wanted.wider_prefix()]),
            Self::Ssh(ssh) => ssh.others(wanted),
            Self::Local(repository) => Ok(References {
                list: repository.list(wanted.wider_prefix())?,
                ..References::default()
            }),
        }
    }

    /// The tip of this branch; of the default branch where none is named.
    pub(crate) fn tip(&self, branch: Option<&str>) -> Result<Option<ObjectId>> {
        let wanted = match branch {
            Some(name) => Wanted::Branch(name.to_owned()),
            None => Wanted::Head,
        };
        let references = self.references(&wanted, Watch::default())?;
        Ok(wanted.choose(&references).map(|choice| choice.id))
    }

    /// These commits with their directories. None over ssh, where Git itself
    /// compares them.
    pub(crate) fn directories(&self, commits: &[ObjectId]) -> Result<Option<Objects>> {
        self.objects(commits, |_| Extent::Directories)
    }

    /// The history of these commits, so far as it is worth fetching.
    pub(crate) fn history(&self, commits: &[ObjectId]) -> Result<Option<Objects>> {
        self.objects(commits, |remote| Extent::Commits {
            depth: if remote.can_filter() {
                FETCHED_COMMITS
            } else {
                FETCHED_COMMITS_WITH_FILES
            },
        })
    }

    /// These commits and their parents.
    pub(crate) fn parents(&self, commits: &[ObjectId]) -> Result<Option<Objects>> {
        self.objects(commits, |_| Extent::Commits { depth: 1 })
    }

    fn objects(
        &self,
        commits: &[ObjectId],
        extent: impl Fn(&Remote<'a>) -> Extent,
    ) -> Result<Option<Objects>> {
        match self {
            Self::Http(remote) => {
                let spool = Spool::memory(&|_| {});
                let Spooled { data, .. } = remote.fetch(commits, extent(remote), spool)?;
                Ok(Some(Objects::received(receive(data)?.pack)))
            }
            Self::Ssh(_) => Ok(None),
            Self::Local(repository) => {
                let mut objects = repository.objects()?;
                for commit in commits {
                    if !objects.contains(commit)? {
                        return Err(Trouble::Missing(format!(
                            "the repository does not hold the commit {commit}"
                        )));
                    }
                }
                Ok(Some(objects))
            }
        }
    }
}
