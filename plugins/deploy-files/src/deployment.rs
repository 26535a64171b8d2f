//! One deployment from its first step to its last: what is done in which order,
//! what an earlier attempt has done already, and how it is undone. Each step is
//! another module's.

use crate::appspec::{AppSpec, Event};
use crate::health::{Health, Waiting, ask};
use crate::hooks::{Scene, run, stage};
use crate::install::install;
use crate::site::{Record, Site, cannot, remove_tree};
use lockgate_plugin::{Failure, Host, Outcome, Pending, Success};
use std::path::{Path, PathBuf};

/// What to deploy and how.
pub struct Deployment<'a> {
    /// Where to.
    pub site: &'a Site,
    /// What to do.
    pub spec: &'a AppSpec,
    /// The appspec's path in the artifact.
    pub spec_path: &'a str,
    /// The artifact, read-only.
    pub artifact: &'a Path,
    /// The job's working directory.
    pub work: &'a Path,
    /// The release's name.
    pub id: &'a str,
    /// For scripts.
    pub application: &'a str,
    /// For scripts.
    pub group: &'a str,
    /// Good releases to keep.
    pub keep: usize,
    /// Asked after the switch.
    pub health: Option<HealthCheck<'a>>,
}

/// The health check.
#[derive(Debug, Clone, Copy)]
pub struct HealthCheck<'a> {
    /// Where to ask.
    pub url: &'a str,
    /// How long it may take to answer.
    pub timeout_seconds: u32,
}

impl Deployment<'_> {
    /// Deploys, or goes on with what an earlier attempt began. `waiting` is what
    /// that attempt left, `now` milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// The deployment failed. The current release is the one from before.
    pub fn run<H: Host>(
        &self,
        waiting: Option<Waiting>,
        now: u64,
        host: &H,
    ) -> Result<Outcome, Failure> {
        let mut record = self.site.record()?;
        let current = self.site.current();
        let is_current = current.as_deref() == Some(self.id);
        let previous = record
            .previous(self.id)
            .filter(|id| self.site.release(id).is_dir())
            .map(ToOwned::to_owned);
        if record.is_good(self.id) && is_current {
            host.info(&format!("Release {} is deployed already", self.id));
            return Ok(self.success(previous.as_deref()));
        }
        // Switched by an attempt that was killed: the files are complete and
        // others see them, so only what comes after the switch is done again.
        let switched = is_current && record.begun.iter().any(|id| id == self.id);
        let waiting = waiting.filter(|waiting| switched && waiting.release == self.id);
        if !switched {
            self.to_the_switch(&mut record, previous.as_deref(), host)?;
        } else if waiting.is_none() {
            stage(self.spec, self.artifact, &self.revision(), host)?;
        }
        match self.after_the_switch(waiting, now, host) {
            Ok(None) => {}
            Ok(Some(pending)) => return Ok(pending.into()),
            Err(failure) => {
                return Err(self.take_back(&mut record, previous.as_deref(), failure, host));
            }
        }
        record.succeed(self.id);
        self.site.keep(&record, host)?;
        host.info(&format!("Release {} is good", self.id));
        for id in record.surplus(self.keep) {
            match self.site.remove(&id, host) {
                Ok(()) => {
                    host.info(&format!("Release {id} is removed"));
                    record.forget(&id);
                }
                Err(failure) => host.warning(&format!(
                    "Release {id} is left for the next deployment to remove: {}",
                    failure.message
                )),
            }
        }
        self.site.keep(&record, host)?;
        Ok(self.success(previous.as_deref()))
    }

    fn success(&self, previous: Option<&str>) -> Outcome {
        let release = self.site.release(self.id).display().to_string();
        let url = self.health.map(|check| check.url.to_owned());
        Success::new()
            .variable("ReleaseId", self.id)
            .variable("ReleasePath", &release)
            .variable("PreviousReleaseId", previous.unwrap_or_default())
            .external(self.id, url)
            .summary(format!(
                "Deployed release {} to {}",
                self.id,
                self.site.target.display()
            ))
            .into()
    }

    fn revision(&self) -> PathBuf {
        self.work.join("revision")
    }

    fn scene<'a>(&'a self, release: &'a Path) -> Scene<'a> {
        Scene {
            application: self.application,
            group: self.group,
            deployment: self.id,
            release,
            target: &self.site.target,
        }
    }

    fn hook<H: Host>(&self, event: Event, host: &H) -> Result<(), Failure> {
        let release = self.site.release(self.id);
        run(
            self.spec,
            event,
            &self.revision(),
            &self.scene(&release),
            host,
        )
    }

    /// Everything that nobody outside sees, and the switch. Where it fails, the
    /// release is removed again.
    fn to_the_switch<H: Host>(
        &self,
        record: &mut Record,
        previous: Option<&str>,
        host: &H,
    ) -> Result<(), Failure> {
        if record.is_good(self.id) {
            // Good once, replaced since, and asked for again: it is complete.
            stage(self.spec, self.artifact, &self.revision(), host)?;
            return self.switch(host);
        }
        record.begin(self.id);
        self.site.keep(record, host)?;
        self.site.remove(self.id, host)?;
        let mut stopped = false;
        let done = self
            .prepare(previous, &mut stopped, host)
            .and_then(|()| self.switch(host));
        let Err(failure) = done else { return Ok(()) };
        if let (true, Some(previous)) = (stopped, previous) {
            self.old_hook(previous, Event::ApplicationStart, host);
        }
        record.forget(self.id);
        for undone in [
            self.site.remove(self.id, host),
            self.site.keep(record, host),
        ] {
            if let Err(more) = undone {
                host.warning(&format!("While cleaning up: {}", more.message));
            }
        }
        Err(Failure {
            message: format!("{}; nothing was switched", failure.message),
            ..failure
        })
    }

    fn switch<H: Host>(&self, host: &H) -> Result<(), Failure> {
        host.info(&format!("Switching to release {}", self.id));
        self.site.switch(self.id, host)
    }

    fn prepare<H: Host>(
        &self,
        previous: Option<&str>,
        stopped: &mut bool,
        host: &H,
    ) -> Result<(), Failure> {
        stage(self.spec, self.artifact, &self.revision(), host)?;
        if let Some(previous) = previous
            && let Some((spec, revision)) = self.archived(previous, host)?
            && !spec.scripts(Event::ApplicationStop).is_empty()
        {
            *stopped = true;
            let release = self.site.release(previous);
            run(
                &spec,
                Event::ApplicationStop,
                &revision,
                &self.scene(&release),
                host,
            )?;
        }
        self.hook(Event::BeforeInstall, host)?;
        let release = self.site.release(self.id);
        host.info(&format!("Installing release {}", self.id));
        install(self.spec, self.artifact, self.site, &release, host)?;
        self.hook(Event::AfterInstall, host)?;
        let kept = [Event::ApplicationStop, Event::ApplicationStart];
        if kept.iter().any(|e| !self.spec.scripts(*e).is_empty()) {
            let archive = self.site.archive(self.id);
            let directory = &archive.directory;
            std::fs::create_dir_all(directory).map_err(|e| cannot("make", directory, &e))?;
            host.copy_tree(self.artifact, &archive.revision)?;
            host.copy_tree(&self.artifact.join(self.spec_path), &archive.appspec)?;
        }
        Ok(())
    }

    /// Starts and checks the release. Pending where the health check may still
    /// turn out well.
    fn after_the_switch<H: Host>(
        &self,
        waiting: Option<Waiting>,
        now: u64,
        host: &H,
    ) -> Result<Option<Pending>, Failure> {
        let waiting = match waiting {
            Some(waiting) => waiting,
            None => {
                self.hook(Event::ApplicationStart, host)?;
                self.hook(Event::ValidateService, host)?;
                let seconds = self.health.map_or(0, |check| check.timeout_seconds);
                Waiting {
                    release: self.id.into(),
                    until: now.saturating_add(u64::from(seconds) * 1000),
                    asked: 0,
                }
            }
        };
        let Some(check) = self.health else {
            return Ok(None);
        };
        let why = match ask(check.url, host)? {
            Health::Good => {
                host.info(&format!("The health check {} is good", check.url));
                return Ok(None);
            }
            Health::NotYet(why) => why,
        };
        if now >= waiting.until {
            return Err(Failure::job(format!(
                "the health check {} was not good within {} seconds: {why}",
                check.url, check.timeout_seconds
            )));
        }
        let waiting = Waiting {
            asked: waiting.asked + 1,
            ..waiting
        };
        if waiting.asked == 1 {
            host.info(&format!(
                "The health check {} is not good yet: {why}",
                check.url
            ));
        }
        let pending = Pending::new(&waiting, waiting.poll_after())?
            .external(self.id, Some(check.url.to_owned()))
            .summary(format!("Waiting for {}: {why}", check.url));
        Ok(Some(pending))
    }

    /// Returns to the last good release; says so in the failure.
    fn take_back<H: Host>(
        &self,
        record: &mut Record,
        previous: Option<&str>,
        failure: Failure,
        host: &H,
    ) -> Failure {
        let back = match previous {
            Some(previous) => self.site.switch(previous, host),
            None => self.site.clear_current(),
        };
        let outcome = match (back, previous) {
            (Ok(()), Some(previous)) => {
                self.old_hook(previous, Event::ApplicationStart, host);
                format!("release {previous} is current again")
            }
            (Ok(()), None) => "there is no earlier release, so none is current now".into(),
            (Err(error), _) => {
                // The failed release stays, for somebody may be looking at it.
                return Failure {
                    message: format!(
                        "{}; and it could not be taken back: {}; set {} by hand",
                        failure.message,
                        error.message,
                        self.site.current_link().display()
                    ),
                    ..failure
                };
            }
        };
        record.forget(self.id);
        for undone in [
            self.site.remove(self.id, host),
            self.site.keep(record, host),
        ] {
            if let Err(more) = undone {
                host.warning(&format!("While cleaning up: {}", more.message));
            }
        }
        host.warning(&format!("Release {} failed: {outcome}", self.id));
        Failure {
            message: format!("{}; {outcome}", failure.message),
            ..failure
        }
        .external(self.id, self.health.map(|check| check.url.to_owned()))
    }

    /// Runs a hook of a release that was deployed earlier; what goes wrong in it
    /// is told and changes nothing.
    fn old_hook<H: Host>(&self, id: &str, event: Event, host: &H) {
        let release = self.site.release(id);
        let ran = self.archived(id, host).and_then(|archived| match archived {
            Some((spec, revision)) => run(&spec, event, &revision, &self.scene(&release), host),
            None => Ok(()),
        });
        if let Err(failure) = ran {
            host.warning(&format!("Of release {id}: {}", failure.message));
        }
    }

    /// The appspec of an earlier release and a writable copy of its artifact,
    /// where it has scripts that are needed later.
    fn archived<H: Host>(&self, id: &str, host: &H) -> Result<Option<(AppSpec, PathBuf)>, Failure> {
        let archive = self.site.archive(id);
        let Ok(text) = std::fs::read_to_string(&archive.appspec) else {
            return Ok(None);
        };
        let Ok(spec) = AppSpec::parse(&text) else {
            host.warning(&format!(
                "The appspec of release {id} cannot be read any more; its scripts do not run"
            ));
            return Ok(None);
        };
        let revision = self.work.join("earlier");
        remove_tree(&revision, host)?;
        host.copy_tree(&archive.revision, &revision)?;
        Ok(Some((spec, revision)))
    }
}
