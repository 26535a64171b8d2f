//! The orchestrator's door to the host: finds the plugin that serves an action
//! type and runs the job in its sandbox.

use super::plugins::{InstalledPlugin, Plugins};
use lockgate_host::{Directory as HostDirectory, LogSink, RunRequest, Secrets};
use lockgate_model::action_type::{ActionTypeId, Catalogue};
use lockgate_model::id::TenantId;
use lockgate_model::job::{DetectRequest, Detection, Failure, FailureType, Job, Outcome};
use lockgate_model::limits::Limits;
use lockgate_model::plugin::World;
use lockgate_model::webhook::{Announcement, WebhookRequest};
use lockgate_orchestrator::{Directory, Runner};
use std::sync::Arc;

#[async_trait::async_trait]
impl Runner for Plugins {
    fn catalogue(&self, _tenant: &TenantId) -> Arc<Catalogue> {
        self.catalogue.clone()
    }

    fn wants_work(&self, _tenant: &TenantId, action_type: &ActionTypeId) -> bool {
        self.by_type
            .get(action_type)
            .is_some_and(|plugin| plugin.grant.exec)
    }

    fn limits(&self, _tenant: &TenantId, action_type: &ActionTypeId) -> Limits {
        self.by_type
            .get(action_type)
            .map(|plugin| plugin.package.manifest.limits)
            .unwrap_or_default()
    }

    fn can_detect(&self, _tenant: &TenantId, action_type: &ActionTypeId) -> bool {
        self.by_type.get(action_type).is_some_and(|plugin| {
            plugin.package.manifest.world == World::SourceProvider && plugin.prepared.is_ok()
        })
    }

    async fn run(
        &self,
        job: &Job,
        directories: Vec<Directory>,
        log: lockgate_orchestrator::LogSink,
    ) -> Outcome {
        let prepared = match self
            .serving(&job.action_type)
            .map(|plugin| &plugin.prepared)
        {
            Ok(Ok(prepared)) => prepared.clone(),
            Ok(Err(error)) => return Outcome::Failed(error.failure()),
            Err(failure) => return Outcome::Failed(failure),
        };
        let request = RunRequest {
            job: job.clone(),
            directories: directories
                .into_iter()
                .map(|directory| HostDirectory {
                    guest_path: directory.guest,
                    host_path: directory.host,
                    writable: directory.writable,
                })
                .collect(),
            log: LogSink::new(move |line| {
                // Whoever ran the job has gone, and with it the interest.
                let _ = log.send(line);
            }),
            secrets: self.secrets(),
            functions: self.functions.clone(),
            pipelines: self.starter.door(job),
        };
        self.host.run(&prepared, request).await
    }

    async fn detect(&self, request: DetectRequest) -> Result<Detection, Failure> {
        let prepared = match &self.serving(&request.action_type)?.prepared {
            Ok(prepared) => prepared.clone(),
            Err(error) => return Err(error.failure()),
        };
        self.host
            .detect(&prepared, request, LogSink::discard(), self.secrets())
            .await
    }

    fn can_receive(&self, tenant: &TenantId, action_type: &ActionTypeId) -> bool {
        self.can_detect(tenant, action_type)
    }

    async fn webhook(&self, request: WebhookRequest) -> Result<Option<Announcement>, Failure> {
        let prepared = match &self.serving(&request.action_type)?.prepared {
            Ok(prepared) => prepared.clone(),
            Err(error) => return Err(error.failure()),
        };
        let asked = request.action_type.to_string();
        let log = LogSink::new(move |line| {
            tracing::debug!(action_type = asked, text = line.text, "webhook");
        });
        self.host
            .webhook(&prepared, request, log, self.secrets())
            .await
    }
}

impl Plugins {
    fn serving(&self, action_type: &ActionTypeId) -> Result<&Arc<InstalledPlugin>, Failure> {
        self.by_type.get(action_type).ok_or_else(|| {
            Failure::new(
                FailureType::ConfigurationError,
                format!("no installed plugin serves {action_type}; install one and start again"),
            )
        })
    }

    fn secrets(&self) -> Secrets {
        let secrets = self.secrets.clone();
        Secrets::new(move |name| secrets.get(name))
    }
}
