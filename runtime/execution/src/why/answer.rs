//! The shape of an answer: reasons in the order in which they came, and what
//! holds now. Shown by the command line as sentences, and by the API as JSON:
//! names are stable.

use lockgate_model::definition::ConditionType;
use lockgate_model::id::{ExecutionId, Principal};
use lockgate_model::status::{ExecutionStatus, StageStatus};
use lockgate_model::time::Timestamp;
use serde::{Deserialize, Serialize};

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Question {
    /// A whole execution.
    Execution {
        /// Which.
        execution: ExecutionId,
    },
    /// One stage of it.
    Stage {
        /// Which execution.
        execution: ExecutionId,
        /// Which stage.
        stage: String,
    },
    /// One action of it.
    Action {
        /// Which execution.
        execution: ExecutionId,
        /// In which stage.
        stage: String,
        /// Which action.
        action: String,
    },
}

impl Question {
    /// The execution that it is about.
    #[must_use]
    pub fn execution(&self) -> ExecutionId {
        match self {
            Self::Execution { execution }
            | Self::Stage { execution, .. }
            | Self::Action { execution, .. } => *execution,
        }
    }
}

/// Why an execution, a stage or an action is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// What was asked.
    pub question: Question,
    /// The log knows of it; else `now` says what it does not know.
    pub found: bool,
    /// What led here, oldest first.
    pub reasons: Vec<Reason>,
    /// What holds at the end of the log.
    pub now: Present,
}

/// Why a revision is where it is, or nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionAnswer {
    /// The beginning of the revision, as it was asked.
    pub revision: String,
    /// What became of it.
    pub fate: Fate,
    /// The same in one sentence: of the execution that got furthest.
    pub sentence: String,
    /// Changes with this revision that started nothing, oldest first.
    pub ignored: Vec<Reason>,
    /// Executions that carried it, oldest first.
    pub executions: Vec<Journey>,
}

/// What became of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fate {
    /// Nothing with it was ever reported or started.
    NeverReported,
    /// It was reported, and started nothing.
    Ignored,
    /// An execution carries it, and has not ended.
    InProgress,
    /// An execution brought it through the last stage.
    Succeeded,
    /// What carried it was superseded.
    Superseded,
    /// What carried it failed.
    Failed,
    /// What carried it was stopped.
    Stopped,
    /// What carried it was cancelled.
    Cancelled,
}

/// How far one execution brought a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Journey {
    /// Which execution.
    pub execution: ExecutionId,
    /// The source action that the revision is of.
    pub source_action: String,
    /// The whole revision.
    pub revision: String,
    /// Every stage of its definition, in order; of a rollback its own alone.
    pub stages: Vec<Stop>,
    /// What led there, oldest first.
    pub reasons: Vec<Reason>,
    /// What holds at the end of the log.
    pub now: Present,
}

/// A stage on a journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stop {
    /// Which stage.
    pub stage: String,
    /// How it stands there; absent: it was never in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StageStatus>,
}

/// Something that happened and matters to the question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// When.
    pub at: Timestamp,
    /// By whose command.
    pub by: Principal,
    /// What, for programs.
    pub kind: ReasonKind,
    /// What, for people.
    pub sentence: String,
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
}

/// The parts of a pipeline that a reason, or a wait, is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// In which stage, or in front of which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
    /// Which action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Which condition of the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<ConditionType>,
    /// Which rule of the condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Which other execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<ExecutionId>,
}

impl About {
    pub(super) fn stage(stage: &str) -> Self {
        Self {
            stage: Some(stage.to_owned()),
            ..Self::default()
        }
    }

    pub(super) fn action(stage: &str, action: &str) -> Self {
        Self {
            action: Some(action.to_owned()),
            ..Self::stage(stage)
        }
    }

    pub(super) fn condition(stage: &str, condition: ConditionType) -> Self {
        Self {
            condition: Some(condition),
            ..Self::stage(stage)
        }
    }

    pub(super) fn rule(stage: &str, condition: ConditionType, rule: &str) -> Self {
        Self {
            rule: Some(rule.to_owned()),
            ..Self::condition(stage, condition)
        }
    }

    pub(super) fn other(mut self, execution: ExecutionId) -> Self {
        self.other = Some(execution);
        self
    }
}

/// To which question a reason belongs: to one about the whole execution, or only
/// to one that is as narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    Execution,
    Stage,
    Action,
}

macro_rules! reason_kinds {
    ($($(#[$doc:meta])* $name:ident: $depth:ident,)+) => {
        /// What a reason says, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum ReasonKind { $($(#[$doc])* $name,)+ }

        impl ReasonKind {
            pub(super) fn depth(self) -> Depth {
                match self { $(Self::$name => Depth::$depth,)+ }
            }
        }
    };
}

reason_kinds! {
    /// It began, and why.
    Started: Execution,
    /// A change with the revision started nothing.
    ChangeIgnored: Execution,
    /// A source action fetched a revision.
    RevisionFetched: Execution,
    /// It had to wait in front of a stage.
    Waited: Execution,
    /// The transition that it waited at was disabled meanwhile.
    TransitionDisabled: Execution,
    /// That transition was enabled.
    TransitionEnabled: Execution,
    /// It entered a stage after waiting.
    WaitEnded: Execution,
    /// It took the place of an older execution.
    TookPlace: Execution,
    /// A newer execution took its place.
    Superseded: Execution,
    /// Somebody asked to stop it.
    StopAsked: Execution,
    /// It stopped.
    Stopped: Execution,
    /// An update or a deletion ended it.
    CancelAsked: Execution,
    /// It was cancelled.
    Cancelled: Execution,
    /// It is through the last stage.
    Succeeded: Execution,
    /// It failed.
    Failed: Execution,
    /// It entered a stage.
    StageEntered: Stage,
    /// A stage succeeded.
    StageSucceeded: Stage,
    /// A stage failed.
    StageFailed: Stage,
    /// A stage was passed over.
    StageSkipped: Execution,
    /// A stage was stopped.
    StageStopped: Stage,
    /// A stage was cancelled.
    StageCancelled: Stage,
    /// A stage ran again.
    StageRetried: Execution,
    /// A stage goes back to what an earlier execution had in it.
    RolledBack: Execution,
    /// The rules of a condition started.
    ConditionStarted: Stage,
    /// A condition ended and nothing followed from it.
    ConditionPassed: Stage,
    /// A condition ended and its result engaged.
    ConditionEngaged: Execution,
    /// Somebody went past a condition.
    ConditionOverridden: Execution,
    /// A rule started.
    RuleStarted: Stage,
    /// A rule could not say yet.
    RulePending: Action,
    /// A rule's criterion holds.
    RuleSucceeded: Stage,
    /// A rule's criterion does not hold.
    RuleFailed: Execution,
    /// A rule was not waited for.
    RuleAbandoned: Stage,
    /// An action started.
    ActionStarted: Action,
    /// An action goes on elsewhere.
    ActionPending: Action,
    /// An action succeeded.
    ActionSucceeded: Action,
    /// An action failed.
    ActionFailed: Execution,
    /// An action or a rule did not end in time.
    TimedOut: Execution,
    /// An action was not waited for.
    ActionAbandoned: Execution,
    /// Somebody was asked for approval.
    ApprovalAsked: Execution,
    /// Somebody approved.
    Approved: Execution,
    /// Somebody rejected.
    Rejected: Execution,
    /// A job waits for a job worker.
    JobQueued: Action,
    /// A job worker has the job.
    JobDispatched: Action,
    /// The job worker began.
    JobAcknowledged: Action,
}

/// What holds at the end of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Present {
    /// Of the execution; absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ExecutionStatus>,
    /// In one sentence.
    pub sentence: String,
    /// What is waited for, all at the same time; empty when nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Wait>,
}

/// Something that is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wait {
    /// What, for programs.
    pub kind: WaitKind,
    /// What, for people.
    pub sentence: String,
    /// Since when it is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When it ends by itself at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who made it so, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Principal>,
    /// What it is about.
    #[serde(flatten)]
    pub about: About,
}

/// What is waited for, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WaitKind {
    /// Somebody has to enable a transition.
    Transition,
    /// Another execution has to leave the stage.
    StageHeld,
    /// Other executions are first.
    Queue,
    /// Somebody has to answer an approval.
    Approval,
    /// A provider works on an action.
    Action,
    /// A job worker has to take a job, or to answer it.
    Worker,
    /// A rule of a condition is being judged.
    Rule,
    /// Actions of an earlier run order have to end, or there is no room for more
    /// actions at a time.
    Turn,
    /// Nobody: it goes on by itself.
    Nothing,
}
