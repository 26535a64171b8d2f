//! What must be on the machine besides a Rust toolchain and git: installed
//! where we may, and named in one sentence where we may not.

use crate::command::{ask, run};
use anyhow::{Result, bail};
use std::process::Command;

const TARGET: &str = "wasm32-wasip2";

/// Installs what is missing.
pub fn ensure() -> Result<()> {
    c_compiler()?;
    wasm_target()?;
    bubblewrap()
}

/// SQLite and the TLS library are C.
fn c_compiler() -> Result<()> {
    if ask("cc", &["--version"]).is_some() {
        return Ok(());
    }
    apt_install("gcc libc6-dev", "a C compiler")
}

fn wasm_target() -> Result<()> {
    let sysroot = ask("rustc", &["--print", "sysroot"]).unwrap_or_default();
    let library = std::path::Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(TARGET);
    if library.exists() {
        return Ok(());
    }
    if ask("rustup", &["--version"]).is_none() {
        bail!(
            "the Rust target {TARGET} is missing and there is no rustup to add it; install Rust from https://rustup.rs, or your distribution's standard library for {TARGET}"
        );
    }
    run(Command::new("rustup").args(["target", "add", TARGET]))
}

fn bubblewrap() -> Result<()> {
    if ask("bwrap", &["--version"]).is_none() {
        apt_install("bubblewrap", "bubblewrap, the sandbox of build commands,")?;
    }
    // Some systems have the program and forbid what it does.
    let works = Command::new("bwrap")
        .args([
            "--unshare-user",
            "--unshare-net",
            "--ro-bind",
            "/",
            "/",
            "true",
        ])
        .output()
        .is_ok_and(|output| output.status.success());
    if works {
        return Ok(());
    }
    bail!(
        "bubblewrap cannot make a sandbox here: unprivileged user namespaces are off; allow them with 'sysctl -w kernel.unprivileged_userns_clone=1' (Debian) or 'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0' (Ubuntu), as root"
    )
}

fn apt_install(packages: &str, what: &str) -> Result<()> {
    let by_hand = format!("{what} is missing; install it with: apt-get install {packages}");
    if ask("apt-get", &["--version"]).is_none() {
        bail!("{by_hand} (or your system's equivalent)");
    }
    let root = ask("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    if !root && ask("sudo", &["-n", "true"]).is_none() {
        bail!("{by_hand} (as root; this may not be done without asking you)");
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(if root { "apt-get" } else { "sudo" });
        if !root {
            command.args(["-n", "apt-get"]);
        }
        command
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive");
        run(&mut command)
    };
    let install: Vec<&str> = ["install", "-y", "--no-install-recommends"]
        .into_iter()
        .chain(packages.split(' '))
        .collect();
    // The package lists of a fresh machine are empty.
    apt(&install).or_else(|_| {
        apt(&["update"])?;
        apt(&install)
    })
}
