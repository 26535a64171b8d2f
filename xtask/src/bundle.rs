//! Builds the providers to components, lays them out as plugin packages, and
//! builds the binary that carries them.

use crate::command::{cargo, root, run, target};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

/// Carried inside the binary.
const PROVIDERS: [&str; 10] = [
    "source-git",
    "build-commands",
    "deploy-files",
    "invoke-function",
    "notify-webhook",
    "rule-alarm",
    "rule-deployment-window",
    "rule-variable-check",
    "run-commands",
    "start-pipeline",
];

/// Not in the binary: package, folder of its `plugin.toml`. Used by the
/// demonstration, the tests and the benchmark.
const EXTRA: [(&str, &str); 2] = [
    ("lockgate-test-noop", "tests/noop"),
    ("lockgate-test-function", "tests/function-hello"),
];

/// Builds every component, and lays packages out under `target/bundle` (for
/// the binary) and `target/plugins` (for everyone else).
pub fn build() -> Result<()> {
    let mut command = cargo();
    command.args(["build", "--profile", "plugin", "--target", "wasm32-wasip2"]);
    for name in PROVIDERS.into_iter().chain(EXTRA.map(|(name, _)| name)) {
        command.args(["-p", name]);
    }
    run(&mut command)?;
    for name in PROVIDERS {
        lay_out(
            name,
            &root().join("plugins").join(name),
            &target().join("bundle").join(name),
        )?;
    }
    for (name, folder) in EXTRA {
        lay_out(name, &root().join(folder), &extra(folder))?;
    }
    Ok(())
}

/// Where the package of one of the extra plugins lies.
pub fn extra(folder: &str) -> PathBuf {
    let name = Path::new(folder).file_name().unwrap_or_default();
    target().join("plugins").join(name)
}

/// Builds the one binary.
pub fn build_binary(release: bool) -> Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "-p", "lockgate"]);
    if release {
        command.arg("--release");
    }
    run(&mut command)?;
    Ok(target()
        .join(if release { "release" } else { "debug" })
        .join("lockgate"))
}

fn lay_out(name: &str, source: &Path, package: &Path) -> Result<()> {
    fs::create_dir_all(package)?;
    let component = target()
        .join("wasm32-wasip2/plugin")
        .join(format!("{}.wasm", name.replace('-', "_")));
    copy_if_changed(&source.join("plugin.toml"), &package.join("plugin.toml"))?;
    copy_if_changed(&component, &package.join("plugin.wasm"))
}

/// An unchanged file keeps its time, so that the binary is not built again.
fn copy_if_changed(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if fs::read(to).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    fs::write(to, bytes).with_context(|| format!("cannot write {}", to.display()))
}
