//! The guests that misbehave on purpose, as a plugin that can be installed.

use crate::program::below_target;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// Lays out the provider `Build/Custom/Misbehave/1` in this directory, with
/// limits that are met quickly.
pub fn misbehaving(directory: &Path) {
    let manifest = r#"
name = "misbehave"
version = "0.1.0"
description = "Does what its configuration says, mostly wrong"
world = "action-provider"

[asks]
http = "to ask for hosts that nobody granted"
secrets = "to look for them"
exec = "to run commands that nobody needs"
invoke = "to call functions that are not there"

[limits]
seconds = 3
memory-bytes = 67108864
log-bytes = 262144
output-bytes = 65536
"#;
    std::fs::create_dir_all(directory).unwrap();
    std::fs::write(directory.join("plugin.toml"), manifest).unwrap();
    std::fs::write(directory.join("plugin.wasm"), component()).unwrap();
}

/// Built as the host's own tests build it, into the same target directory.
fn component() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--profile", "plugin"])
            .args(["--target", "wasm32-wasip2", "-p", "lockgate-test-guests"])
            .args(["--lib", "--target-dir"])
            .arg(below_target(""))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(status.success(), "the guests cannot be built: {status}");
        std::fs::read(below_target(
            "wasm32-wasip2/plugin/lockgate_test_guests.wasm",
        ))
        .unwrap()
    })
}
