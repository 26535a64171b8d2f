//! Output artifacts: copying the files that globs mean in what commands left
//! behind. Runs nothing.

use super::globs::{Pattern, bases, expand, walk};
use super::sources::make_directory;
use crate::{Artifact, Failure, Host};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Which files go into one artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Globs relative to the base directory.
    pub files: Vec<String>,
    /// Relative to the source; may be a glob. Absent: the source itself.
    pub base_directory: Option<String>,
    /// Globs relative to the base directory.
    pub exclude: Vec<String>,
    /// Keep only the last part of each path.
    pub discard_paths: bool,
}

/// One output artifact and what goes into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where to.
    pub artifact: Artifact,
    /// Which files.
    pub selection: Selection,
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
                "artifact {name}: base-directory: there is no directory '{}' at the end; let the commands make it or correct the path",
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
                "artifact {name}: files: nothing in {} matches {}; let the commands make the files or correct the globs",
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
