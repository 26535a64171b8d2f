//! The buildspec's `cache.paths`: brought back before a build and kept after
//! one that succeeded. Knows where things are kept and nothing of who shares
//! the directory: the host gives it to later jobs of the same action alone. A
//! cache changes how long a build takes and not what it makes, so that what goes
//! wrong with it is a warning. The provider calls it.

use crate::buildspec::CachePath;
use lockgate_plugin::commands::{Pattern, cannot, home, make_directory, primary_directory, walk};
use lockgate_plugin::{Command, Failure, Host, Job};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The home directories of CodeBuild's images and of the sandbox; what lies in
/// them is looked for in the build's own.
const HOMES: [&str; 3] = ["~", "/root", "/home/build"];
/// Directories in directories that are looked through for what is there already.
const DEPTH: usize = 128;
/// What is kept, what is becoming that, and what was that.
const KEPT: &str = "kept";
const NEXT: &str = "next";
const OLD: &str = "old";

/// What a build keeps.
#[derive(Debug)]
pub struct Cache<'a> {
    job: &'a Job,
    paths: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    /// As the buildspec has it.
    text: String,
    /// What is before the first glob, relative to the working directory.
    base: String,
    /// What is meant below it.
    pattern: Pattern,
}

impl<'a> Cache<'a> {
    /// Reads the paths.
    ///
    /// # Errors
    /// Names all that lie where nothing can be kept.
    pub fn of(paths: &[CachePath], job: &'a Job) -> Result<Self, Failure> {
        let mut kept = vec![];
        let mut wrong = vec![];
        for path in paths {
            match Kept::parse(&path.text, job) {
                Ok(path) => kept.push(path),
                Err(why) => {
                    wrong.push(format!(
                        "line {}: cache.paths: '{}' {why}",
                        path.line, path.text
                    ));
                }
            }
        }
        if wrong.is_empty() {
            Ok(Self { job, paths: kept })
        } else {
            Err(Failure::configuration(wrong.join("; ")))
        }
    }

    /// Puts what is kept where it was. What the source has there already stays.
    pub fn restore<H: Host>(&self, host: &H) {
        if self.paths.is_empty() {
            return;
        }
        if !self.job.cache.is_dir() {
            host.warning("Cache: this job has none; it starts without, and keeps nothing");
            return;
        }
        let mut restored = vec![];
        for path in &self.paths {
            let from = self.job.cache.join(KEPT).join(&path.base);
            match self.merge(&from, &self.job.work.join(&path.base), host) {
                Ok(true) => restored.push(path.text.as_str()),
                Ok(false) => {}
                Err(failure) => host.warning(&format!(
                    "Cache: {} is not restored: {}",
                    path.text, failure.message
                )),
            }
        }
        host.info(&if restored.is_empty() {
            "Cache: nothing is kept yet".to_owned()
        } else {
            format!("Cache: restored {}", restored.join(", "))
        });
    }

    /// Keeps what is there now, in the place of what was kept before.
    pub fn save<H: Host>(&self, host: &H) {
        if self.paths.is_empty() || !self.job.cache.is_dir() {
            return;
        }
        let saved = self.prepare(host).and_then(|kept| {
            self.exchange(host)?;
            Ok(kept)
        });
        match saved {
            Ok(kept) if kept.is_empty() => host.info("Cache: there is nothing to keep"),
            Ok(kept) => host.info(&format!("Cache: kept {}", kept.join(", "))),
            Err(failure) => {
                host.warning(&format!("Cache: nothing is kept: {}", failure.message));
                if let Err(failure) = self.remove(&self.job.cache.join(NEXT), host) {
                    host.warning(&format!("Cache: {}", failure.message));
                }
            }
        }
    }

    /// Copies everything beside what is kept; says which paths there were.
    fn prepare<H: Host>(&self, host: &H) -> Result<Vec<&str>, Failure> {
        let next = self.job.cache.join(NEXT);
        self.remove(&next, host)?;
        make_directory(&next)?;
        let mut kept = vec![];
        let mut whole: Vec<&str> = vec![];
        let (mut all, some): (Vec<&Kept>, Vec<&Kept>) =
            self.paths.iter().partition(|path| path.pattern.is_all());
        // Outer ones first: they bring the inner ones along.
        all.sort_by_key(|path| path.base.len());
        for path in all {
            if lies_in(&path.base, &whole) {
                kept.push(path.text.as_str());
            } else if self.copy(&path.base, &next, host)? {
                kept.push(path.text.as_str());
                whole.push(&path.base);
            }
        }
        let mut taken = BTreeSet::new();
        for path in some {
            let base = self.job.work.join(&path.base);
            if !base.is_dir() {
                continue;
            }
            let mut any = false;
            for file in walk(&base)? {
                if path.pattern.matches(&file) {
                    any = true;
                    let file = format!("{}/{file}", path.base);
                    if !lies_in(&file, &whole) && taken.insert(file.clone()) {
                        self.copy(&file, &next, host)?;
                    }
                }
            }
            if any {
                kept.push(&path.text);
            }
        }
        Ok(kept)
    }

    /// Whether there was anything.
    fn copy<H: Host>(&self, path: &str, next: &Path, host: &H) -> Result<bool, Failure> {
        let from = self.job.work.join(path);
        if !exists(&from) {
            return Ok(false);
        }
        let to = next.join(path);
        if let Some(parent) = to.parent() {
            make_directory(parent)?;
        }
        host.copy_tree(&from, &to)?;
        Ok(true)
    }

    /// A job that is ended in between leaves no cache rather than half of one.
    fn exchange<H: Host>(&self, host: &H) -> Result<(), Failure> {
        let [kept, next, old] = [KEPT, NEXT, OLD].map(|name| self.job.cache.join(name));
        self.remove(&old, host)?;
        let rename = |from: &Path, to: &Path| {
            fs::rename(from, to).map_err(|error| cannot("rename", from, &error))
        };
        if exists(&kept) {
            rename(&kept, &old)?;
        }
        rename(&next, &kept)?;
        self.remove(&old, host)
    }

    /// Copies what is not there yet; says whether there was anything to copy.
    fn merge<H: Host>(&self, from: &Path, to: &Path, host: &H) -> Result<bool, Failure> {
        if !exists(from) {
            return Ok(false);
        }
        let mut open = vec![(from.to_owned(), to.to_owned(), 0)];
        while let Some((from, to, depth)) = open.pop() {
            if !exists(&to) {
                if let Some(parent) = to.parent() {
                    make_directory(parent)?;
                }
                if let Err(error) = host.copy_tree(&from, &to) {
                    // A part of something is worse than nothing.
                    self.remove(&to, host)?;
                    return Err(error.into());
                }
            } else if depth < DEPTH && is_directory(&from) && is_directory(&to) {
                let wrong = |error: std::io::Error| cannot("read", &from, &error);
                for entry in fs::read_dir(&from).map_err(wrong)? {
                    let name = entry.map_err(wrong)?.file_name();
                    open.push((from.join(&name), to.join(&name), depth + 1));
                }
            }
        }
        Ok(true)
    }

    /// Removes a tree that commands made, in the sandbox: it may hold directories
    /// that cannot be written to, as caches of modules do.
    fn remove<H: Host>(&self, path: &Path, host: &H) -> Result<(), Failure> {
        if !exists(path) {
            return Ok(());
        }
        let shown = path.display().to_string();
        let script = r#"chmod -R u+rwX -- "$1" 2>/dev/null; rm -rf -- "$1""#;
        let command = Command::new(["/bin/sh", "-c", script, "sh", shown.as_str()])
            .working_directory(&self.job.work);
        let ending = host.exec(&command)?.ending;
        if exists(path) {
            return Err(Failure::job(format!(
                "{shown} cannot be removed: the command for it {ending}"
            )));
        }
        Ok(())
    }
}

impl Kept {
    fn parse(text: &str, job: &Job) -> Result<Self, String> {
        let text = text.trim();
        let below = |directory: &Path| {
            let rest = text.strip_prefix(directory.to_str()?)?;
            (rest.is_empty() || rest.starts_with('/')).then_some(rest)
        };
        let home_path = HOMES.iter().find_map(|home| below(Path::new(home)));
        let (root, rest) = if let Some(rest) = below(&job.work) {
            (job.work.clone(), rest)
        } else if let Some(rest) = home_path {
            (home(job), rest)
        } else if text.starts_with('/') {
            return Err(format!(
                "is not kept from build to build; write a path in the source, in the home directory (~), or below {}",
                job.work.display()
            ));
        } else {
            (primary_directory(job), text)
        };
        let root = root.strip_prefix(&job.work).unwrap_or(Path::new(""));
        let root = root.to_string_lossy();
        let parts: Vec<&str> = root
            .split('/')
            .chain(rest.split('/'))
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        if parts.contains(&"..") {
            return Err("leads out of its directory with '..'; write the path without".into());
        }
        let plain = parts
            .iter()
            .position(|part| part.contains(['*', '?', '[', '{']))
            .unwrap_or(parts.len());
        let (base, globs) = parts.split_at(plain);
        if matches!(base, [] | ["session", ..]) {
            return Err(
                "holds the build's own files; write a path in the source or in the home directory (~)"
                    .into(),
            );
        }
        let globs = match globs.join("/") {
            // Everything that is there: whoever caches a directory wants what is
            // in its directories too.
            star if star == "*" => String::new(),
            globs => globs,
        };
        Ok(Self {
            text: text.to_owned(),
            base: base.join("/"),
            pattern: Pattern::parse(&globs, Path::new("/"))?,
        })
    }
}

fn lies_in(path: &str, directories: &[&str]) -> bool {
    directories
        .iter()
        .any(|directory| Path::new(path).starts_with(directory))
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn is_directory(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

#[cfg(test)]
mod tests;
