//! States of executions, stages and actions, spelt as CodePipeline's API spells
//! them (codepipeline API reference, `PipelineExecutionStatus`,
//! `StageExecutionStatus`, `ActionExecutionStatus`).

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! status {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// The API's spelling.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

status! {
    /// Of one pipeline execution.
    ExecutionStatus {
        /// Running, or waiting to enter a stage.
        InProgress,
        /// Asked to stop; actions that run are being waited for.
        Stopping,
        /// Stopped by hand.
        Stopped,
        /// Through the last stage.
        Succeeded,
        /// A newer execution took its place while it waited between stages.
        Superseded,
        /// An action or a stage failed.
        Failed,
        /// Ended because its pipeline was updated or deleted.
        Cancelled,
    }
}

impl ExecutionStatus {
    /// Nothing more will happen by itself.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::InProgress | Self::Stopping)
    }
}

status! {
    /// Of one stage within one execution.
    StageStatus {
        /// Some action runs, or is about to.
        InProgress,
        /// Asked to stop.
        Stopping,
        /// Stopped by hand.
        Stopped,
        /// Every action succeeded.
        Succeeded,
        /// An action failed.
        Failed,
        /// Ended because the pipeline was updated or deleted.
        Cancelled,
        /// A condition said so.
        Skipped,
    }
}

status! {
    /// Of one action within one execution.
    ActionStatus {
        /// Handed out, waiting for an answer, or between two polls.
        InProgress,
        /// The provider, or the approver, said yes.
        Succeeded,
        /// The provider, the approver or the host said no.
        Failed,
        /// A stop did not wait for it.
        Abandoned,
    }
}

status! {
    /// Of one condition of a stage (API reference, `ConditionExecutionStatus`).
    ConditionStatus {
        /// Some rule has not ended.
        InProgress,
        /// A rule failed.
        Failed,
        /// A rule could not be judged.
        Errored,
        /// Every rule succeeded.
        Succeeded,
        /// Ended because the pipeline was updated or deleted.
        Cancelled,
        /// A stop did not wait for it.
        Abandoned,
        /// Somebody went past it.
        Overridden,
    }
}

status! {
    /// Of one rule of a condition (API reference, `RuleExecutionStatus`).
    RuleStatus {
        /// Handed out, or between two polls.
        InProgress,
        /// A stop, an override or an update did not wait for it.
        Abandoned,
        /// Its criterion holds.
        Succeeded,
        /// Its criterion does not hold, or could not be judged.
        Failed,
    }
}

status! {
    /// Of a job that a job worker does (API reference, `JobStatus`).
    JobStatus {
        /// It exists, and nobody can have it yet.
        Created,
        /// The next worker that polls gets it.
        Queued,
        /// A worker has it and has not said that it begins.
        Dispatched,
        /// A worker has begun.
        InProgress,
        /// Nobody answered in time.
        TimedOut,
        /// The worker said yes.
        Succeeded,
        /// The worker said no.
        Failed,
    }
}
