//! The engine as the server builds it, without its faces: store, artifacts,
//! host and orchestrator over one no-op provider.

use anyhow::{Context, Result, bail};
use lockgate_artifacts::Artifacts;
use lockgate_host::{Host, HostSettings, LogSink, Plugin, Prepared, RunRequest, floor};
use lockgate_model::action_type::{ActionTypeId, Catalogue};
use lockgate_model::definition::{Format, load};
use lockgate_model::grant::Grant;
use lockgate_model::id::{ActionExecutionId, ExecutionId, JobId, Principal, TenantId};
use lockgate_model::job::{DetectRequest, Detection, Failure, FailureType, Job, Outcome};
use lockgate_model::limits::Limits;
use lockgate_model::plugin::World;
use lockgate_model::status::ExecutionStatus;
use lockgate_orchestrator::{
    CACHE_LIMITS, Clock, Directory, Orchestrator, Runner, Settings, Start,
};
use lockgate_store::{Options, Store};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Of the measured pipeline.
pub(crate) const ACTIONS: usize = 3;

/// What is measured.
#[derive(Clone)]
pub(crate) struct Bench {
    orchestrator: Orchestrator,
    runner: Arc<NoOp>,
    store: Store,
    tenant: TenantId,
    by: Principal,
    component: Arc<[u8]>,
}

/// The real host under every job; tells when the last action of an execution
/// has answered, so that nobody has to ask again and again.
struct NoOp {
    host: Host,
    prepared: Arc<Prepared>,
    catalogue: Arc<Catalogue>,
    waiting: Mutex<BTreeMap<String, oneshot::Sender<()>>>,
}

#[async_trait::async_trait]
impl Runner for NoOp {
    fn catalogue(&self, _: &TenantId) -> Arc<Catalogue> {
        self.catalogue.clone()
    }

    fn wants_work(&self, _: &TenantId, _: &ActionTypeId) -> bool {
        false
    }

    fn limits(&self, _: &TenantId, _: &ActionTypeId) -> Limits {
        Limits::default()
    }

    fn can_detect(&self, _: &TenantId, _: &ActionTypeId) -> bool {
        false
    }

    async fn run(
        &self,
        job: &Job,
        _: Vec<Directory>,
        log: lockgate_orchestrator::LogSink,
    ) -> Outcome {
        let sink = LogSink::new(move |line| {
            let _ = log.send(line);
        });
        let outcome = self
            .host
            .run(&self.prepared, RunRequest::new(job.clone(), sink))
            .await;
        if job.stage == "Deploy" {
            let waiting = self
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&job.pipeline);
            if let Some(waiting) = waiting {
                let _ = waiting.send(());
            }
        }
        outcome
    }

    async fn detect(&self, _: DetectRequest) -> Result<Detection, Failure> {
        Err(Failure::new(
            FailureType::ConfigurationError,
            "nothing is polled in a benchmark",
        ))
    }
}

impl Bench {
    pub(crate) async fn start(component: &[u8], directory: &Path) -> Result<Self> {
        let host = Host::new(HostSettings::default())?;
        let plugin = Plugin {
            name: "noop",
            world: World::SourceProvider,
            grant: &Grant::default(),
            optional: &Default::default(),
            limits: Limits::default(),
        };
        let prepared = host.prepare(component, plugin)?;
        let mut catalogue = Catalogue::core();
        for action_type in host.describe(&prepared).await? {
            catalogue.insert(action_type);
        }
        let catalogue = Arc::new(catalogue);
        let runner = Arc::new(NoOp {
            host,
            prepared,
            catalogue,
            waiting: Mutex::default(),
        });
        let store = Store::open(&directory.join("bench.db"), &Options::default())?;
        let artifacts = Artifacts::open(&directory.join("artifacts"))?;
        let settings = Settings {
            work: directory.join("work"),
            caches: directory.join("caches"),
            cache_limits: CACHE_LIMITS,
            jobs: 256,
            poll_seconds: None,
            region: "us-east-1".into(),
            address: None,
            update_policy: Default::default(),
        };
        let orchestrator = Orchestrator::start(
            store.clone(),
            artifacts,
            runner.clone(),
            Clock::System,
            settings,
        )
        .await?;
        Ok(Self {
            orchestrator,
            runner,
            store,
            tenant: "111122223333".parse()?,
            by: Principal("bench".into()),
            component: component.into(),
        })
    }

    /// Makes a pipeline of three no-op actions in three stages.
    pub(crate) async fn pipeline(&self, name: &str) -> Result<()> {
        let stages: String = ["Source", "Build", "Deploy"]
            .map(|stage| {
                format!(
                    "[[stages]]\nname = \"{stage}\"\n[[stages.actions]]\nname = \"NoOp\"\nactionTypeId = \"{stage}/Custom/NoOp/1\"\n"
                )
            })
            .concat();
        self.create(&format!("name = \"{name}\"\n{stages}")).await
    }

    /// Makes a pipeline in PARALLEL mode whose executions wait at an approval.
    pub(crate) async fn approval_pipeline(&self, name: &str) -> Result<()> {
        let text = format!(
            "name = \"{name}\"\nexecutionMode = \"PARALLEL\"\n\
             [[stages]]\nname = \"Source\"\n[[stages.actions]]\nname = \"NoOp\"\nactionTypeId = \"Source/Custom/NoOp/1\"\n\
             [[stages]]\nname = \"Release\"\n[[stages.actions]]\nname = \"Ask\"\nactionTypeId = \"Approval/AWS/Manual/1\"\n"
        );
        self.create(&text).await
    }

    async fn create(&self, text: &str) -> Result<()> {
        let definition = load(text, Format::Toml, &self.runner.catalogue)
            .map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
        self.orchestrator
            .create_pipeline(&self.tenant, definition, &self.by)
            .await?;
        Ok(())
    }

    /// Starts one execution.
    pub(crate) async fn start_one(&self, name: &str) -> Result<ExecutionId> {
        let start = Start::by(&self.by);
        Ok(self
            .orchestrator
            .start_execution(&self.tenant, name, start, &self.by)
            .await?)
    }

    /// Returns when so many executions wait for an answer.
    pub(crate) async fn all_wait(&self, name: &str, count: usize) -> Result<()> {
        loop {
            let state = self.orchestrator.state(&self.tenant, name).await?;
            let waiting = state
                .live()
                .filter(|execution| {
                    execution
                        .current_stage()
                        .is_some_and(|stage| stage.name == "Release")
                })
                .count();
            if waiting == count {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }

    /// A page of a pipeline's executions, newest first.
    pub(crate) async fn page(
        &self,
        name: &str,
        before: Option<ExecutionId>,
        limit: u32,
    ) -> Result<Vec<ExecutionId>> {
        let page = self
            .store
            .executions(&self.tenant, name, before, limit)
            .await?;
        Ok(page.into_iter().map(|execution| execution.id).collect())
    }

    /// One execution, from the start's request to its end on disk.
    pub(crate) async fn execute(&self, name: &str) -> Result<()> {
        let (answered, last) = oneshot::channel();
        self.runner
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), answered);
        let id = self.start_one(name).await?;
        last.await.context("the last action never ran")?;
        loop {
            let state = self.orchestrator.state(&self.tenant, name).await?;
            match state.execution(id).map(|execution| execution.status) {
                Some(ExecutionStatus::Succeeded) => return Ok(()),
                Some(ExecutionStatus::InProgress) => tokio::task::yield_now().await,
                other => bail!("execution {id} of {name} ended as {other:?}"),
            }
        }
    }

    /// One execution after the other until a time; returns how many.
    pub(crate) fn execute_until(
        &self,
        name: String,
        end: Instant,
    ) -> impl Future<Output = Result<u64>> + Send + 'static {
        let bench = self.clone();
        async move {
            let mut count = 0;
            while Instant::now() < end {
                bench.execute(&name).await?;
                count += 1;
            }
            Ok(count)
        }
    }

    /// Durable transactions so far.
    pub(crate) fn transactions(&self) -> u64 {
        self.store.transactions()
    }

    /// Jobs straight through the host, from grant to outcome.
    pub(crate) async fn jobs(&self, count: usize) -> Result<Vec<Duration>> {
        let job = self.job();
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let request = RunRequest::new(job.clone(), LogSink::discard());
            let started = Instant::now();
            let outcome = self.runner.host.run(&self.runner.prepared, request).await;
            times.push(started.elapsed());
            if let Outcome::Failed(failure) = outcome {
                bail!(failure.message);
            }
        }
        Ok(times)
    }

    /// The same component in bare wasmtime: a fresh store, an instance, the
    /// same call.
    pub(crate) async fn bare(&self, count: usize) -> Result<Vec<Duration>> {
        Ok(floor(&self.component, &self.job(), count).await?)
    }

    fn job(&self) -> Job {
        let id = uuid::Uuid::now_v7();
        Job {
            id: JobId(id),
            action_execution: ActionExecutionId(id),
            attempt: 1,
            tenant: self.tenant.clone(),
            pipeline: "bench".into(),
            execution: ExecutionId(id),
            stage: "Build".into(),
            action: "NoOp".into(),
            condition: None,
            action_type: ActionTypeId {
                category: lockgate_model::action_type::Category::Build,
                owner: "Custom".into(),
                provider: "NoOp".into(),
                version: "1".into(),
            },
            configuration: BTreeMap::new(),
            input_artifacts: vec![],
            output_artifacts: vec![],
            environment_variables: vec![],
            commands: vec![],
            output_variables: vec![],
            revision: None,
            continuation: None,
            deadline: Clock::System.now().plus_seconds(600),
        }
    }
}
