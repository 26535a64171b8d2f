//! A repository in a temporary directory, made by the system's `git`.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A working tree with its `.git`; deleted with this value.
#[derive(Debug)]
pub struct Repository {
    directory: TempDir,
}

impl Default for Repository {
    fn default() -> Self {
        Self::new()
    }
}

impl Repository {
    /// An empty repository whose branch is `main`.
    #[must_use]
    pub fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory is made");
        let repository = Self { directory };
        repository.git(&["init", "-q", "-b", "main"]);
        repository
    }

    /// One of everything that Git can hold: delta chains, a merge, links to
    /// everywhere, executables, odd names, a submodule, an LFS pointer, tags of
    /// both kinds.
    #[must_use]
    pub fn rich() -> Self {
        let repository = Self::new();
        let line = |n: usize| format!("line {n} {}\n", n * 7919 % 10_007);
        for version in 0..12 {
            let long: String = (0..4000)
                .map(|n| {
                    if n % 501 == version {
                        "changed\n".into()
                    } else {
                        line(n)
                    }
                })
                .collect();
            repository.write("long.txt", long.as_bytes());
            repository.write(
                &format!("src/module {version}/file.rs"),
                line(version).as_bytes(),
            );
            repository.commit(&format!("version {version}\n\nWith a body.\n"));
        }
        repository.git(&["tag", "v1.9"]);
        repository.git(&["tag", "-a", "-m", "ten", "v1.10"]);
        repository.git(&["checkout", "-q", "-b", "feature"]);
        repository.write("feature", b"x");
        repository.commit("a feature");
        repository.git(&["checkout", "-q", "main"]);
        repository.write("empty", b"");
        repository.write("-dash", b"dash");
        repository.write("ünï/çödé ☃", "снег".as_bytes());
        repository.write("a/b/c/d/e/f/deep", b"deep");
        repository.write("tool.sh", b"#!/bin/sh\n");
        repository.write("large.bin", &noise(3 << 20));
        repository.write(
            "video.mp4",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        );
        repository.git(&["add", "-A"]);
        repository.git(&["update-index", "--chmod=+x", "tool.sh"]);
        for (name, target) in [
            ("link", "tool.sh"),
            ("dangling", "nowhere"),
            ("absolute", "/etc/passwd"),
            ("climbing", "../../../../etc"),
            ("a/up", "../src"),
        ] {
            let id = repository.object("blob", target.as_bytes());
            repository.git(&[
                "update-index",
                "--add",
                "--cacheinfo",
                &format!("120000,{id},{name}"),
            ]);
        }
        let id = "1234567890123456789012345678901234567890";
        repository.git(&[
            "update-index",
            "--add",
            "--cacheinfo",
            &format!("160000,{id},vendor/sub"),
        ]);
        repository.git(&["commit", "-q", "-m", "one of everything"]);
        repository.git(&["merge", "-q", "--no-ff", "-m", "Merge a feature", "feature"]);
        repository.git(&["reset", "-q", "--hard"]);
        repository
    }

    /// Where the working tree is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Runs git here and returns its output without the line break.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_with(arguments, b"")
    }

    /// The same, with this on its standard input.
    pub fn git_with(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut child = command(self.path())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("git is installed");
        let mut stdin = child.stdin.take().expect("there is a pipe");
        stdin.write_all(input).expect("git reads its input");
        drop(stdin);
        let output = child.wait_with_output().expect("git ends");
        assert!(output.status.success(), "git {arguments:?} fails");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// Writes one file of the working tree.
    pub fn write(&self, path: &str, content: &[u8]) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().expect("it is below the root")).expect("made");
        fs::write(path, content).expect("the file is written");
    }

    /// Commits everything and returns the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Writes any object, well-formed or not, and returns its id.
    pub fn object(&self, kind: &str, data: &[u8]) -> String {
        let arguments = ["hash-object", "-t", kind, "-w", "--literally", "--stdin"];
        self.git_with(&arguments, data)
    }

    /// Makes `main` a commit of a tree with exactly these entries: mode, name,
    /// id.
    pub fn commit_tree(&self, entries: &[(&str, &[u8], &str)]) -> String {
        let mut data = Vec::new();
        for (mode, name, id) in entries {
            data.extend_from_slice(mode.as_bytes());
            data.push(b' ');
            data.extend_from_slice(name);
            data.push(0);
            for pair in id.as_bytes().chunks(2) {
                let pair = std::str::from_utf8(pair).expect("an id is hex");
                data.push(u8::from_str_radix(pair, 16).expect("an id is hex"));
            }
        }
        let tree = self.object("tree", &data);
        let commit = self.git(&["commit-tree", "-m", "crafted", &tree]);
        self.git(&["update-ref", "refs/heads/main", &commit]);
        commit
    }

    /// The files of a commit as `git archive` has them, in a new directory.
    #[must_use]
    pub fn archive(&self, commit: &str) -> TempDir {
        let directory = TempDir::new().expect("a temporary directory is made");
        let tar = directory.path().join("archive.tar");
        let output = format!("--output={}", tar.display());
        self.git(&["archive", "--format=tar", &output, commit]);
        let files = directory.path().join("files");
        fs::create_dir(&files).expect("made");
        let status = Command::new("tar")
            .arg("-xf")
            .arg(&tar)
            .arg("-C")
            .arg(&files)
            .status()
            .expect("tar is installed");
        assert!(status.success(), "tar fails");
        directory
    }

    /// A bare clone that holds everything in one pack, in a new directory.
    #[must_use]
    pub fn bare_clone(&self) -> (TempDir, PathBuf) {
        let directory = TempDir::new().expect("a temporary directory is made");
        let path = directory.path().join("clone.git");
        self.git(&[
            "clone",
            "-q",
            "--bare",
            "--no-local",
            ".",
            &path.to_string_lossy(),
        ]);
        (directory, path)
    }
}

/// Git in this directory, without anybody's settings and with fixed times.
pub(crate) fn command(directory: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", directory)
        .env("GIT_AUTHOR_NAME", "Ada")
        .env("GIT_AUTHOR_EMAIL", "ada@example.com")
        .env("GIT_AUTHOR_DATE", "2026-01-02T03:04:05+02:00")
        .env("GIT_COMMITTER_NAME", "Bob")
        .env("GIT_COMMITTER_EMAIL", "bob@example.com")
        .env("GIT_COMMITTER_DATE", "2026-02-03T04:05:06+00:00");
    command
}

/// Bytes that do not compress, always the same.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[0]
        })
        .collect()
}
