//! One job: finds the commit, brings its objects here, writes the artifact.

use crate::checkout::{Checkout, Marks, checkout};
use crate::history::{self, History};
use crate::local::Repository;
use crate::location::Location;
use crate::object::parse_id;
use crate::objects::Objects;
use crate::pack::receive;
use crate::reference::{Choice, Reference, References, TAGS, Wanted};
use crate::report;
use crate::settings::Settings;
use crate::smart::{Extent, Remote};
use crate::spool::Spool;
use crate::ssh::TAKEN;
use crate::trouble::{Result, Trouble};
use crate::{Configuration, Format};
use gix_hash::ObjectId;
use lockgate_plugin::{ArtifactError, Host, Job, Outcome};
use std::fs;
use std::path::Path;

/// A commit's objects, wherever they came from.
struct Taken {
    choice: Choice,
    objects: Objects,
    /// Of the pack that a server sent.
    pack: Option<ObjectId>,
    /// For the history.
    tags: Vec<Reference>,
    /// For the history.
    shallow: Vec<ObjectId>,
}

struct Taking<'a, H> {
    settings: Settings<'a>,
    revision: Option<ObjectId>,
    history: bool,
    work: &'a Path,
    host: &'a H,
}

pub(crate) fn take<H: Host>(job: &Job, configuration: &Configuration, host: &H) -> Result<Outcome> {
    let settings = Settings::new(configuration)?;
    let revision = match job.revision.as_deref() {
        None => None,
        Some(text) => Some(parse_id(text).ok_or_else(|| {
            Trouble::Missing(format!(
                "'{text}' is not a commit of {}; give all 40 hex digits of the commit's id",
                settings.location
            ))
        })?),
    };
    let Some(artifact) = job.output_artifacts.first() else {
        return Err(Trouble::Configuration(format!(
            "action {}: there is no output artifact to put the files in; name one",
            job.action
        )));
    };
    let taking = Taking {
        settings,
        revision,
        history: configuration.output_artifact_format == Format::FullHistory,
        work: &job.work,
        host,
    };
    let mut taken = match &taking.settings.location {
        Location::Http(url) => taking.over_http(url)?,
        Location::Ssh(url) => taking.over_ssh(url)?,
        Location::Local(path) => taking.from(&Repository::open(path)?)?,
    };
    let commit = taken.objects.commit(&taken.choice.id)?;
    host.info(&format!(
        "{} at {}: {}",
        taken.choice.name,
        commit.id,
        commit.summary()
    ));
    let marks = Marks {
        executable: &|file| host.set_executable(file, true).map_err(artifact_error),
        link: &|target, file| host.make_symlink(target, file).map_err(artifact_error),
    };
    let written = checkout(&mut taken.objects, &commit.tree, &artifact.path, &marks)?;
    tell(&written, host);
    if taking.history {
        let history = History {
            choice: &taken.choice,
            commit: commit.id,
            origin: &taking.settings.location.to_string(),
            tags: &taken.tags,
            shallow: &taken.shallow,
            entries: &written.entries,
        };
        let copy = |from: &Path, to: &Path| host.copy_tree(from, to).map_err(artifact_error);
        history::write(
            &history,
            &mut taken.objects,
            taken.pack,
            &artifact.path,
            &copy,
        )?;
    }
    Ok(report::success(
        &commit,
        &taken.choice.name,
        &taking.settings.location.name(),
    ))
}

impl<H: Host> Taking<'_, H> {
    fn wanted(&self) -> &Wanted {
        &self.settings.wanted
    }

    fn missing(&self, others: &References) -> Trouble {
        self.wanted()
            .missing(&self.settings.location.to_string(), others)
    }

    fn over_http(&self, url: &str) -> Result<Taken> {
        let host = self.host;
        let send = |request: &_, sink: &mut dyn std::io::Write| host.http_to(request, sink);
        let remote = Remote::connect(url, self.settings.credentials(host)?, &send)?;
        let references = remote.references(&[&self.wanted().prefix()])?;
        let Some(choice) = self.wanted().take(self.revision, &references) else {
            return Err(self.missing(&remote.references(&[self.wanted().wider_prefix()])?));
        };
        let file = self.work.join("fetched.pack");
        let log = |line: &str| host.info(line);
        let extent = if self.history {
            Extent::History
        } else {
            Extent::Files
        };
        let spooled = remote.fetch(&[choice.id], extent, Spool::create(&file, &log)?)?;
        let received = receive(spooled.data)?;
        host.info(&format!(
            "fetched {} objects, {} bytes",
            received.objects, spooled.size
        ));
        Ok(Taken {
            choice,
            objects: Objects::received(received.pack),
            pack: Some(received.checksum),
            tags: if self.history {
                remote.tags()?
            } else {
                Vec::new()
            },
            shallow: spooled.shallow,
        })
    }

    fn over_ssh(&self, url: &str) -> Result<Taken> {
        let exec = |command: &_| self.host.exec(command);
        let ssh = self.settings.ssh(url, &exec)?;
        let references = ssh.references(self.wanted())?;
        let Some(mut choice) = self.wanted().take(self.revision, &references) else {
            return Err(self.missing(&ssh.others(self.wanted())?));
        };
        let directory = self.work.join("repository.git");
        ssh.fetch(&choice, self.revision, self.history, &directory)?;
        let repository = Repository::open(&directory)?;
        // A branch may have moved since it was listed: what is here counts.
        if let Some(id) = repository.find(TAKEN)? {
            choice.id = id;
        }
        self.with(&repository, choice)
    }

    fn from(&self, repository: &Repository) -> Result<Taken> {
        let mut references = repository.references(self.wanted())?;
        if self.revision.is_some() {
            let mut objects = repository.objects()?;
            for reference in &mut references.list {
                reference.peeled = objects.commit(&reference.id).ok().map(|commit| commit.id);
            }
        }
        let Some(choice) = self.wanted().take(self.revision, &references) else {
            let list = repository.list(self.wanted().wider_prefix())?;
            return Err(self.missing(&References { list, ..references }));
        };
        self.with(repository, choice)
    }

    fn with(&self, repository: &Repository, choice: Choice) -> Result<Taken> {
        let mut objects = repository.objects()?;
        if !objects.contains(&choice.id)? {
            return Err(Trouble::Missing(format!(
                "{} does not hold the commit {}; it may have been removed, or never been there",
                self.settings.location, choice.id
            )));
        }
        let (mut tags, mut shallow) = (Vec::new(), Vec::new());
        if self.history {
            tags = repository.list(TAGS)?;
            let lines = fs::read_to_string(repository.shared().join("shallow"));
            shallow.extend(lines.unwrap_or_default().lines().filter_map(parse_id));
        }
        Ok(Taken {
            choice,
            objects,
            pack: None,
            tags,
            shallow,
        })
    }
}

/// What the reader of the log should know of the tree.
fn tell<H: Host>(written: &Checkout, host: &H) {
    host.info(&format!(
        "wrote {} files, {} bytes",
        written.entries.len(),
        written.bytes
    ));
    for submodule in written.submodules() {
        host.warning(&format!(
            "the submodule {} is left empty; fetch it in a build",
            submodule.escape_debug()
        ));
    }
    if let Some(first) = written.pointers.first() {
        host.warning(&format!(
            "{} files are pointers of Git LFS and are left as they are, such as {}; 'git lfs pull' in a build fetches them",
            written.pointers.len(),
            first.escape_debug()
        ));
    }
}

fn artifact_error(error: ArtifactError) -> Trouble {
    let text = error.to_string();
    match error {
        ArtifactError::Denied(_) => Trouble::Denied(text),
        ArtifactError::Limit(_) => Trouble::Content(text),
        ArtifactError::NotFound(_) | ArtifactError::Failed(_) => Trouble::Unavailable(text),
    }
}
