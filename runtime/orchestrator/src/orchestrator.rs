//! The one handle that every face holds: pipelines in, executions and their
//! history out.

use crate::clock::Clock;
use crate::error::OrchestratorError;
use crate::follow::Follow;
use crate::owner::{Beginning, Message, Owner};
use crate::recover;
use crate::runner::Runner;
use crate::shared::Shared;
use lockgate_artifacts::Artifacts;
use lockgate_execution::{Command, Direction, PipelineState, Rejected, RetryMode};
use lockgate_model::definition::{Pipeline, check};
use lockgate_model::id::{ApprovalToken, ExecutionId, Principal, TenantId};
use lockgate_model::trigger::{SourceRevision, Trigger, TriggerType};
use lockgate_store::{Idempotency, Store, StoreError};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Mutex, Semaphore, broadcast, mpsc, oneshot};

/// How the orchestrator behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where attempts have their directories. Emptied at the start.
    pub work: PathBuf,
    /// Jobs that run at a time.
    pub jobs: usize,
    /// Seconds between two questions to a source; absent: sources are not asked.
    pub poll_seconds: Option<u64>,
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

type Owners = BTreeMap<(TenantId, String), mpsc::Sender<Message>>;

/// The handle. Cheap to clone.
#[derive(Clone)]
pub struct Orchestrator {
    shared: Arc<Shared>,
    owners: Arc<Mutex<Owners>>,
}

impl Orchestrator {
    /// Loads every pipeline and carries on with it.
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
        clear(&settings.work).await?;
        let shared = Arc::new(Shared {
            store,
            artifacts,
            runner,
            clock,
            slots: Semaphore::new(settings.jobs),
            settings,
            doorbell: broadcast::channel(4096).0,
        });
        let orchestrator = Self {
            shared,
            owners: Arc::default(),
        };
        orchestrator.recover().await?;
        Ok(orchestrator)
    }

    async fn recover(&self) -> Result<(), OrchestratorError> {
        const PAGE: u32 = 200;
        let mut after = None;
        loop {
            let page = self.shared.store.pipelines(after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some((last.tenant.clone(), last.pipeline.clone()));
            for summary in page {
                let loaded =
                    recover::load(&self.shared.store, &summary.tenant, &summary.pipeline).await?;
                let Some(beginning) = loaded else { continue };
                let owner = Owner::start(self.shared.clone(), beginning);
                let key = (summary.tenant, summary.pipeline);
                self.owners.lock().await.insert(key, owner);
            }
        }
    }

    /// The store behind it, for reading.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// The artifacts behind it, for reading.
    #[must_use]
    pub fn artifacts(&self) -> &Artifacts {
        &self.shared.artifacts
    }

    /// Makes a pipeline. Starts nothing.
    ///
    /// # Errors
    /// `Definition` with everything that is wrong with it; `Rejected` where the
    /// name is taken.
    pub async fn create_pipeline(
        &self,
        tenant: &TenantId,
        definition: Pipeline,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        self.check(tenant, &definition)?;
        let name = definition.name.clone();
        let key = (tenant.clone(), name.clone());
        let mut owners = self.owners.lock().await;
        if owners.contains_key(&key) {
            return Err(Rejected::PipelineNameInUse { name }.into());
        }
        let beginning = Beginning {
            state: PipelineState::new(tenant.clone(), name),
            version: 0,
            snapshot_version: 0,
            jobs: Default::default(),
            cursors: vec![],
        };
        let owner = Owner::start(self.shared.clone(), beginning);
        let command = Command::CreatePipeline {
            definition: Box::new(definition),
        };
        ask(&owner, by, command, None).await?;
        owners.insert(key, owner);
        Ok(())
    }

    /// Replaces a definition.
    ///
    /// # Errors
    /// As `create_pipeline`, and where there is no such pipeline.
    pub async fn update_pipeline(
        &self,
        tenant: &TenantId,
        definition: Pipeline,
        by: &Principal,
    ) -> Result<(), OrchestratorError> {
        self.check(tenant, &definition)?;
        let name = definition.name.clone();
        let command = Command::UpdatePipeline {
            definition: Box::new(definition),
        };
        self.ask(tenant, &name, by, command).await
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
        let owner = self.owner(tenant, name).await?;
        let (reply, answer) = oneshot::channel();
        send(
            &owner,
            Message::Remove {
                by: by.clone(),
                reply,
            },
        )
        .await?;
        answer
            .await
            .map_err(|_| OrchestratorError::ShuttingDown)??;
        self.owners
            .lock()
            .await
            .remove(&(tenant.clone(), name.to_owned()));
        Ok(())
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
        let owner = self.owner(tenant, name).await?;
        let id = ExecutionId(uuid::Uuid::now_v7());
        let token = start
            .token
            .map(|token| format!("StartPipelineExecution {name} {token}"));
        let idempotency = token.clone().map(|token| Idempotency {
            token,
            result: id.to_string(),
        });
        let command = Command::StartExecution {
            id,
            trigger: start.trigger,
            variables: start.variables,
            source_revisions: start.source_revisions,
        };
        match (ask(&owner, by, command, idempotency).await, token) {
            (Ok(()), _) => Ok(id),
            (Err(OrchestratorError::Store(StoreError::TokenUsed { .. })), Some(token)) => {
                let known = self.shared.store.idempotent_result(tenant, &token).await?;
                known.and_then(|id| id.parse().ok()).ok_or_else(|| {
                    StoreError::Contradiction("a used token has no execution".into()).into()
                })
            }
            (Err(error), _) => Err(error),
        }
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
        self.ask(tenant, name, by, Command::RetryStage { id, stage, mode })
            .await
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
        self.ask(tenant, name, by, command).await
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
        self.ask(tenant, name, by, command).await
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
        let owner = self.owner(tenant, name).await?;
        let (reply, answer) = oneshot::channel();
        send(&owner, Message::Look(reply)).await?;
        answer.await.map_err(|_| OrchestratorError::ShuttingDown)
    }

    /// Reads what happens in an execution. `wait`: until it has ended.
    #[must_use]
    pub fn follow(&self, tenant: &TenantId, execution: ExecutionId, wait: bool) -> Follow {
        Follow::new(self.shared.clone(), tenant.clone(), execution, wait)
    }

    /// Ends every owner and every attempt. What is on disk carries on at the
    /// next start.
    pub async fn shut_down(&self) {
        self.shared.slots.close();
        let owners = std::mem::take(&mut *self.owners.lock().await);
        let ends: Vec<_> = owners.into_values().collect();
        for owner in &ends {
            let _ = owner.try_send(Message::End);
        }
        for owner in ends {
            owner.closed().await;
        }
    }

    fn check(&self, tenant: &TenantId, definition: &Pipeline) -> Result<(), OrchestratorError> {
        let problems = check(definition, &self.shared.runner.catalogue(tenant));
        if problems.is_empty() {
            Ok(())
        } else {
            Err(OrchestratorError::Definition(problems))
        }
    }

    async fn owner(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<mpsc::Sender<Message>, OrchestratorError> {
        let owners = self.owners.lock().await;
        let found = owners.get(&(tenant.clone(), name.to_owned())).cloned();
        found.ok_or_else(|| {
            Rejected::PipelineNotFound {
                name: name.to_owned(),
            }
            .into()
        })
    }

    async fn ask(
        &self,
        tenant: &TenantId,
        name: &str,
        by: &Principal,
        command: Command,
    ) -> Result<(), OrchestratorError> {
        let owner = self.owner(tenant, name).await?;
        ask(&owner, by, command, None).await
    }
}

async fn ask(
    owner: &mpsc::Sender<Message>,
    by: &Principal,
    command: Command,
    idempotency: Option<Idempotency>,
) -> Result<(), OrchestratorError> {
    let (reply, answer) = oneshot::channel();
    send(
        owner,
        Message::Request {
            by: by.clone(),
            command,
            idempotency,
            reply,
        },
    )
    .await?;
    answer.await.map_err(|_| OrchestratorError::ShuttingDown)?
}

async fn send(owner: &mpsc::Sender<Message>, message: Message) -> Result<(), OrchestratorError> {
    owner
        .send(message)
        .await
        .map_err(|_| OrchestratorError::ShuttingDown)
}

/// What attempts of an earlier process left is nobody's.
async fn clear(work: &std::path::Path) -> Result<(), OrchestratorError> {
    let failed = |error: std::io::Error| StoreError::Io {
        path: work.to_owned(),
        reason: error.to_string(),
    };
    match tokio::fs::remove_dir_all(work).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(failed(error).into());
        }
        _ => {}
    }
    Ok(tokio::fs::create_dir_all(work).await.map_err(failed)?)
}
