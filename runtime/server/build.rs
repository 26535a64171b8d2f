//! Puts the bundled providers into the binary: every package (a folder with
//! `plugin.toml` and `plugin.wasm`) in the directory that `LOCKGATE_BUNDLE`
//! names. `cargo xtask build` fills it; where it is empty the binary carries no
//! provider and says so when it is started.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-env-changed=LOCKGATE_BUNDLE");
    let bundle = std::env::var_os("LOCKGATE_BUNDLE")
        .map(PathBuf::from)
        .unwrap_or_default();
    // A directory that is missing now must be noticed when it appears.
    println!("cargo::rerun-if-changed={}", bundle.display());
    let mut folders: Vec<PathBuf> = std::fs::read_dir(&bundle)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    folders.retain(|folder| folder.join("plugin.toml").exists());
    folders.sort();
    let mut source = String::from("&[\n");
    for folder in &folders {
        let manifest = folder.join("plugin.toml");
        let component = folder.join("plugin.wasm");
        for file in [&manifest, &component] {
            println!("cargo::rerun-if-changed={}", file.display());
        }
        let _ = writeln!(
            source,
            "    (include_str!({manifest:?}), include_bytes!({component:?})),"
        );
    }
    source.push_str("]\n");
    let out = std::env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    if let Err(error) = std::fs::write(Path::new(&out).join("bundle.rs"), source) {
        println!("cargo::error=cannot write the list of bundled providers: {error}");
    }
}
