//! Runs commands for the tests, in the real sandbox of this machine.
#![allow(dead_code, reason = "each test program uses its own part")]

use lockgate_sandbox::{Command, Ending, Exit, Sandbox, SandboxError, Stream};
use std::sync::OnceLock;

/// The machine's sandbox. A machine without one fails these tests: nothing else
/// can stand in for it.
pub fn sandbox() -> &'static Sandbox {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    SANDBOX.get_or_init(|| match Sandbox::detect() {
        Ok(sandbox) => sandbox,
        Err(unavailable) => panic!("{unavailable}"),
    })
}

/// What came of a command: its ending, and its lines as text.
#[derive(Debug)]
pub struct Ran {
    pub exit: Exit,
    pub lines: Vec<(Stream, String)>,
}

impl Ran {
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|(_, line)| line.as_str()).collect();
        lines.join("\n")
    }

    pub fn ending(&self) -> &Ending {
        &self.exit.ending
    }
}

pub async fn try_run(command: Command) -> Result<Ran, SandboxError> {
    let mut lines = Vec::new();
    let exit = sandbox()
        .run(command, |stream, line| {
            lines.push((stream, line.to_owned()))
        })
        .await?;
    Ok(Ran { exit, lines })
}

pub async fn run(command: Command) -> Ran {
    try_run(command).await.unwrap()
}

pub fn shell(script: &str) -> Command {
    Command::new(["/bin/sh", "-c", script])
}

pub fn python(script: &str) -> Command {
    Command::new(["python3", "-c", script])
}
