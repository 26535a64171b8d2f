//! What a release is made of: the files of the artifact at their destinations,
//! with their modes. Writes in the release's own directory and nowhere else.

use crate::appspec::{AppSpec, FileMapping, Permission};
use crate::site::{Site, cannot};
use lockgate_plugin::{Failure, Host};
use std::fs;
use std::path::{Path, PathBuf};

/// Complains of everything in the appspec that the artifact does not hold, all
/// at once and before anything is done.
///
/// # Errors
/// The sources and scripts that are missing.
pub fn check(spec: &AppSpec, name: &str, artifact: &Path) -> Result<(), Failure> {
    let mut wrong = vec![];
    for (index, mapping) in spec.files.iter().enumerate() {
        if fs::symlink_metadata(artifact.join(&mapping.source)).is_err() {
            wrong.push(format!(
                "line {}: files[{}].source: '{}' is not in the artifact; correct the path, or let the build make it",
                mapping.line,
                index + 1,
                mapping.source
            ));
        }
    }
    for (event, scripts) in &spec.hooks {
        for script in scripts {
            if !artifact.join(&script.location).is_file() {
                wrong.push(format!(
                    "line {}: hooks.{}: '{}' is no file of the artifact; correct the path, or let the build make it",
                    script.line,
                    event.as_str(),
                    script.location
                ));
            }
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::configuration(format!(
            "{name}: {}",
            wrong.join("; ")
        )))
    }
}

/// Where a path of the appspec lies in a release. CodeDeploy's are paths of the
/// machine: those in the target directory mean the release itself, all others
/// are taken as paths below it.
fn place(path: &str, site: &Site, release: &Path) -> PathBuf {
    let given = Path::new(path);
    let below = [site.current_link(), site.target.clone()]
        .iter()
        .find_map(|prefix| given.strip_prefix(prefix).ok().map(Path::to_owned))
        .unwrap_or_else(|| PathBuf::from(path.trim_start_matches('/')));
    join(release, &below)
}

/// Joined part by part, so that `a/./b/` and `a/b` are one path and nothing
/// joined is the directory itself.
fn join(directory: &Path, below: &Path) -> PathBuf {
    let mut path = directory.to_owned();
    path.extend(below.components());
    path
}

/// Makes the release: copies the files, then sets the modes.
///
/// # Errors
/// Two mappings give the same file, a mode is for nothing, or the disk refuses.
pub fn install<H: Host>(
    spec: &AppSpec,
    artifact: &Path,
    site: &Site,
    release: &Path,
    host: &H,
) -> Result<(), Failure> {
    for mapping in &spec.files {
        copy(mapping, artifact, site, release, host)?;
    }
    make_directory(release)?;
    // The artifact's own directory may be closed to others.
    host.set_mode(release, 0o755)?;
    for permission in &spec.permissions {
        apply(permission, site, release, host)?;
    }
    Ok(())
}

fn copy<H: Host>(
    mapping: &FileMapping,
    artifact: &Path,
    site: &Site,
    release: &Path,
    host: &H,
) -> Result<(), Failure> {
    let source = join(artifact, Path::new(&mapping.source));
    let destination = place(&mapping.destination, site, release);
    let kind = fs::symlink_metadata(&source)
        .map_err(|error| cannot("read", &source, &error))?
        .file_type();
    if kind.is_dir() {
        if let Some(parent) = destination.parent() {
            make_directory(parent)?;
        }
        return merge(&source, &destination, mapping, host);
    }
    make_directory(&destination)?;
    let name = source.file_name().unwrap_or_default();
    merge(&source, &destination.join(name), mapping, host)
}

/// Copies a file or a directory to where there may be one already.
fn merge<H: Host>(
    source: &Path,
    destination: &Path,
    mapping: &FileMapping,
    host: &H,
) -> Result<(), Failure> {
    let Ok(there) = fs::symlink_metadata(destination) else {
        host.copy_tree(source, destination)?;
        return Ok(());
    };
    let here = fs::symlink_metadata(source).map_err(|error| cannot("read", source, &error))?;
    if !here.is_dir() || !there.is_dir() {
        return Err(Failure::configuration(format!(
            "line {}: files: two entries copy to {}; let them copy to different places",
            mapping.line,
            destination.display()
        )));
    }
    for entry in fs::read_dir(source).map_err(|error| cannot("read", source, &error))? {
        let entry = entry.map_err(|error| cannot("read", source, &error))?;
        merge(
            &entry.path(),
            &destination.join(entry.file_name()),
            mapping,
            host,
        )?;
    }
    Ok(())
}

fn apply<H: Host>(
    permission: &Permission,
    site: &Site,
    release: &Path,
    host: &H,
) -> Result<(), Failure> {
    let object = place(&permission.object, site, release);
    let Ok(metadata) = fs::symlink_metadata(&object) else {
        return Err(Failure::configuration(format!(
            "line {}: permissions: the object '{}' is not in the release; name a path that 'files' copies to",
            permission.line, permission.object
        )));
    };
    if metadata.is_dir() {
        within(permission, &object, host)
    } else if metadata.is_file() {
        Ok(host.set_mode(&object, permission.mode)?)
    } else {
        Err(Failure::configuration(format!(
            "line {}: permissions: the object '{}' is a link, which has no mode; name the file that it leads to",
            permission.line, permission.object
        )))
    }
}

/// Sets the mode of what a directory holds, the innermost first, so that a mode
/// that closes a directory does not close it to us.
fn within<H: Host>(permission: &Permission, directory: &Path, host: &H) -> Result<(), Failure> {
    for entry in fs::read_dir(directory).map_err(|error| cannot("read", directory, &error))? {
        let entry = entry.map_err(|error| cannot("read", directory, &error))?;
        let path = entry.path();
        let name = entry.file_name();
        let kind = entry
            .file_type()
            .map_err(|error| cannot("read", &path, &error))?;
        if kind.is_dir() && permission.pattern == "**" {
            within(permission, &path, host)?;
        }
        let wanted = kind.is_file() && permission.files || kind.is_dir() && permission.directories;
        let name = name.to_string_lossy();
        let named =
            permission.pattern == "**" || fast_glob::glob_match(&permission.pattern, &*name);
        let left_out = permission
            .except
            .iter()
            .any(|except| fast_glob::glob_match(except, &*name));
        if wanted && named && !left_out {
            host.set_mode(&path, permission.mode)?;
        }
    }
    Ok(())
}

fn make_directory(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| cannot("make", path, &error))
}
