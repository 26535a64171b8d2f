//! One build, in the order in which its things happen; each thing is a module
//! that is tested on its own. Knows no action type: the providers hand over what
//! their configurations say.

use crate::buildspec::Buildspec;
use crate::cache::Cache;
use crate::variables::ActionVariables;
use crate::{collect, plan, primary, reports, variables};
use lockgate_plugin::commands::{Session, Sources, Target, home, make_directory, variables_in};
use lockgate_plugin::{Artifact, Failure, Host, Job, Outcome, Success};
use std::collections::BTreeSet;

/// What an action says of its build.
#[derive(Debug, Default)]
pub struct Build {
    /// Path of the buildspec in the primary source, or the buildspec itself.
    pub buildspec: String,
    /// The input artifact that commands start in.
    pub primary_source: Option<String>,
    /// `EnvironmentVariables`.
    pub variables: ActionVariables,
    /// What CodeBuild would call its project.
    pub project: Option<String>,
}

impl Build {
    /// Runs it.
    ///
    /// # Errors
    /// What is wrong with the definition or the buildspec, or the first command
    /// that failed.
    pub fn run<H: Host>(&self, job: &Job, host: &H) -> Result<Outcome, Failure> {
        let primary = primary::primary(job, self.primary_source.as_deref())?;
        let spec = read(&self.buildspec, primary)?;
        let cache = Cache::of(&spec.cache, job)?;
        let (targets, unused) = collect::targets(job, &spec.artifacts)?;
        for note in spec.notes.iter().chain(&unused) {
            host.warning(note);
        }
        let sources = Sources::copy(job, Some(primary), host)?;
        make_directory(&home(job))?;
        cache.restore(host);
        let environment = variables::all(
            job,
            &spec.environment,
            &self.variables,
            self.project.as_deref(),
            &sources,
        )
        .map_err(Failure::configuration)?;

        let finished = Session {
            steps: &plan::steps(&spec.phases),
            shell: spec.environment.shell.program(),
            home: job.work.join("session"),
            source: &sources.primary,
            environment: &environment,
            names: &names(&spec, &targets),
        }
        .run(host)?;
        let tests = reports::summarise(&spec.reports, &sources.primary, &finished.values, host);
        if let Some(failure) = finished.failure {
            return Err(Failure::job(match tests {
                Some(tests) => format!("{failure} ({tests})"),
                None => failure,
            }));
        }

        for target in &targets {
            let count = target.collect(&sources.primary, &finished.values, host)?;
            host.info(&format!("Artifact {}: {count} files", target.artifact.name));
        }
        cache.save(host);
        let mut success = Success::new();
        for name in &spec.environment.exported {
            match finished.values.get(name) {
                Some(value) => success = success.variable(name, value),
                None => host.warning(&format!(
                    "The exported variable {name} was not set by the build"
                )),
            }
        }
        if let Some(tests) = tests {
            success = success.summary(tests.to_string());
        }
        Ok(success.into())
    }
}

/// The buildspec that the configuration names or holds.
fn read(text: &str, primary: &Artifact) -> Result<Buildspec, Failure> {
    let (name, text) = if text.contains('\n') {
        ("BuildSpec".to_owned(), text.to_owned())
    } else {
        let inside = !text.starts_with('/') && text.split('/').all(|part| part != "..");
        if !inside || text.starts_with("arn:") {
            return Err(Failure::configuration(format!(
                "BuildSpec: '{text}' is not in the source; write a path relative to artifact {}, or the buildspec itself",
                primary.name
            )));
        }
        let content = std::fs::read_to_string(primary.path.join(text)).map_err(|error| {
            Failure::configuration(format!(
                "BuildSpec: '{text}' cannot be read from artifact {}: {error}; put the buildspec there, or name another path",
                primary.name
            ))
        })?;
        (text.to_owned(), content)
    };
    Buildspec::parse(&text).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::configuration(format!("{name}: {}", problems.join("; ")))
    })
}

/// The variables to read when the build has ended: those that are exported and
/// those that paths name.
fn names(spec: &Buildspec, targets: &[Target]) -> Vec<String> {
    let selections = targets.iter().map(|target| &target.selection);
    let paths = selections
        .flat_map(|s| s.files.iter().chain(&s.exclude).chain(&s.base_directory))
        .chain(
            spec.reports
                .iter()
                .flat_map(|r| r.files.iter().chain(&r.base_directory)),
        );
    let mut names: BTreeSet<String> = spec.environment.exported.iter().cloned().collect();
    names.extend(
        paths
            .flat_map(|path| variables_in(path))
            .map(ToOwned::to_owned),
    );
    names.into_iter().collect()
}
