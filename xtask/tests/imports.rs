//! Who may import whom. Each row is a wall of the house (docs/architecture.md);
//! a crate that is not listed may not be in the workspace.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops where it is wrong"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crate, and the crates of this workspace that it may use.
const MAY_IMPORT: [(&str, &[&str]); 11] = [
    ("lockgate-model", &[]),
    ("lockgate-cron", &[]),
    ("lockgate-execution", &["lockgate-model"]),
    ("lockgate-store", &["lockgate-model"]),
    ("lockgate-artifacts", &["lockgate-model"]),
    ("lockgate-sandbox", &[]),
    ("lockgate-host", &["lockgate-model", "lockgate-sandbox"]),
    ("lockgate-registry", &["lockgate-model"]),
    ("lockgate-wire", &[]),
    (
        "lockgate-orchestrator",
        &[
            "lockgate-model",
            "lockgate-cron",
            "lockgate-execution",
            "lockgate-store",
            "lockgate-artifacts",
        ],
    ),
    (
        "lockgate",
        &[
            "lockgate-model",
            "lockgate-execution",
            "lockgate-store",
            "lockgate-artifacts",
            "lockgate-sandbox",
            "lockgate-host",
            "lockgate-registry",
            "lockgate-orchestrator",
            "lockgate-cron",
            "lockgate-wire",
        ],
    ),
];

/// Crate, and what of the outside world it must never see.
const MUST_NEVER_SEE: [(&str, &[&str]); 10] = [
    (
        "lockgate-model",
        &["tokio", "wasmtime", "http", "hyper", "rusqlite"],
    ),
    (
        "lockgate-cron",
        &[
            "tokio", "wasmtime", "http", "hyper", "rusqlite", "serde", "futures",
        ],
    ),
    (
        "lockgate-execution",
        &["tokio", "wasmtime", "http", "hyper", "rusqlite", "futures"],
    ),
    ("lockgate-store", &["wasmtime", "hyper", "axum"]),
    ("lockgate-artifacts", &["wasmtime", "axum"]),
    (
        "lockgate-sandbox",
        &["wasmtime", "hyper", "axum", "rusqlite"],
    ),
    ("lockgate-host", &["axum", "rusqlite"]),
    ("lockgate-registry", &["wasmtime", "axum", "rusqlite"]),
    (
        "lockgate-wire",
        &["tokio", "wasmtime", "hyper", "axum", "rusqlite", "futures"],
    ),
    (
        "lockgate-orchestrator",
        &["wasmtime", "hyper", "axum", "rusqlite"],
    ),
];

/// Name, folder and direct dependencies (tests' own left out) of every crate.
fn workspace() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let root = metadata["workspace_root"].as_str().unwrap();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let folder = package["manifest_path"].as_str().unwrap();
            let folder = folder.strip_prefix(root).unwrap().trim_start_matches('/');
            let folder = folder.trim_end_matches("/Cargo.toml").to_owned();
            let dependencies = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned())
                .collect();
            (
                package["name"].as_str().unwrap().to_owned(),
                (folder, dependencies),
            )
        })
        .collect()
}

#[test]
fn every_runtime_crate_imports_only_what_its_wall_allows() {
    let workspace = workspace();
    let listed: BTreeMap<_, _> = MAY_IMPORT.into_iter().collect();
    for (name, (folder, dependencies)) in &workspace {
        if !folder.starts_with("runtime/") {
            continue;
        }
        let allowed = listed
            .get(name.as_str())
            .unwrap_or_else(|| panic!("{name} has no wall"));
        for dependency in dependencies.iter().filter(|d| workspace.contains_key(*d)) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{name} must not import {dependency}"
            );
        }
    }
}

#[test]
fn no_crate_sees_what_lies_behind_its_wall() {
    let workspace = workspace();
    for (name, forbidden) in MUST_NEVER_SEE {
        let (_, dependencies) = &workspace[name];
        for dependency in dependencies {
            let seen = forbidden.iter().any(|f| {
                dependency == f
                    || dependency
                        .strip_prefix(f)
                        .is_some_and(|r| r.starts_with('-'))
            });
            assert!(!seen, "{name} must never see {dependency}");
        }
    }
}

/// What a guest may take from the runtime: text in, times out. A window that a
/// component judges and a schedule that the server starts must mean the same,
/// and it knows nothing of the server that a guest could reach.
const PURE: &str = "lockgate-cron";

#[test]
fn guests_live_in_another_world() {
    let workspace = workspace();
    for (name, (folder, dependencies)) in &workspace {
        if folder.starts_with("plugins/") || folder.starts_with("plugin-sdk/") {
            for dependency in dependencies.iter().filter(|d| workspace.contains_key(*d)) {
                let allowed = dependency == "lockgate-plugin" || dependency == PURE;
                let allowed = allowed && folder.starts_with("plugins/");
                assert!(allowed, "{name} must not import {dependency}");
            }
        }
    }
}
