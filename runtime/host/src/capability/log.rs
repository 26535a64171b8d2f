//! The capability `log`: free for everybody, bounded by the job's log limit.

use crate::contract::imports::{log, types};
use crate::store::{JobState, Phase};
use lockgate_model::job::LogLevel;

impl log::Host for JobState {
    fn write(&mut self, level: log::Level, text: String) -> wasmtime::Result<()> {
        if self.shared.phase == Phase::Job {
            let level = match level {
                log::Level::Info => LogLevel::Info,
                log::Level::Warning => LogLevel::Warning,
                log::Level::Error => LogLevel::Error,
            };
            self.shared.log.write(level, &text);
        }
        Ok(())
    }
}

impl types::Host for JobState {}
