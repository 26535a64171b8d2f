//! Every check, in the order in which a mistake is cheapest to find.

use crate::command::{ask, cargo, run};
use crate::{bundle, tools};
use anyhow::{Result, bail};

/// Formatting, lints, licences, tests.
pub fn all() -> Result<()> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    tools::ensure()?;
    bundle::build()?;
    run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    deny()?;
    test(&[])
}

/// Every test: builds the providers first, because the tests run them.
pub fn test(arguments: &[String]) -> Result<()> {
    tools::ensure()?;
    tools::ensure_for_tests()?;
    bundle::build()?;
    // With the same features as the tests, or half the dependencies would be
    // built twice; the end-to-end tests find the binary among what this builds.
    run(cargo().args(["build", "--workspace", "--all-targets"]))?;
    run(cargo().args(["test", "--workspace"]).args(arguments))
}

/// Licences, duplicate crates and sources always; advisories where their
/// database can be fetched.
fn deny() -> Result<()> {
    if ask("cargo", &["deny", "--version"]).is_none() {
        run(cargo().args(["install", "cargo-deny", "--locked"]))?;
    }
    run(cargo().args(["deny", "check", "bans", "licenses", "sources"]))?;
    let fetched = cargo().args(["deny", "fetch", "db"]).output()?;
    if fetched.status.success() {
        return run(cargo().args(["deny", "check", "advisories"]));
    }
    if std::env::var_os("LOCKGATE_REQUIRE_ADVISORIES").is_some() {
        bail!(
            "the advisory database cannot be fetched: {}",
            String::from_utf8_lossy(&fetched.stderr)
        );
    }
    eprintln!("advisories were NOT checked: their database cannot be fetched from here");
    Ok(())
}
