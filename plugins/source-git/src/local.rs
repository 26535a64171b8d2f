//! A repository on this machine, read from its files: where its parts are, its
//! branches and tags. Needs no `git` and writes nothing. Works in a granted
//! directory and in one that `git` has just filled for us.

use crate::object::parse_id;
use crate::objects::Objects;
use crate::reference::{Reference, References, Wanted, is_name};
use crate::trouble::{Result, Trouble, disk};
use gix_hash::ObjectId;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// References that name references.
const INDIRECTIONS: usize = 5;
/// Folders in names of branches.
const DEPTH: usize = 32;
/// Branches and tags that are looked at.
const REFERENCES: usize = 200_000;

/// A repository's two directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// What belongs to one working tree: `HEAD`.
    own: PathBuf,
    /// What all share: objects, branches and tags.
    shared: PathBuf,
}

impl Repository {
    /// Opens a working tree, a linked working tree, a `.git` directory or a
    /// bare repository.
    ///
    /// # Errors
    /// Nothing to be read is there, or it is of a kind that is not supported.
    pub fn open(path: &Path) -> Result<Self> {
        let dot = path.join(".git");
        let own = match fs::read_to_string(&dot) {
            // A linked working tree or a submodule.
            Ok(text) => match text.trim().strip_prefix("gitdir:") {
                Some(target) => path.join(target.trim()),
                None => return Err(not_a_repository(path)),
            },
            Err(_) if dot.is_dir() => dot,
            Err(_) => path.to_owned(),
        };
        if !own.join("HEAD").is_file() && fs::read_link(own.join("HEAD")).is_err() {
            return Err(absent(path, &own));
        }
        let shared = match fs::read_to_string(own.join("commondir")) {
            Ok(text) => tidy(&own.join(text.trim())),
            Err(_) => own.clone(),
        };
        let repository = Self { own, shared };
        if !repository.shared.join("objects").is_dir() {
            return Err(absent(path, &repository.shared));
        }
        repository.check_format(path)?;
        Ok(repository)
    }

    /// What all working trees share.
    pub(crate) fn shared(&self) -> &Path {
        &self.shared
    }

    /// Its objects.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn objects(&self) -> Result<Objects> {
        Objects::open(&self.shared.join("objects"))
    }

    fn check_format(&self, path: &Path) -> Result<()> {
        let file = self.shared.join("config");
        let text = match fs::read(&file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).to_ascii_lowercase(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(disk("read", &file)(error)),
        };
        let mut section = "";
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                section = line;
            } else if section.starts_with("[extensions]")
                && let Some((key, value)) = line.split_once('=')
            {
                match (key.trim(), value.trim().trim_matches('"')) {
                    ("objectformat", value) if value != "sha1" => {
                        return Err(Trouble::Content(format!(
                            "{} has {value} object ids, which are not supported; only SHA-1 repositories can be a source",
                            path.display()
                        )));
                    }
                    ("refstorage", value) if value != "files" => {
                        return Err(Trouble::Content(format!(
                            "{} keeps its branches as {value}, which is not supported; 'git refs migrate --ref-format=files' changes that",
                            path.display()
                        )));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// `HEAD`, and those branches or tags that can be the wanted one.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn references(&self, wanted: &Wanted) -> Result<References> {
        let mut references = References::default();
        let head = self.value(&self.own.join("HEAD"))?;
        match head {
            Some(Value::Id(id)) => references.head = Some(id),
            Some(Value::Name(name)) => {
                references.head = self.find(&name)?;
                references.head_branch = Some(name);
            }
            None => {}
        }
        let prefix = wanted.prefix();
        match wanted {
            Wanted::Head => {}
            Wanted::Branch(_) => {
                if let Some(id) = self.find(&prefix)? {
                    references.list.push(Reference {
                        name: prefix,
                        id,
                        peeled: None,
                    });
                }
            }
            Wanted::Tag(_) => references.list = self.list(wanted.wider_prefix())?,
        }
        Ok(references)
    }

    /// All references whose names start with this folder, such as
    /// `refs/tags/`.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn list(&self, folder: &str) -> Result<Vec<Reference>> {
        let mut found = self.packed(folder)?;
        let mut folders = vec![folder.trim_end_matches('/').to_owned()];
        while let Some(folder) = folders.pop() {
            let directory = self.shared.join(&folder);
            let entries = match fs::read_dir(&directory) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(disk("read", &directory)(error)),
            };
            for entry in entries {
                let entry = entry.map_err(disk("read", &directory))?;
                let Ok(name) = entry.file_name().into_string() else {
                    continue;
                };
                let name = format!("{folder}/{name}");
                let kind = entry.file_type().map_err(disk("read", &directory))?;
                if kind.is_dir() && name.split('/').count() < DEPTH {
                    folders.push(name);
                } else if is_name(&name)
                    && found.len() < REFERENCES
                    && let Some(id) = self.loose(&name)?
                {
                    found.insert(name, id);
                }
            }
        }
        Ok(found
            .into_iter()
            .map(|(name, id)| Reference {
                name,
                id,
                peeled: None,
            })
            .collect())
    }

    /// What the reference of this full name points at.
    pub(crate) fn find(&self, name: &str) -> Result<Option<ObjectId>> {
        if !is_name(name) {
            return Ok(None);
        }
        match self.loose(name)? {
            Some(id) => Ok(Some(id)),
            None => Ok(self.packed(name)?.remove(name)),
        }
    }

    fn loose(&self, name: &str) -> Result<Option<ObjectId>> {
        let mut name = name.to_owned();
        for _ in 0..INDIRECTIONS {
            match self.value(&self.shared.join(&name))? {
                Some(Value::Id(id)) => return Ok(Some(id)),
                Some(Value::Name(next)) => name = next,
                None => return Ok(self.packed(&name)?.remove(&name)),
            }
        }
        Ok(None)
    }

    /// What one reference file says.
    fn value(&self, file: &Path) -> Result<Option<Value>> {
        if fs::metadata(file).is_ok_and(|m| m.is_dir()) {
            return Ok(None);
        }
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(disk("read", file)(error)),
        };
        let text = text.trim();
        if let Some(name) = text.strip_prefix("ref:") {
            let name = name.trim();
            return Ok(is_name(name).then(|| Value::Name(name.into())));
        }
        Ok(parse_id(text).map(Value::Id))
    }

    /// References in `packed-refs` whose names start so.
    fn packed(&self, prefix: &str) -> Result<BTreeMap<String, ObjectId>> {
        let file = self.shared.join("packed-refs");
        let text = match fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(disk("read", &file)(error)),
        };
        Ok(String::from_utf8_lossy(&text)
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(_, name)| name.starts_with(prefix) && is_name(name))
            .filter_map(|(id, name)| Some((name.to_owned(), parse_id(id)?)))
            .take(REFERENCES)
            .collect())
    }
}

enum Value {
    Id(ObjectId),
    Name(String),
}

/// Resolves `..` by name, so that a path stays within what was granted by name.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for component in path.components() {
        match component {
            std::path::Component::ParentDir => {
                tidy.pop();
            }
            std::path::Component::CurDir => {}
            component => tidy.push(component),
        }
    }
    tidy
}

fn not_a_repository(path: &Path) -> Trouble {
    Trouble::Configuration(format!(
        "RepositoryUrl: {} is not a Git repository; write the path of a working tree or of a bare repository",
        path.display()
    ))
}

/// A part of the repository is not there, or may not be seen: a guest cannot
/// tell which, so the sentence names both.
fn absent(path: &Path, part: &Path) -> Trouble {
    if fs::read_dir(part).is_ok() {
        return not_a_repository(path);
    }
    let of = if path == part {
        String::new()
    } else {
        format!(", where {} keeps its data,", path.display())
    };
    Trouble::Denied(format!(
        "{}{of} cannot be read: it does not exist, or the operator has to grant 'source-git read={}'",
        part.display(),
        part.display()
    ))
}
