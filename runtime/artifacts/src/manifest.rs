//! The manifest of a tree: its entries, in one order, in one spelling. Pure.
//!
//! ```text
//! lockgate-tree 1
//! d 755 bin
//! f 755 12 <sha-256 of the content, 64 hex digits> bin/tool
//! l <target> latest
//! ```
//!
//! Names and targets are bytes; all but printable ASCII, the space and `%` are
//! written as `%xx`. A directory stands before what is in it, names in a
//! directory in the order of their bytes.

use lockgate_model::artifact::Digest;
use std::fmt::Write;

pub(crate) const HEADER: &str = "lockgate-tree 1\n";
/// Directories inside directories; each level costs a descriptor when the tree
/// is read or written.
pub(crate) const DEEPEST: usize = 200;
/// Bytes of a path inside the tree, so that it can be reached from somewhere.
pub(crate) const LONGEST_PATH: usize = 3000;
const LONGEST_NAME: usize = 255;
/// Bytes of a link's target, as in the kernel.
pub(crate) const LONGEST_TARGET: usize = 4095;

/// One file, directory or link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Relative, `/` between names, no `.` or `..`.
    pub(crate) path: Vec<u8>,
    pub(crate) node: Node,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    Directory {
        mode: u32,
    },
    File {
        mode: u32,
        size: u64,
        digest: [u8; 32],
    },
    Link {
        target: Vec<u8>,
    },
}

/// Permission bits that are kept. The owner can always read, and change a
/// directory: or a server that is not root could not give the tree out again,
/// nor remove it.
pub(crate) fn file_mode(mode: u32) -> u32 {
    mode & 0o777 | 0o400
}

/// As [`file_mode`].
pub(crate) fn directory_mode(mode: u32) -> u32 {
    mode & 0o777 | 0o700
}

/// Entries that were put in one by one, each checked against those before.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    pub(crate) entries: Vec<Entry>,
    /// The directories that the last entry is in, itself included if it is one.
    open: Vec<Vec<u8>>,
}

impl Manifest {
    /// Adds the next entry.
    ///
    /// # Errors
    /// Says what is wrong with its path: not plain, too long or deep, out of
    /// order or there twice, or not inside a directory.
    pub(crate) fn push(&mut self, entry: Entry) -> Result<(), String> {
        check_path(&entry.path)?;
        if let Some(last) = self.entries.last() {
            match in_order(&last.path, &entry.path) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => return Err("the name is there twice".into()),
                std::cmp::Ordering::Greater => return Err("the entries are not in order".into()),
            }
        }
        let parent = parent(&entry.path);
        while self.open.last().is_some_and(|open| open != parent) {
            self.open.pop();
        }
        if self.open.last().map_or(b"".as_slice(), Vec::as_slice) != parent {
            return Err("it lies inside something that is not a directory".into());
        }
        match &entry.node {
            Node::Directory { .. } => {
                if self.open.len() >= DEEPEST {
                    return Err(format!(
                        "directories are nested deeper than {DEEPEST} levels; store a flatter tree"
                    ));
                }
                self.open.push(entry.path.clone());
            }
            Node::Link { target } => {
                if target.is_empty() || target.len() > LONGEST_TARGET || target.contains(&0) {
                    return Err("the link's target is no path".into());
                }
            }
            Node::File { .. } => {}
        }
        self.entries.push(entry);
        Ok(())
    }

    /// The canonical text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from(HEADER);
        for Entry { path, node } in &self.entries {
            let path = Escaped(path);
            let _ = match node {
                Node::Directory { mode } => writeln!(text, "d {mode:o} {path}"),
                Node::File { mode, size, digest } => {
                    writeln!(text, "f {mode:o} {size} {} {path}", Digest(*digest).hex())
                }
                Node::Link { target } => writeln!(text, "l {} {path}", Escaped(target)),
            };
        }
        text
    }

    /// Reads what [`Manifest::text`] wrote, and only that.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let body = text
            .strip_prefix(HEADER)
            .ok_or("its first line is unknown")?;
        let mut manifest = Self::default();
        for line in body.lines() {
            let entry = parse_entry(line).ok_or_else(|| format!("a line is unknown: {line}"))?;
            manifest.push(entry)?;
        }
        if manifest.text() == text {
            Ok(manifest)
        } else {
            Err("it is not in its canonical form".into())
        }
    }

    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        self.files()
            .map(|(_, size, _)| size)
            .fold(0, u64::saturating_add)
    }

    /// Path, size and digest of each file, in order.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&[u8], u64, [u8; 32])> {
        self.entries.iter().filter_map(|entry| match entry.node {
            Node::File { size, digest, .. } => Some((entry.path.as_slice(), size, digest)),
            _ => None,
        })
    }
}

fn parse_entry(line: &str) -> Option<Entry> {
    let mode = |text: &str| {
        u32::from_str_radix(text, 8)
            .ok()
            .filter(|mode| *mode <= 0o777)
    };
    let mut words = line.split(' ');
    let node = match words.next()? {
        "d" => Node::Directory {
            mode: mode(words.next()?)?,
        },
        "f" => Node::File {
            mode: mode(words.next()?)?,
            size: words.next()?.parse().ok()?,
            digest: format!("sha256:{}", words.next()?)
                .parse::<Digest>()
                .ok()?
                .0,
        },
        "l" => Node::Link {
            target: unescape(words.next()?)?,
        },
        _ => return None,
    };
    let path = unescape(words.next()?)?;
    words.next().is_none().then_some(Entry { path, node })
}

/// The path of the directory that `path` is in; empty for the tree itself.
pub(crate) fn parent(path: &[u8]) -> &[u8] {
    let slash = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    path.get(..slash).unwrap_or_default()
}

/// The last name of `path`.
pub(crate) fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

fn check_path(path: &[u8]) -> Result<(), String> {
    if path.len() > LONGEST_PATH {
        return Err(format!("the path is longer than {LONGEST_PATH} bytes"));
    }
    for name in path.split(|byte| *byte == b'/') {
        if name.is_empty() || name == b"." || name == b".." || name.contains(&0) {
            return Err("the path leads out of the tree or is no path".into());
        }
        if name.len() > LONGEST_NAME {
            return Err(format!("a name is longer than {LONGEST_NAME} bytes"));
        }
    }
    Ok(())
}

/// The order of entries: name by name, each by its bytes.
pub(crate) fn in_order(a: &[u8], b: &[u8]) -> std::cmp::Ordering {
    a.split(|byte| *byte == b'/')
        .cmp(b.split(|byte| *byte == b'/'))
}

/// Bytes of a name, in a spelling that fits on a line.
pub(crate) struct Escaped<'a>(pub(crate) &'a [u8]);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in self.0 {
            if byte.is_ascii_graphic() && *byte != b'%' {
                f.write_char(char::from(*byte))?;
            } else {
                write!(f, "%{byte:02x}")?;
            }
        }
        Ok(())
    }
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, more) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = more;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(path: &str) -> Entry {
        Entry {
            path: path.into(),
            node: Node::Directory { mode: 0o755 },
        }
    }

    fn link(path: &[u8], target: &[u8]) -> Entry {
        Entry {
            path: path.into(),
            node: Node::Link {
                target: target.into(),
            },
        }
    }

    #[test]
    fn a_manifest_reads_back_what_it_writes_and_nothing_else() {
        let mut manifest = Manifest::default();
        for entry in [
            directory("a"),
            link(b"a/\xff %\n", b"../\xc3\xa4 x"),
            directory("a-b"),
            link(b"a.b", b"/"),
        ] {
            manifest.push(entry).unwrap();
        }
        let text = manifest.text();
        assert_eq!(
            text,
            "lockgate-tree 1\nd 755 a\nl ../%c3%a4%20x a/%ff%20%25%0a\nd 755 a-b\nl / a.b\n"
        );
        assert_eq!(Manifest::parse(&text).unwrap().entries, manifest.entries);
        for bad in [
            "",
            "lockgate-tree 2\n",
            "lockgate-tree 1\nd 755 b\nd 755 a\n",
            "lockgate-tree 1\nd 755 a\nd 755 a\n",
            "lockgate-tree 1\nd 755 a/b\n",
            "lockgate-tree 1\nl x a\nd 755 a/b\n",
            "lockgate-tree 1\nd 755 ..\n",
            "lockgate-tree 1\nd 755 /a\n",
            "lockgate-tree 1\nd 755 a%2e%2fb\n",
            "lockgate-tree 1\nd 755 a%2f..%2fb\n",
            "lockgate-tree 1\nd 4755 a\n",
            "lockgate-tree 1\nd 0755 a\n",
            "lockgate-tree 1\nd 755 %61\n",
            "lockgate-tree 1\nd 755 a",
            "lockgate-tree 1\nd 755 a b\n",
            "lockgate-tree 1\nx 755 a\n",
            "lockgate-tree 1\nd 755 a%00\n",
        ] {
            assert!(Manifest::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_path_that_is_too_long_or_too_deep_is_refused() {
        let mut manifest = Manifest::default();
        assert!(manifest.push(directory(&"x".repeat(256))).is_err());
        let mut path = String::from("d");
        for _ in 0..DEEPEST {
            manifest.push(directory(&path)).unwrap();
            path.push_str("/d");
        }
        let error = manifest.push(directory(&path)).unwrap_err();
        assert!(error.contains("deeper than 200"), "{error}");
    }
}
