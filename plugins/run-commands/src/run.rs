//! One job, in the order in which its things happen. What is wrong with the
//! definition is said before anything runs.

use lockgate_plugin::commands::{
    Selection, Session, Sources, Step, Target, Variables, home, is_variable_name, make_directory,
    not_a_name,
};
use lockgate_plugin::{Failure, Host, Job, Outcome, Success};
use std::time::SystemTime;

/// Globs of one output artifact.
const MOST_FILES: usize = 10;
/// As CodePipeline's `Commands` has it, and every machine.
const SHELL: &str = "/bin/sh";

/// Runs the commands, and gives out files and variables when all succeeded.
pub fn run<H: Host>(job: &Job, host: &H) -> Result<Outcome, Failure> {
    let targets = check(job)?;
    let sources = Sources::copy(job, job.input_artifacts.first(), host)?;
    make_directory(&home(job))?;
    let mut variables = Variables::new(job);
    variables
        .set_environment(job)
        .map_err(Failure::configuration)?;
    let finished = Session {
        steps: &Step::chain(&job.commands),
        shell: SHELL,
        home: job.work.join("session"),
        source: &sources.primary,
        environment: &variables.finish(job, &sources, SystemTime::now()),
        names: &job.output_variables,
    }
    .run(host)?;
    if let Some(failure) = finished.failure {
        return Err(Failure::job(failure));
    }
    for target in &targets {
        let count = target.collect(&sources.primary, &finished.values, host)?;
        host.info(&format!("Artifact {}: {count} files", target.artifact.name));
    }
    let mut success = Success::new().summary(match job.commands.len() {
        1 => "1 command succeeded".to_owned(),
        many => format!("{many} commands succeeded"),
    });
    for name in &job.output_variables {
        match finished.values.get(name) {
            Some(value) => success = success.variable(name, value),
            None => host.warning(&format!(
                "The output variable {name} was not set by the commands"
            )),
        }
    }
    Ok(success.into())
}

/// Everything that can be said without running anything.
fn check(job: &Job) -> Result<Vec<Target>, Failure> {
    let mut wrong = vec![];
    if job.commands.is_empty() {
        wrong.push(format!(
            "commands: {} has none; write commands = [\"…\"]",
            job.action
        ));
    }
    if let Some(number) = job.commands.iter().position(|text| text.contains('\0')) {
        wrong.push(format!(
            "commands: number {} holds a zero byte; remove it",
            number + 1
        ));
    }
    for name in &job.output_variables {
        if !is_variable_name(name) {
            wrong.push(format!("outputVariables: {}", not_a_name(name)));
        }
    }
    let mut targets = vec![];
    for artifact in &job.output_artifacts {
        let files = artifact.files.len();
        if files == 0 {
            wrong.push(format!(
                "outputArtifacts: {} says no files; write files = [\"…\"] with the globs of those to keep",
                artifact.name
            ));
        } else if files > MOST_FILES {
            wrong.push(format!(
                "outputArtifacts: {} has {files} globs in files; write at most {MOST_FILES}",
                artifact.name
            ));
        }
        targets.push(Target {
            artifact: artifact.clone(),
            selection: Selection {
                files: artifact.files.clone(),
                ..Selection::default()
            },
        });
    }
    if wrong.is_empty() {
        Ok(targets)
    } else {
        Err(Failure::configuration(wrong.join("; ")))
    }
}
