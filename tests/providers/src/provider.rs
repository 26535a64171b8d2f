//! A package of this workspace in the one host of a test's process: its
//! `plugin.toml`, its component and a grant made up.

use crate::component::{PROVIDERS, component};
use lockgate_host::{Host, HostSettings, Plugin, PrepareError, Prepared};
use lockgate_model::grant::{Grant, GrantLine};
use lockgate_model::plugin::Manifest;
use lockgate_sandbox::Sandbox;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// One host for all tests of a process, as there is one in a server.
///
/// # Panics
/// It cannot be made, or this machine has no sandbox for commands.
pub fn host() -> &'static Host {
    static HOST: LazyLock<Host> = LazyLock::new(|| {
        let sandbox = Sandbox::detect().expect("this machine has bubblewrap");
        Host::new(HostSettings {
            instances: 64,
            sandbox: Some(sandbox),
            ..HostSettings::default()
        })
        .expect("a host starts")
    });
    &HOST
}

/// The `plugin.toml` of a package of this workspace.
///
/// # Panics
/// There is none, or it is wrong.
#[must_use]
pub fn manifest(package: &str) -> Manifest {
    let folder = match package {
        "lockgate-test-noop" => "tests/noop".to_owned(),
        "lockgate-test-function" => "tests/function-hello".to_owned(),
        name if PROVIDERS.contains(&name) => format!("plugins/{name}"),
        other => panic!("{other} is not built here"),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let file = root.join(folder).join("plugin.toml");
    let text = fs::read_to_string(file).expect("there is a plugin.toml");
    Manifest::parse(&text).expect("plugin.toml is right")
}

/// A package of this workspace, prepared with these grants (without the
/// plugin's name).
///
/// # Errors
/// The host refuses it.
///
/// # Panics
/// It cannot be built, or a grant or its `plugin.toml` cannot be read.
pub fn prepare(package: &str, grants: &[&str]) -> Result<Arc<Prepared>, PrepareError> {
    let manifest = manifest(package);
    let mut grant = Grant::default();
    for line in grants {
        let line: GrantLine = format!("{} {line}", manifest.name)
            .parse()
            .unwrap_or_else(|error| panic!("{error}"));
        grant.add(line.capability);
    }
    let plugin = Plugin {
        name: &manifest.name,
        world: manifest.world,
        grant: &grant,
        optional: &manifest.asks.optional,
        limits: manifest.limits,
    };
    host().prepare(&component(package), plugin)
}
