//! The capability `exec`: native commands, in the operating system's sandbox.
//! Checks the grant, shows the job's directories, streams the output into the
//! job's log; `lockgate-sandbox` does the rest.

use crate::contract::imports::exec;
use crate::store::JobState;
use bytes::Bytes;
use lockgate_model::job::LogLevel;
use lockgate_sandbox::{Command, Ending, Exit, Limits, Mount, Output, SandboxError, Stream};
use std::sync::Arc;
use std::time::{Duration, Instant};

impl exec::Host for JobState {
    async fn run(
        &mut self,
        command: exec::Command,
    ) -> wasmtime::Result<Result<exec::Exit, exec::Error>> {
        let grant = self.shared.grant();
        if !grant.exec {
            let program: String = command
                .arguments
                .first()
                .map(|program| program.chars().take(100).collect())
                .unwrap_or_default();
            let text = self
                .shared
                .denied(&format!("the command '{program}'"), "exec");
            return Ok(Err(exec::Error::Denied(text)));
        }
        let Some(sandbox) = self.host.settings().sandbox.clone() else {
            return Ok(Err(exec::Error::Failed(
                "this machine has no sandbox for commands: install bubblewrap and start the server again"
                    .into(),
            )));
        };
        let command = self.command(command, grant.exec_network);
        let shared = Arc::clone(&self.shared);
        let ran = sandbox
            .run(command, move |stream, line| match stream {
                Stream::Out | Stream::Err => shared.log.write(LogLevel::Info, line),
                Stream::Sandbox => shared.log.host(line),
            })
            .await;
        Ok(match ran {
            Ok(exit) => Ok(ended(exit)),
            Err(error @ SandboxError::NotFound(_)) => Err(exec::Error::NotFound(error.to_string())),
            Err(error) => Err(exec::Error::Failed(error.to_string())),
        })
    }
}

impl JobState {
    fn command(&self, asked: exec::Command, network: bool) -> Command {
        let limits = &self.shared.limits;
        let left = self
            .shared
            .deadline
            .saturating_duration_since(Instant::now());
        Command {
            arguments: asked.arguments,
            environment: asked
                .environment
                .into_iter()
                .map(|pair| (pair.name, pair.value))
                .collect(),
            working_directory: asked.working_directory.into(),
            mounts: self
                .directories
                .iter()
                .map(|directory| Mount {
                    host_path: directory.host_path.clone(),
                    sandbox_path: directory.guest_path.clone().into(),
                    writable: directory.writable,
                })
                .collect(),
            network,
            input: Bytes::from(asked.input),
            timeout: asked.timeout.map_or(left, |seconds| {
                left.min(Duration::from_secs(seconds.into()))
            }),
            limits: Limits {
                memory_bytes: limits.exec_memory_bytes,
                processes: limits.exec_processes,
                output_bytes: limits.log_bytes,
                ..Limits::default()
            },
            output: match asked.output {
                exec::OutputMode::Stream => Output::Stream,
                exec::OutputMode::Capture => Output::Capture,
            },
        }
    }
}

fn ended(exit: Exit) -> exec::Exit {
    exec::Exit {
        ended: match exit.ending {
            Ending::Code(code) => exec::Ending::Code(code.into()),
            Ending::Signal(signal) => exec::Ending::Signal(signal.into()),
            Ending::Timeout => exec::Ending::Timeout,
            Ending::Limit(text) => exec::Ending::Limit(text),
        },
        output: exit.output.to_vec(),
    }
}
