//! Checks that an artifact holds the files it should.

use lockgate_plugin::*;
use std::{fs, io, path::Path};

configuration! {
    /// What an artifact must look like.
    pub struct Rules {
        /// The file that must be there.
        "Required" => required: String = "README.md",
        /// The most bytes that one file may have.
        "MaximumBytes" => maximum: u64 = "1048576",
    }
}

/// The provider.
pub struct CheckFiles;

impl Provider for CheckFiles {
    type Configuration = Rules;

    fn describe() -> Description {
        Description::new("Checks that an artifact holds the files it should")
            .serves(Category::Test, "Custom", "CheckFiles", "1")
            .inputs(1..=1)
            .variables(["Files"])
    }

    fn run<H: Host>(job: &Job, rules: Rules, host: &H) -> Result<Outcome, Failure> {
        let Some(artifact) = job.input_artifacts.first() else {
            return Err(Failure::configuration("add an input artifact"));
        };
        if !artifact.path.join(&rules.required).is_file() {
            return Err(Failure::job(format!(
                "artifact {} has no file {}",
                artifact.name, rules.required
            )));
        }
        let mut files = 0;
        let mut large = Vec::new();
        visit(&artifact.path, &mut |path, bytes| {
            files += 1;
            if bytes > rules.maximum {
                host.warning(&format!("{} has {bytes} bytes", path.display()));
                large.push(path.display().to_string());
            }
        })?;
        if !large.is_empty() {
            return Err(Failure::job(format!(
                "more than {} bytes: {}",
                rules.maximum,
                large.join(", ")
            )));
        }
        Ok(Success::new().variable("Files", files.to_string()).into())
    }
}

/// Calls `see` with every file below `folder` and its size.
fn visit(folder: &Path, see: &mut impl FnMut(&Path, u64)) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        if kind.is_dir() {
            visit(&entry.path(), see)?;
        } else {
            see(&entry.path(), kind.len());
        }
    }
    Ok(())
}

export_provider!(CheckFiles);

#[cfg(test)]
mod tests;
