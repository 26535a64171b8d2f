//! Deeds on files: WASI's own and those of the capability `artifacts`.

use crate::Settings;
use crate::lockgate::action::artifacts;
use crate::machine::wasi::filesystem::preopens;
use std::fs::{self, OpenOptions};

pub(crate) fn touch(deed: &str, set: &Settings) -> Result<String, String> {
    let path = set.text("path");
    let to = set.text("to");
    let io = |e: std::io::Error| e.to_string();
    let host = |e: artifacts::Error| format!("{e:?}");
    let done = |()| String::new();
    match deed {
        "read" => fs::read_to_string(path).map_err(io),
        "write" => fs::write(path, set.text("text")).map(done).map_err(io),
        "truncate" => OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(path)
            .map(|_| String::new())
            .map_err(io),
        "list" => {
            let mut names: Vec<String> = fs::read_dir(path)
                .map_err(io)?
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            Ok(names.join(" "))
        }
        "mkdir" => fs::create_dir(path).map(done).map_err(io),
        "remove" => fs::remove_file(path).map(done).map_err(io),
        "rename" => fs::rename(path, to).map(done).map_err(io),
        "link" => fs::hard_link(path, to).map(done).map_err(io),
        "symlink" => symlink(path, to),
        "set-executable" => artifacts::set_executable(path, true)
            .map(done)
            .map_err(host),
        "set-mode" => artifacts::set_mode(path, u32::from_str_radix(set.text("mode"), 8).unwrap())
            .map(done)
            .map_err(host),
        "get-mode" => artifacts::get_mode(path)
            .map(|mode| format!("{mode:o}"))
            .map_err(host),
        "make-symlink" => artifacts::make_symlink(to, path).map(done).map_err(host),
        "copy-tree" => artifacts::copy_tree(path, to).map(done).map_err(host),
        "replace" => artifacts::replace(path, to).map(done).map_err(host),
        other => Err(format!("this guest knows no '{other}'")),
    }
}

/// WASI's own symbolic link, which Rust's library cannot make yet.
fn symlink(path: &str, to: &str) -> Result<String, String> {
    for (directory, at) in preopens::get_directories() {
        if let Some(inside) = path.strip_prefix(&format!("{at}/")) {
            return directory
                .symlink_at(to, inside)
                .map(|()| String::new())
                .map_err(|e| format!("{e:?}"));
        }
    }
    Err("no such directory".into())
}
