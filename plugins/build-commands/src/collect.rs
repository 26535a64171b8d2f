//! Output artifacts: which selection of the buildspec each one is. Copies
//! nothing; the provider calls it before the build, to complain early.

use crate::buildspec::Artifacts;
use lockgate_plugin::commands::{Selection, Target};
use lockgate_plugin::{Failure, Job};

/// Finds the selection for every output artifact: the globs of the definition,
/// else the secondary artifact of its name, else, for the one artifact that is
/// left, the files at the top. The texts are for the log.
///
/// # Errors
/// An output artifact has none; the message names all of those.
pub fn targets(job: &Job, artifacts: &Artifacts) -> Result<(Vec<Target>, Vec<String>), Failure> {
    let mut targets = vec![];
    let mut left = vec![];
    for artifact in &job.output_artifacts {
        let secondary = artifacts
            .secondary
            .iter()
            .find(|secondary| secondary.name == artifact.name);
        let selection = if !artifact.files.is_empty() {
            Some(Selection {
                files: artifact.files.clone(),
                ..Selection::default()
            })
        } else {
            secondary.map(|secondary| secondary.selection.clone())
        };
        match selection {
            Some(selection) => targets.push(Target {
                artifact: artifact.clone(),
                selection,
            }),
            None => left.push(artifact),
        }
    }
    match (left.as_slice(), &artifacts.primary) {
        ([], _) => {}
        ([only], Some(primary)) => targets.push(Target {
            artifact: (*only).clone(),
            selection: primary.clone(),
        }),
        (several, primary) => {
            let names: Vec<&str> = several.iter().map(|a| a.name.as_str()).collect();
            return Err(Failure::configuration(format!(
                "outputArtifacts: the buildspec says no files for {}; write {}",
                names.join(", "),
                if primary.is_none() && several.len() == 1 {
                    "'artifacts:' with 'files:'".to_owned()
                } else {
                    "'artifacts:', 'secondary-artifacts:' and each of these names with its 'files:'"
                        .to_owned()
                }
            )));
        }
    }
    let unused = artifacts
        .secondary
        .iter()
        .filter(|secondary| job.output(&secondary.name).is_none())
        .map(|secondary| {
            format!(
                "line {}: the secondary artifact '{}' is kept nowhere: the action has no output artifact of this name",
                secondary.line, secondary.name
            )
        })
        .collect();
    Ok((targets, unused))
}
