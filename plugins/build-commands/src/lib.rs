//! The build-commands provider: CodeBuild's buildspec 0.2 in the sandbox of the
//! operating system. This file is the order of things; each thing is a module
//! that is tested on its own. Knows no server; the host calls it.

pub mod buildspec;
pub mod cache;
pub mod collect;
pub mod plan;
pub mod report;
pub mod script;
pub mod selection;
pub mod session;
pub mod sources;
pub mod variables;

use buildspec::{Buildspec, Report};
use cache::Cache;
use lockgate_plugin::{
    Artifact, Category, Description, Failure, Host, Job, Outcome, Provider, Success, configuration,
    export_provider,
};
use report::Summary;
use selection::{Pattern, bases, expand, walk};
use session::Session;
use sources::Sources;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::SystemTime;

configuration! {
    /// The action's configuration.
    pub struct Configuration {
        /// Path of the buildspec in the primary source, or the buildspec itself
        /// where it has more than one line.
        "BuildSpec" => buildspec: String = "buildspec.yml",
        /// The input artifact that commands start in; needed where there are
        /// several.
        "PrimarySource" => primary_source: Option<String>,
        /// JSON array of {name, value, type}, type PLAINTEXT.
        "EnvironmentVariables" => variables: Option<variables::ActionVariables>,
    }
}

/// The provider.
pub struct BuildCommands;

impl Provider for BuildCommands {
    type Configuration = Configuration;

    fn describe() -> Description {
        Description::new("Runs a CodeBuild buildspec in a sandbox of the operating system")
            .serves(Category::Build, "Custom", "BuildSpec", "1")
            .serves(Category::Test, "Custom", "BuildSpec", "1")
            .inputs(1..=5)
            .outputs(0..=5)
            .variables(["*"])
    }

    fn run<H: Host>(job: &Job, configuration: Configuration, host: &H) -> Result<Outcome, Failure> {
        let primary = sources::primary(job, configuration.primary_source.as_deref())?;
        let spec = read(&configuration.buildspec, primary)?;
        let cache = Cache::of(&spec.cache, job)?;
        let (targets, unused) = collect::targets(job, &spec.artifacts)?;
        for note in spec.notes.iter().chain(&unused) {
            host.warning(note);
        }
        let sources = Sources::copy(job, primary, host)?;
        sources::make_directory(&cache::home(job))?;
        cache.restore(host);
        let environment = variables::all(
            job,
            &spec.environment,
            &configuration.variables.unwrap_or_default(),
            &sources,
            SystemTime::now(),
        )
        .map_err(Failure::configuration)?;

        let finished = Session {
            plan: &plan::Plan::of(&spec.phases),
            shell: spec.environment.shell.program(),
            home: job.work.join("session"),
            source: &sources.primary,
            environment: &environment,
            names: &names(&spec, &targets),
        }
        .run(host)?;
        let tests = summarise(&spec.reports, &sources.primary, &finished.values, host);
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
fn names(spec: &Buildspec, targets: &[collect::Target]) -> Vec<String> {
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
            .flat_map(|path| selection::variables(path))
            .map(ToOwned::to_owned),
    );
    names.into_iter().collect()
}

/// Reads all reports and says in the log what they hold. `None` where there are
/// none.
fn summarise<H: Host>(
    reports: &[Report],
    source: &Path,
    values: &BTreeMap<String, String>,
    host: &H,
) -> Option<Summary> {
    let mut total: Option<Summary> = None;
    for report in reports {
        let name = report.name.rsplit('/').next().unwrap_or(&report.name);
        let files = match report_files(report, source, values) {
            Ok(files) if files.is_empty() => {
                host.warning(&format!(
                    "Report {name}: no file matches {}",
                    report.files.join(", ")
                ));
                continue;
            }
            Ok(files) => files,
            Err(failure) => {
                host.warning(&format!("Report {name}: {}", failure.message));
                continue;
            }
        };
        let mut summary = Summary::default();
        for file in files {
            let path = source.join(&file);
            if let Err(why) = count(&path, &mut summary) {
                host.warning(&format!("Report {name}: {} {why}", path.display()));
            }
        }
        host.info(&format!("Report {name}: {summary}"));
        for (test, message) in &summary.failed {
            host.error(&format!("Failed: {test}: {message}"));
        }
        let total = total.get_or_insert_with(Summary::default);
        total.tests += summary.tests;
        total.failures += summary.failures;
        total.errors += summary.errors;
        total.skipped += summary.skipped;
    }
    total
}

fn count(path: &Path, summary: &mut Summary) -> Result<(), String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    if size > report::BYTES {
        return Err(format!("has more than {} bytes", report::BYTES));
    }
    summary.add(std::io::BufReader::new(file))
}

fn report_files(
    report: &Report,
    source: &Path,
    values: &BTreeMap<String, String>,
) -> Result<Vec<std::path::PathBuf>, Failure> {
    let base = report
        .base_directory
        .as_deref()
        .map(|base| expand(base, values));
    let mut files = vec![];
    for root in bases(source, base.as_deref())? {
        let mut patterns = vec![];
        for text in &report.files {
            let pattern = Pattern::parse(&expand(text, values), &root)
                .map_err(|why| Failure::configuration(format!("files: '{text}' {why}")))?;
            patterns.push(pattern);
        }
        files.extend(
            walk(&root)?
                .into_iter()
                .filter(|path| patterns.iter().any(|pattern| pattern.matches(path)))
                .map(|path| root.join(path)),
        );
    }
    Ok(files)
}

export_provider!(BuildCommands);

#[cfg(test)]
mod tests;
