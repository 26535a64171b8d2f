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

/// What only tests need: a client and a server of ssh.
///
/// The server is installed in CI alone. On somebody's own machine it would be
/// a service that others can reach, so there the tests say that they need it.
pub fn ensure_for_tests() -> Result<()> {
    if ask("git", &["--version"]).is_none() || ask("ssh", &["-V"]).is_none() {
        apt_install("git openssh-client", "git or ssh")?;
    }
    let server = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];
    let missing = !server
        .iter()
        .any(|path| std::path::Path::new(path).exists());
    if missing && std::env::var_os("CI").is_some() {
        return apt_install_stopped("openssh-server", "sshd");
    }
    Ok(())
}

/// Installs packages on Debian and its kin.
fn apt_install(packages: &str, what: &str) -> Result<()> {
    apt(packages, what, &["apt-get"])
}

/// The same, and starts none of their services: the system asks this file
/// first, where it has none of its own already.
fn apt_install_stopped(packages: &str, what: &str) -> Result<()> {
    const SCRIPT: &str = "policy=/usr/sbin/policy-rc.d
[ -e $policy ] && exec apt-get \"$@\"
trap 'rm -f $policy' EXIT
printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && apt-get \"$@\"";
    apt(packages, what, &["sh", "-c", SCRIPT, "apt-get"])
}

fn apt(packages: &str, what: &str, program: &[&str]) -> Result<()> {
    let by_hand = format!("{what} is missing; install it with: apt-get install {packages}");
    if ask("apt-get", &["--version"]).is_none() {
        bail!("{by_hand} (or your system's equivalent)");
    }
    let root = ask("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    if !root && ask("sudo", &["-n", "true"]).is_none() {
        bail!("{by_hand} (as root; this may not be done without asking you)");
    }
    let apt = |arguments: &[&str]| {
        // sudo keeps no variable, so env sets it behind sudo.
        let before: &[&str] = if root { &[] } else { &["sudo", "-n"] };
        let mut words = before.iter().chain(&["env"]);
        let mut command = Command::new(words.next().unwrap_or(&"env"));
        command
            .args(words)
            .arg("DEBIAN_FRONTEND=noninteractive")
            .args(program)
            .args(arguments);
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
