//! The shell: owns pipelines, dispatches jobs, timers, triggers, recovery.
