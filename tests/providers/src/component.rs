//! Components of this workspace, built once, and what they import.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use wasmparser::{Parser, Payload};

/// The providers that the binary carries.
pub const PROVIDERS: [&str; 10] = [
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

/// Built with them, exactly as `cargo xtask build` does: another set of packages
/// could mean other features, and so everything built twice.
const EXTRA: [&str; 2] = ["lockgate-test-noop", "lockgate-test-function"];

/// The component of one package of this workspace. The first call builds all.
///
/// # Panics
/// It cannot be built.
#[must_use]
pub fn component(package: &str) -> Vec<u8> {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(build);
    let file = BUILT.join(format!("{}.wasm", package.replace('-', "_")));
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Builds into the target directory that this test itself was built into.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    let target = test
        .ancestors()
        .find(|path| path.join("CACHEDIR.TAG").is_file())
        .map_or_else(
            || panic!("{} is in no target directory", test.display()),
            Path::to_owned,
        );
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--profile", "plugin"])
        .args(["--target", "wasm32-wasip2", "--target-dir"])
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    for package in PROVIDERS.into_iter().chain(EXTRA) {
        cargo.args(["-p", package]);
    }
    let status = cargo.status().expect("cargo starts");
    assert!(status.success(), "the components cannot be built: {status}");
    target.join("wasm32-wasip2/plugin")
}

/// The interfaces that a component imports, without their versions.
///
/// # Panics
/// It is not a component.
#[must_use]
pub fn imports(component: &[u8]) -> BTreeSet<String> {
    let mut imports = BTreeSet::new();
    let mut depth = 0u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.expect("a component is well-formed") {
            Payload::ComponentSection { .. } | Payload::ModuleSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import.expect("an import is well-formed");
                    let name = import.name.name;
                    let interface = name
                        .split_once('@')
                        .map_or(name, |(interface, _)| interface);
                    imports.insert(interface.to_owned());
                }
            }
            _ => {}
        }
    }
    imports
}
