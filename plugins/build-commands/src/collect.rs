//! Output artifacts: which selection of the buildspec each one is, and copying
//! its files there. Runs nothing; the provider calls it before the build, to
//! complain early, and after it.

use crate::buildspec::{Artifacts, Selection};
use crate::selection::{Pattern, bases, expand, walk};
use crate::sources::make_directory;
use lockgate_plugin::{Artifact, Failure, Host, Job};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One output artifact and what goes into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where to.
    pub artifact: Artifact,
    /// Which files.
    pub selection: Selection,
}

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
            .find(|(name, _)| *name == artifact.name);
        let selection = if !artifact.files.is_empty() {
            Some(Selection {
                files: artifact.files.clone(),
                ..Selection::default()
            })
        } else {
            secondary.map(|(_, selection)| selection.clone())
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
        .filter(|(name, _)| job.output(name).is_none())
        .map(|(name, selection)| {
            format!(
                "line {}: the secondary artifact '{name}' is kept nowhere: the action has no output artifact of this name",
                selection.line
            )
        })
        .collect();
    Ok((targets, unused))
}

impl Target {
    /// Copies the files, keeping modes and links; says how many there are.
    /// `values` are the variables that paths may name.
    ///
    /// # Errors
    /// Nothing matches, a path leaves the source, two files would get one name,
    /// or a copy fails.
    pub fn collect<H: Host>(
        &self,
        source: &Path,
        values: &BTreeMap<String, String>,
        host: &H,
    ) -> Result<usize, Failure> {
        let name = &self.artifact.name;
        let selection = &self.selection;
        let base = selection
            .base_directory
            .as_deref()
            .map(|base| expand(base, values));
        let roots = bases(source, base.as_deref()).map_err(|mut failure| {
            failure.message = format!("artifact {name}: {}", failure.message);
            failure
        })?;
        if roots.is_empty() {
            return Err(Failure::job(format!(
                "artifact {name}: base-directory: there is no directory '{}' after the build; let the build make it or correct the path",
                base.unwrap_or_default()
            )));
        }
        let mut taken = BTreeSet::new();
        for root in &roots {
            let patterns = |texts: &[String], key: &str| -> Result<Vec<Pattern>, Failure> {
                let parse = |text: &String| {
                    Pattern::parse(&expand(text, values), root).map_err(|why| {
                        Failure::configuration(format!("artifact {name}: {key}: '{text}' {why}"))
                    })
                };
                texts.iter().map(parse).collect()
            };
            let files = patterns(&selection.files, "files")?;
            let exclude = patterns(&selection.exclude, "exclude-paths")?;
            let all = files.iter().any(Pattern::is_all) && exclude.is_empty();
            let paths: Vec<String> = walk(root)?
                .into_iter()
                .filter(|path| {
                    files.iter().any(|pattern| pattern.matches(path))
                        && !exclude.iter().any(|pattern| pattern.matches(path))
                })
                .collect();
            let whole = all && !selection.discard_paths && roots.len() == 1 && !root.is_symlink();
            if whole && !paths.is_empty() {
                host.copy_tree(root, &self.artifact.path)?;
                return Ok(paths.len());
            }
            for path in paths {
                self.copy(root, &path, &mut taken, host)?;
            }
        }
        if taken.is_empty() {
            return Err(Failure::job(format!(
                "artifact {name}: files: nothing in {} matches {}; let the build make the files or correct the globs",
                base.as_deref().unwrap_or("the source"),
                selection.files.join(", ")
            )));
        }
        Ok(taken.len())
    }

    fn copy<H: Host>(
        &self,
        root: &Path,
        path: &str,
        taken: &mut BTreeSet<String>,
        host: &H,
    ) -> Result<(), Failure> {
        let last = path.rsplit('/').next().unwrap_or(path);
        let kept = if self.selection.discard_paths {
            last
        } else {
            path
        };
        if !taken.insert(kept.to_owned()) {
            return Err(Failure::job(format!(
                "artifact {}: two files would both be '{kept}' (one is '{path}'); rename one, or keep their paths apart",
                self.artifact.name
            )));
        }
        let destination = self.artifact.path.join(kept);
        if let Some(parent) = destination.parent() {
            make_directory(parent)?;
        }
        host.copy_tree(&root.join(path), &destination)?;
        Ok(())
    }
}
