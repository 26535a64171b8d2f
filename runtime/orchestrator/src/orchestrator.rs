//! The one handle that every face holds: pipelines in, executions and their
//! history out.

use crate::action_type::ActionTypes;
use crate::background::Background;
use crate::board::Board;
use crate::cache::Caches;
use crate::clock::Clock;
use crate::doorbell::Doorbell;
use crate::error::OrchestratorError;
use crate::follow::Follow;
use crate::housekeeping;
use crate::notification::lanes::{self, Lanes};
use crate::owner::{Message, Owner, Reply};
use crate::owners::{Key, Owners};
use crate::recover::{self, Beginning};
use crate::runner::Runner;
use crate::schedule;
use crate::shared::Shared;
use crate::start::start_execution;
use lockgate_artifacts::{Artifacts, TreeLimits};
use lockgate_execution::{Command, Direction, PipelineState, Rejected, UpdatePolicy};
use lockgate_model::definition::RetryMode;
use lockgate_model::definition::{Pipeline, Problem, check, unknown_secrets, unmasked};
use lockgate_model::id::{ApprovalToken, ExecutionId, Principal, TenantId};
use lockgate_model::trigger::{SourceRevision, Trigger, TriggerType};
use lockgate_store::{Idempotency, Store};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio_util::task::TaskTracker;

/// Sources that are asked at a time.
const QUESTIONS: usize = 16;
/// So long the end waits for attempts that are being ended.
const LONGEST_END: Duration = Duration::from_secs(10);

/// How the orchestrator behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where attempts have their directories. Emptied at the start.
    pub work: PathBuf,
    /// Where actions have their caches, which outlive attempts and the server.
    pub caches: PathBuf,
    /// What one cache may hold; [`CACHE_LIMITS`](crate::CACHE_LIMITS) is usual.
    pub cache_limits: TreeLimits,
    /// Jobs that run at a time.
    pub jobs: usize,
    /// Seconds between two questions to a source; absent: sources are not asked.
    pub poll_seconds: Option<u64>,
    /// Stands in ARNs, and in events and notifications: AWS's clients expect one.
    pub region: String,
    /// Where people reach the server, such as `https://lockgate.example`; stands
    /// in notifications. Absent: nowhere.
    pub address: Option<String>,
    /// What becomes of executions of older versions when a definition changes.
    pub update_policy: UpdatePolicy,
}

/// What an execution starts with.
#[derive(Debug, Clone)]
pub struct Start {
    /// Why.
    pub trigger: Trigger,
    /// Values of pipeline variables.
    pub variables: BTreeMap<String, String>,
    /// Revisions that sources take instead of the newest.
    pub source_revisions: Vec<SourceRevision>,
    /// The same token starts the same execution (API reference,
    /// `clientRequestToken`).
    pub token: Option<String>,
}

impl Start {
    /// Started by somebody, with nothing else given.
    #[must_use]
    pub fn by(principal: &Principal) -> Self {
        Self {
            trigger: Trigger {
                trigger_type: TriggerType::StartPipelineExecution,
                trigger_detail: principal.to_string(),
            },
            variables: BTreeMap::new(),
            source_revisions: vec![],
            token: None,
        }
    }
}

/// The handle. Cheap to clone; when the last one is dropped everything ends as
/// with [`Orchestrator::shut_down`], but nobody waits for it.
#[derive(Clone)]
pub struct Orchestrator {
    pub(crate) shared: Arc<Shared>,
    _alive: Arc<Alive>,
}

struct Alive {
    _housekeeping: Background,
    _schedules: Background,
    _closing: Closing,
}

/// Ends everything when it is dropped, and waits for nothing.
struct Closing(Arc<Shared>);

impl Drop for Closing {
    fn drop(&mut self) {
        let Self(shared) = self;
        shared.slots.close();
        shared.owners.close();
        shared.lanes.close();
        shared.doorbell.close();
    }
}

/// The handle as something that the orchestrator itself holds may hold it,
/// without keeping it alive: a runner, whose jobs start pipelines.
#[derive(Clone)]
pub struct WeakOrchestrator {
    shared: Weak<Shared>,
    alive: Weak<Alive>,
}

impl WeakOrchestrator {
    /// The handle; none where the last one is gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Orchestrator> {
        Some(Orchestrator {
            shared: self.shared.upgrade()?,
            _alive: self.alive.upgrade()?,
        })
    }
}

impl Orchestrator {
    /// The handle without what keeps it alive.
    #[must_use]
    pub fn downgrade(&self) -> WeakOrchestrator {
        WeakOrchestrator {
            shared: Arc::downgrade(&self.shared),
            alive: Arc::downgrade(&self._alive),
        }
    }

    /// Loads every pipeline and carries on with it. A pipeline that cannot be
    /// read answers so, and the others go on.
    ///
    /// # Errors
    /// Where the store cannot be read, or the work directory not be emptied.
    pub async fn start(
        store: Store,
        artifacts: Artifacts,
        runner: Arc<dyn Runner>,
        clock: Clock,
        settings: Settings,
    ) -> Result<Self, OrchestratorError> {
        housekeeping::clear(&settings.work).await?;
        let action_types = ActionTypes::load(&store).await?;
        let shared = Arc::new(Shared {
            store,
            artifacts,
            runner,
            clock,
            slots: Semaphore::new(settings.jobs.clamp(1, Semaphore::MAX_PERMITS)),
            questions: Semaphore::new(QUESTIONS),
            caches: Caches::new(&settings),
            settings,
            owners: Owners::default(),
            board: Board::default(),
            action_types,
            doorbell: Doorbell::default(),
            lanes: Lanes::default(),
            schedules_changed: Notify::new(),
            tasks: TaskTracker::new(),
            directories: AtomicU64::new(0),
        });
        let closing = Closing(shared.clone());
        // Before the pipelines, whose approvals may name a rule.
        lanes::start(&shared).await?;
        recover::everything(&shared).await?;
        // Before old tokens are forgotten: they tell what was started already.
        schedule::catch_up(&shared).await;
        let schedules = tokio::spawn(schedule::keep(shared.clone()));
        let housekeeping = tokio::spawn(housekeeping::forget_tokens(shared.clone()));
        let alive = Alive {
            _housekeeping: Background::new(&housekeeping),
            _schedules: Background::new(&schedules),
            _closing: closing,
        };
        Ok(Self {
            shared,
            _alive: Arc::new(alive),
        })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The store behind it, for reading.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// How it behaves.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The artifacts behind it, for reading.
    #[must_use]
    pub fn artifacts(&self) -> &Artifacts {
        &self.shared.artifacts
    }

    /// Makes a pipeline. Starts nothing.
    ///
    /// # Errors
    /// `Definition` with everything that is wrong with it, a secret that is only
    /// shown as `****` too; `Rejected` where the name is taken.
    pub async fn create_pipeline(
        &self,
        tenant: &TenantId,
        definition: Pipeline,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        let catalogue = self.shared.catalogue(tenant);
        found(unknown_secrets(&definition, &catalogue))?;
        found(check(&definition, &catalogue))?;
        let key = (tenant.clone(), definition.name.clone());
        let command = Command::CreatePipeline {
            definition: Box::new(definition),
        };
        let (message, answer) = request(by, command, None);
        self.shared.owners.send_or_start(&key, message, || {
            Owner::start(&self.shared, key.clone(), Beginning::nothing(&key))
        })?;
        answered(answer).await?
    }

    /// Replaces a definition. Secrets that it shows as `****` keep their values.
    ///
    /// # Errors
    /// As `create_pipeline`, and where there is no such pipeline, or a secret
    /// cannot be kept.
    pub async fn update_pipeline(
        &self,
        tenant: &TenantId,
        definition: Pipeline,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        let catalogue = self.shared.catalogue(tenant);
        let name = definition.name.clone();
        let state = self.state(tenant, &name).await?;
        let definition = match state.definition() {
            Some(old) => {
                unmasked(&definition, old, &catalogue).map_err(OrchestratorError::Definition)?
            }
            None => definition,
        };
        found(check(&definition, &catalogue))?;
        let command = Command::UpdatePipeline {
            policy: self.shared.settings.update_policy,
            definition: Box::new(definition),
        };
        self.ask(tenant, &name, by, command, None).await
    }

    /// Ends every execution of a pipeline and removes it with its history.
    ///
    /// # Errors
    /// Where there is no such pipeline, or the disk fails.
    pub async fn delete_pipeline(
        &self,
        tenant: &TenantId,
        name: &str,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        let (reply, answer) = oneshot::channel();
        let by = by.clone();
        let key = (tenant.clone(), name.to_owned());
        self.shared
            .owners
            .send(&key, Message::Remove { by, reply })?;
        answered(answer).await?
    }

    /// Starts an execution and returns its id.
    ///
    /// # Errors
    /// `Rejected`: no such pipeline, missing or unknown variables, too many.
    pub async fn start_execution(
        &self,
        tenant: &TenantId,
        name: &str,
        start: Start,
        by: &Principal,
    ) -> Result<ExecutionId, OrchestratorError> {
        start_execution(&self.shared, tenant, name, start, by).await
    }

    /// Stops an execution.
    ///
    /// # Errors
    /// `Rejected`: it cannot be stopped, or is being stopped.
    pub async fn stop_execution(
        &self,
        tenant: &TenantId,
        name: &str,
        id: ExecutionId,
        abandon: bool,
        reason: String,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        self.ask(
            tenant,
            name,
            by,
            Command::StopExecution {
                id,
                abandon,
                reason,
            },
            None,
        )
        .await
    }

    /// Runs a failed or stopped stage again.
    ///
    /// # Errors
    /// `Rejected`: it cannot be retried.
    pub async fn retry_stage(
        &self,
        tenant: &TenantId,
        name: &str,
        id: ExecutionId,
        stage: String,
        mode: RetryMode,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        let command = Command::RetryStage { id, stage, mode };
        self.ask(tenant, name, by, command, None).await
    }

    /// Opens or closes a side of a stage. A reason closes it, none opens it.
    ///
    /// # Errors
    /// `Rejected`: no such stage.
    pub async fn set_transition(
        &self,
        tenant: &TenantId,
        name: &str,
        stage: String,
        direction: Direction,
        disabled: Option<String>,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        let command = match disabled {
            Some(reason) => Command::DisableTransition {
                stage,
                direction,
                reason,
            },
            None => Command::EnableTransition { stage, direction },
        };
        self.ask(tenant, name, by, command, None).await
    }

    /// Answers an approval.
    ///
    /// # Errors
    /// `Rejected`: the token is wrong, or somebody was faster.
    #[expect(
        clippy::too_many_arguments,
        reason = "they are the operation's own members"
    )]
    pub async fn answer_approval(
        &self,
        tenant: &TenantId,
        name: &str,
        stage: String,
        action: String,
        token: ApprovalToken,
        approved: bool,
        summary: String,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        let command = Command::AnswerApproval {
            stage,
            action,
            token,
            approved,
            summary,
        };
        self.ask(tenant, name, by, command, None).await
    }

    /// A pipeline as it is on disk.
    ///
    /// # Errors
    /// Where there is no such pipeline.
    pub async fn state(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<PipelineState, OrchestratorError> {
        let (reply, answer) = oneshot::channel();
        let key = (tenant.clone(), name.to_owned());
        self.shared.owners.send(&key, Message::Look(reply))?;
        let state = answered(answer).await?;
        state.ok_or_else(|| {
            Rejected::PipelineNotFound {
                name: name.to_owned(),
            }
            .into()
        })
    }

    /// Reads what happens in an execution. `wait`: until it has ended.
    #[must_use]
    pub fn follow(&self, tenant: &TenantId, execution: ExecutionId, wait: bool) -> Follow {
        Follow::new(self.shared.clone(), tenant.clone(), execution, wait)
    }

    /// Ends every owner and every attempt, and waits until they have ended. What
    /// is on disk carries on at the next start.
    pub async fn shut_down(&self) {
        self.shared.slots.close();
        self.shared.owners.close();
        self.shared.lanes.close();
        self.shared.tasks.close();
        let ended = tokio::time::timeout(LONGEST_END, self.shared.tasks.wait());
        if ended.await.is_err() {
            tracing::warn!("some attempts do not end; they are left to the system");
        }
        self.shared.doorbell.close();
    }

    pub(crate) async fn ask(
        &self,
        tenant: &TenantId,
        name: &str,
        by: &Principal,
        command: Command,
        idempotency: Option<Idempotency>,
    ) -> Result<(), OrchestratorError> {
        let (message, answer) = request(by, command, idempotency);
        let key: Key = (tenant.clone(), name.to_owned());
        self.shared.owners.send(&key, message)?;
        answered(answer).await?
    }
}

/// What was found wrong with a definition, where something was.
fn found(problems: Vec<Problem>) -> Result<(), OrchestratorError> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(OrchestratorError::Definition(problems))
    }
}

pub(crate) fn request(
    by: &Principal,
    command: Command,
    idempotency: Option<Idempotency>,
) -> (Message, oneshot::Receiver<Result<(), OrchestratorError>>) {
    let (reply, answer): (Reply, _) = oneshot::channel();
    let by = by.clone();
    let message = Message::Request {
        by,
        command,
        idempotency,
        reply,
    };
    (message, answer)
}

/// An owner answers all that it takes, unless the server ends meanwhile.
pub(crate) async fn answered<T>(answer: oneshot::Receiver<T>) -> Result<T, OrchestratorError> {
    answer.await.map_err(|_| OrchestratorError::ShuttingDown)
}
