//! Which files globs mean, as CodeBuild writes them, in a tree that commands
//! left behind. Follows no link below the tree's root, so that what is found
//! lies in it. Copies nothing.

use super::sources::cannot;
use super::variables::is_variable_name;
use crate::Failure;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Files and links below a directory.
const FILES: usize = 500_000;

/// Replaces `$NAME` and `${NAME}` by what the variable held when the session
/// ended; one that is not set is empty, as in a shell.
#[must_use]
pub fn expand(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut expanded = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => expanded.push_str(text),
            Piece::Variable(name) => {
                expanded.push_str(values.get(name).map_or("", String::as_str));
            }
        }
    }
    expanded
}

/// The variables that [`expand`] asks for.
pub fn variables_in(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Variable(name) => Some(name),
        Piece::Text(_) => None,
    })
}

enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = vec![];
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        let (name, tail) = match after.strip_prefix('{').and_then(|a| a.split_once('}')) {
            Some((name, tail)) => (name, tail),
            None => {
                let end = after
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(after.len());
                after.split_at(end)
            }
        };
        if is_variable_name(name) {
            pieces.push(Piece::Text(before));
            pieces.push(Piece::Variable(name));
            rest = tail;
        } else {
            let (plain, tail) = rest.split_at(before.len() + 1);
            pieces.push(Piece::Text(plain));
            rest = tail;
        }
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// A pattern below some directory: a glob, or a path that stands for itself
/// and, where it is a directory, for everything in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Reads a pattern. `base` is the directory that it is relative to, for
    /// patterns that are written absolute.
    ///
    /// # Errors
    /// What is wrong with it, to follow its own text.
    pub fn parse(text: &str, base: &Path) -> Result<Self, String> {
        let mut pattern = text.trim();
        if pattern.starts_with('/') {
            let base = base.to_string_lossy();
            pattern = match pattern.strip_prefix(&*base) {
                Some("") => ".",
                Some(rest) if rest.starts_with('/') => rest,
                _ => {
                    return Err(format!(
                        "lies outside of {base}; write a path relative to it"
                    ));
                }
            };
        }
        let parts: Vec<&str> = pattern
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        if parts.contains(&"..") {
            return Err("leaves its directory with '..'; set base-directory instead".into());
        }
        let mut pattern = parts.join("/");
        if pattern.starts_with('!') {
            // A name to CodeBuild, a negation to the matcher.
            pattern.insert(0, '\\');
        }
        Ok(Self(pattern))
    }

    /// Whether it means this file (relative, with `/`).
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.is_all()
            || fast_glob::glob_match(&self.0, path)
            || path
                .strip_prefix(&self.0)
                .is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether it means every file.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(self.0.as_str(), "" | "**" | "**/*")
    }
}

/// Every file and link below a directory, relative to it, in order.
///
/// # Errors
/// A directory cannot be read, or there are too many files.
pub fn walk(root: &Path) -> Result<Vec<String>, Failure> {
    let mut found = vec![];
    let mut open = vec![String::new()];
    while let Some(directory) = open.pop() {
        for (name, is_directory) in list(&root.join(&directory))? {
            let path = if directory.is_empty() {
                name
            } else {
                format!("{directory}/{name}")
            };
            if is_directory {
                open.push(path);
            } else {
                found.push(path);
            }
        }
        if found.len() + open.len() > FILES {
            return Err(Failure::job(format!(
                "{} holds more than {FILES} files; choose a smaller base-directory",
                root.display()
            )));
        }
    }
    found.sort();
    Ok(found)
}

/// The directories that a base directory means: one path, or all that match a
/// glob. Relative to `root`, and none where there is no such directory.
///
/// # Errors
/// It leaves `root`, or a directory cannot be read.
pub fn bases(root: &Path, base: Option<&str>) -> Result<Vec<PathBuf>, Failure> {
    let Some(text) = base else {
        return Ok(vec![root.to_owned()]);
    };
    let pattern = Pattern::parse(text, root)
        .map_err(|why| Failure::configuration(format!("base-directory: '{text}' {why}")))?;
    if pattern.0.is_empty() {
        return Ok(vec![root.to_owned()]);
    }
    if !pattern.0.contains(['*', '?', '[', '{']) {
        let path = root.join(&pattern.0);
        return Ok(if path.is_dir() { vec![path] } else { vec![] });
    }
    let depth = pattern.0.split('/').count();
    let mut found = vec![];
    let mut open = vec![(String::new(), 0)];
    while let Some((directory, level)) = open.pop() {
        for (name, is_directory) in list(&root.join(&directory))? {
            let path = if directory.is_empty() {
                name
            } else {
                format!("{directory}/{name}")
            };
            if !is_directory {
                continue;
            }
            if fast_glob::glob_match(&pattern.0, &path) {
                found.push(root.join(&path));
            } else if level + 1 < depth {
                open.push((path, level + 1));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Names in one directory, and which are directories themselves.
fn list(directory: &Path) -> Result<Vec<(String, bool)>, Failure> {
    let wrong = |error: std::io::Error| cannot("read", directory, &error);
    let mut names = vec![];
    for entry in fs::read_dir(directory).map_err(wrong)? {
        let entry = entry.map_err(wrong)?;
        let kind = entry.file_type().map_err(wrong)?;
        let name = entry.file_name().into_string().map_err(|name| {
            Failure::job(format!(
                "{}: the file name {} is not UTF-8; rename it",
                directory.display(),
                name.display()
            ))
        })?;
        names.push((name, kind.is_dir()));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::parse(pattern, Path::new("/work/src"))
            .unwrap()
            .matches(path)
    }

    #[test]
    fn globs_mean_what_codebuild_means() {
        for (pattern, path, expected) in [
            ("**/*", "a", true),
            ("**/*", ".hidden/x", true),
            ("*", "a", true),
            ("*", ".a", true),
            ("*", "a/b", false),
            ("target/*.jar", "target/app.jar", true),
            ("target/*.jar", "target/x/app.jar", false),
            ("target/**/*.jar", "target/x/y/app.jar", true),
            ("target/**/*.jar", "target/app.jar", true),
            ("./app", "app", true),
            ("dist/", "dist/a/b", true),
            ("dist", "distant", false),
            ("/work/src/dist/*", "dist/a", true),
            ("app-?.txt", "app-1.txt", true),
            ("!important", "!important", true),
            ("!important", "x", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_cannot_leave_its_directory() {
        for bad in ["../x", "a/../../x", "/etc/passwd", "/work/srcx/a"] {
            assert!(
                Pattern::parse(bad, Path::new("/work/src")).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn variables_are_replaced_and_other_dollars_stay() {
        let values = BTreeMap::from([("A".to_owned(), "x".to_owned())]);
        for (text, expected) in [
            ("$A/y", "x/y"),
            ("${A}y$A", "xyx"),
            ("$Ay", ""),
            ("a$", "a$"),
            ("$(date)", "$(date)"),
            ("${A", "${A"),
            ("$1", "$1"),
            ("${A-b}", "${A-b}"),
        ] {
            assert_eq!(expand(text, &values), expected, "{text}");
        }
        assert_eq!(variables_in("$A/${B}/c$").collect::<Vec<_>>(), ["A", "B"]);
    }
}
