//! A `.git` directory beside the files of an artifact, so that `git log`,
//! `git describe` and `git status` work there. It has no hooks and no
//! settings of the repository that it came from.

use crate::checkout::Written;
use crate::objects::{Objects, pack_files};
use crate::reference::{Choice, Reference};
use crate::staging;
use crate::trouble::{Result, disk};
use gix_hash::ObjectId;
use std::fs;
use std::path::Path;

/// What the directory is to say.
pub(crate) struct History<'a> {
    /// The branch or tag that was taken.
    pub(crate) choice: &'a Choice,
    /// The commit that was taken.
    pub(crate) commit: ObjectId,
    /// Where it came from.
    pub(crate) origin: &'a str,
    /// Tags that may be in it.
    pub(crate) tags: &'a [Reference],
    /// Commits whose parents are missing.
    pub(crate) shallow: &'a [ObjectId],
    /// The files beside it.
    pub(crate) entries: &'a [Written],
}

/// Copies a file or directory, keeping it as it is.
pub(crate) type Copy<'a> = dyn Fn(&Path, &Path) -> Result<()> + 'a;

/// Writes `root/.git`; `pack` is the checksum of a pack that was received.
pub(crate) fn write(
    history: &History<'_>,
    objects: &mut Objects,
    pack: Option<ObjectId>,
    root: &Path,
    copy: &Copy<'_>,
) -> Result<()> {
    let git = root.join(".git");
    for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
        let folder = git.join(folder);
        fs::create_dir_all(&folder).map_err(disk("create", &folder))?;
    }
    match pack {
        Some(checksum) => received(objects, &checksum, &git.join("objects/pack"), copy)?,
        None => local(objects, &git.join("objects"), copy)?,
    }
    let write = |name: &str, content: &[u8]| {
        let file = git.join(name);
        fs::write(&file, content).map_err(disk("write", &file))
    };
    write("config", config(history.origin).as_bytes())?;
    let branch = history.choice.reference.strip_prefix("refs/heads/");
    let head = match branch {
        Some(_) => format!("ref: {}\n", history.choice.reference),
        None => format!("{}\n", history.commit),
    };
    write("HEAD", head.as_bytes())?;
    write("packed-refs", &references(history, branch, objects)?)?;
    if !history.shallow.is_empty() {
        let lines: String = history.shallow.iter().map(|id| format!("{id}\n")).collect();
        write("shallow", lines.as_bytes())?;
    }
    write("index", &staging::index(history.entries)?)
}

fn config(origin: &str) -> String {
    // Only the quote and the backslash mean something in a quoted value.
    let origin = origin.replace('\\', "\\\\").replace('"', "\\\"");
    format!(
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n[remote \"origin\"]\n\turl = \"{origin}\"\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
    )
}

/// The branch, its origin, and every tag whose commit is here.
fn references(
    history: &History<'_>,
    branch: Option<&str>,
    objects: &mut Objects,
) -> Result<Vec<u8>> {
    let mut lines = Vec::new();
    if let Some(branch) = branch {
        for folder in ["refs/heads", "refs/remotes/origin"] {
            lines.push((format!("{folder}/{branch}"), history.commit));
        }
    }
    for tag in history.tags {
        if objects.contains(&tag.id)? && objects.contains(&tag.target())? {
            lines.push((tag.name.clone(), tag.id));
        }
    }
    lines.sort();
    let text: String = lines
        .iter()
        .map(|(name, id)| format!("{id} {name}\n"))
        .collect();
    Ok(text.into_bytes())
}

fn received(objects: &Objects, checksum: &ObjectId, folder: &Path, copy: &Copy<'_>) -> Result<()> {
    for pack in objects.packs() {
        let name = format!("pack-{checksum}");
        copy(pack.path(), &folder.join(format!("{name}.pack")))?;
        let index = folder.join(format!("{name}.idx"));
        fs::write(&index, pack.index().as_bytes()).map_err(disk("write", &index))?;
    }
    Ok(())
}

/// Copies the whole object store: leaving out what the commit does not need
/// would cost a walk through all of its history.
fn local(objects: &Objects, to: &Path, copy: &Copy<'_>) -> Result<()> {
    for directory in objects.directories() {
        for extension in ["pack", "idx"] {
            for file in pack_files(directory, extension)? {
                if let Some(name) = file.file_name() {
                    let target = to.join("pack").join(name);
                    if !target.exists() {
                        copy(&file, &target)?;
                    }
                }
            }
        }
        for first in 0..=255 {
            let name = format!("{first:02x}");
            let (from, to) = (directory.join(&name), to.join(&name));
            if !from.is_dir() {
                continue;
            }
            if !to.exists() {
                copy(&from, &to)?;
                continue;
            }
            for entry in fs::read_dir(&from).map_err(disk("read", &from))? {
                let entry = entry.map_err(disk("read", &from))?;
                let target = to.join(entry.file_name());
                if !target.exists() {
                    copy(&entry.path(), &target)?;
                }
            }
        }
    }
    Ok(())
}
