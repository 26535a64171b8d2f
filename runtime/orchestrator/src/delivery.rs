//! A webhook delivery: handed to the source component of the action it is
//! addressed to, which says whether it is genuine and what it announces. The
//! core judges each change; what it decided stands in the pipeline's log.

use crate::error::OrchestratorError;
use crate::orchestrator::Orchestrator;
use crate::watch::wants_files;
use lockgate_execution::{Command, PipelineState};
use lockgate_model::action_type::Category;
use lockgate_model::change::SourceChange;
use lockgate_model::id::{ExecutionId, Principal, TenantId};
use lockgate_model::job::Failure;
use lockgate_model::trigger::{Trigger, TriggerType};
use lockgate_model::webhook::WebhookRequest;
use std::sync::Arc;

/// A request as it came to the webhook address of a source action.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Such as `POST`.
    pub method: String,
    /// In the order in which they came.
    pub headers: Vec<(String, String)>,
    /// As it came, byte for byte.
    pub body: Arc<[u8]>,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// What the source says that it announces; none where it is of no interest.
    pub summary: Option<String>,
    /// One for each change.
    pub changes: Vec<JudgedChange>,
}

/// A change, and what it started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedChange {
    /// What changed.
    pub change: SourceChange,
    /// The execution; none where the filters, the limits or the variables did
    /// not let it start, which `why-not` tells.
    pub execution: Option<ExecutionId>,
}

/// A delivery that was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// There is no source action there that takes deliveries.
    #[error("there is no source at this address that takes webhook deliveries")]
    NoSource,
    /// The source refuses it: the signature does not hold, or it makes no sense.
    #[error("{}", .0.message)]
    Refused(Failure),
    /// Nothing was decided: deliver it again.
    #[error(transparent)]
    Failed(#[from] OrchestratorError),
}

impl Orchestrator {
    /// Takes a delivery for a source action.
    ///
    /// # Errors
    /// `NoSource` for whatever is not there, so that nobody can look around;
    /// `Refused` by the source; `Failed` where it should be delivered again.
    pub async fn deliver(
        &self,
        tenant: &TenantId,
        pipeline: &str,
        action: &str,
        delivery: Delivery,
    ) -> Result<Delivered, DeliveryError> {
        let state = match self.state(tenant, pipeline).await {
            Ok(state) => state,
            Err(OrchestratorError::Rejected(_)) => return Err(DeliveryError::NoSource),
            Err(error) => return Err(error.into()),
        };
        let request = self
            .request_for(&state, action, delivery)
            .ok_or(DeliveryError::NoSource)?;
        // Strangers can send these: they take turns with the polls.
        let turn = self.shared.questions.acquire().await;
        let announcement = match turn {
            Ok(_turn) => self.shared.runner.webhook(request).await,
            Err(_) => return Err(OrchestratorError::ShuttingDown.into()),
        };
        let Some(announcement) = announcement.map_err(DeliveryError::Refused)? else {
            return Ok(Delivered {
                summary: None,
                changes: vec![],
            });
        };
        let mut changes = vec![];
        for change in announcement.changes {
            let id = ExecutionId(uuid::Uuid::now_v7());
            let command = Command::SourceChanged {
                id,
                source_action: action.to_owned(),
                trigger: Trigger {
                    trigger_type: TriggerType::WebhookV2,
                    trigger_detail: format!("{action}: {}", change.revision.id),
                },
                change: Box::new(change.clone()),
                pin: true,
            };
            self.ask(tenant, pipeline, &Principal::server(), command, None)
                .await?;
            let state = self.state(tenant, pipeline).await?;
            changes.push(JudgedChange {
                change,
                execution: state.execution(id).map(|execution| execution.id),
            });
        }
        Ok(Delivered {
            summary: Some(announcement.summary),
            changes,
        })
    }

    pub(crate) fn request_for(
        &self,
        state: &PipelineState,
        action: &str,
        delivery: Delivery,
    ) -> Option<WebhookRequest> {
        let definition = state.definition()?;
        let source = definition
            .stages
            .iter()
            .flat_map(|stage| &stage.actions)
            .filter(|declared| declared.action_type_id.category == Category::Source)
            .find(|declared| declared.name == action)?;
        self.shared
            .runner
            .can_receive(state.tenant(), &source.action_type_id)
            .then(|| WebhookRequest {
                tenant: state.tenant().clone(),
                action_type: source.action_type_id.clone(),
                configuration: source.configuration.clone(),
                method: delivery.method,
                path: None,
                headers: delivery.headers,
                body: delivery.body,
                wants_files: wants_files(definition, action),
            })
    }
}
