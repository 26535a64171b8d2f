//! Stores a zip file from a client as an artifact. Nothing is unpacked to disk:
//! entries become lines of a manifest, which refuses every path that leads
//! anywhere, so there is nothing to write through.

use crate::error::ArtifactError;
use crate::manifest::{self, LONGEST_TARGET, Node, directory_mode};
use crate::scan::Intake;
use crate::store::{Artifacts, TreeLimits};
use lockgate_model::artifact::Artifact;
use lockgate_model::id::TenantId;
use std::collections::BTreeMap;
use std::io::{Read, Seek};
use zip::ZipArchive;
use zip::result::ZipError;

const KIND: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;

impl Artifacts {
    /// Stores what a zip file holds. Names that differ only in case are
    /// different names. A file without Unix modes gets 644, a directory 755.
    /// The archive's list of entries is held in memory: bound its size.
    ///
    /// # Errors
    /// The archive is broken or encrypted, unpacks to more than the limits
    /// allow, or holds a name that leads out of it, comes twice, or lies inside
    /// a link or a file.
    pub async fn store_zip<R: Read + Seek + Send + 'static>(
        &self,
        tenant: &TenantId,
        name: &str,
        archive: R,
        limits: TreeLimits,
    ) -> Result<Artifact, ArtifactError> {
        self.take_in(tenant, name, limits, move |intake| unpack(archive, intake))
            .await
    }
}

fn unpack<R: Read + Seek>(archive: R, intake: &mut Intake<'_>) -> Result<(), ArtifactError> {
    let name = intake.name.to_owned();
    let broken = |error: ZipError| ArtifactError::Zip {
        name: name.clone(),
        reason: error.to_string(),
    };
    let mut archive = ZipArchive::new(archive).map_err(broken)?;
    // Readers differ in which of them they take, so one could be checked and
    // another one used.
    if archive.has_duplicate_names() {
        return Err(ArtifactError::Zip {
            name,
            reason: "it has the same name twice; make it anew".into(),
        });
    }
    let mut paths: BTreeMap<Vec<Vec<u8>>, Option<usize>> = BTreeMap::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(broken)?;
        let raw = entry.name_raw();
        let path = raw.strip_suffix(b"/").unwrap_or(raw);
        let names: Vec<Vec<u8>> = path
            .split(|byte| *byte == b'/')
            .map(<[u8]>::to_vec)
            .collect();
        let plain = names
            .iter()
            .all(|name| !name.is_empty() && name != b"." && name != b".." && !name.contains(&0));
        if !plain || names.len() > manifest::DEEPEST {
            return Err(intake.unsuitable(
                raw,
                "the archive has a name that leads out of it or is no path; make the archive from inside the directory",
            ));
        }
        // Directories need not be listed.
        for end in 1..names.len() {
            paths
                .entry(names.get(..end).unwrap_or_default().to_vec())
                .or_insert(None);
        }
        if paths.insert(names, Some(index)).flatten().is_some() {
            return Err(intake.unsuitable(raw, "the archive has this name twice"));
        }
        if paths.len() as u64 > intake.limits.entries {
            return Err(intake.too_many());
        }
    }
    for (names, index) in paths {
        let path = names.join(&b'/');
        let Some(index) = index else {
            intake.push(path, Node::Directory { mode: 0o755 })?;
            continue;
        };
        let mut entry = archive.by_index(index).map_err(broken)?;
        let mode = entry.unix_mode();
        let directory = entry.name_raw().ends_with(b"/");
        match mode.unwrap_or(0) & KIND {
            DIRECTORY | 0 if directory => {
                let mode = directory_mode(mode.unwrap_or(0o755));
                intake.push(path, Node::Directory { mode })?;
            }
            FILE | 0 if !directory => {
                let size = entry.size();
                intake.file(path, mode.unwrap_or(0o644), size, &mut entry)?;
            }
            LINK if !directory => {
                let mut target = Vec::new();
                entry
                    .take(LONGEST_TARGET as u64 + 1)
                    .read_to_end(&mut target)
                    .map_err(|error| broken(error.into()))?;
                intake.push(path, Node::Link { target })?;
            }
            _ => {
                return Err(intake.unsuitable(
                    &path,
                    "it is neither a file, a directory nor a link; leave it out of the archive",
                ));
            }
        }
    }
    Ok(())
}
