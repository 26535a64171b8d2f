//! What a change, or a webhook delivery, would start: decided as if it had come,
//! by the same core, and then forgotten. Nothing is kept, and nothing starts.

use crate::delivery::Delivery;
use crate::error::OrchestratorError;
use crate::orchestrator::Orchestrator;
use lockgate_execution::why::ignored_because;
use lockgate_execution::{
    Command, Event, Ignored, PipelineState, Rejected, Request, Verdict, decide,
};
use lockgate_model::action_type::Category;
use lockgate_model::change::SourceChange;
use lockgate_model::definition::{Action, Pipeline};
use lockgate_model::id::{ExecutionId, Principal, TenantId};
use lockgate_model::trigger::{Trigger, TriggerType};
use lockgate_model::webhook::WebhookRequest;
use serde::{Deserialize, Serialize};

/// Pipelines that are read at a time.
const PAGE: u32 = 200;
/// The configuration of a source that takes deliveries nobody signed, where it
/// knows such a thing: the name of the secret, and the key that says so.
const SECRET_KEY: &str = "WebhookSecret";
const UNSIGNED_KEY: &str = "WebhookUnauthenticated";

/// Which pipelines and sources are asked; absent: all of them.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// One pipeline.
    pub pipeline: Option<String>,
    /// Source actions of this name.
    pub source_action: Option<String>,
}

/// What one source of one pipeline makes of a change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// Which pipeline.
    pub pipeline: String,
    /// Which of its source actions.
    pub source_action: String,
    /// An execution would start now.
    pub starts: bool,
    /// Why, or why not.
    pub sentence: String,
    /// What was judged; absent: a delivery that announces no change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<SourceChange>,
    /// What each filter says; absent where none was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
}

impl Orchestrator {
    /// What a change would start.
    ///
    /// # Errors
    /// `Rejected` where there is no such pipeline.
    pub async fn explain_change(
        &self,
        tenant: &TenantId,
        asked: &Asked,
        change: &SourceChange,
    ) -> Result<Vec<Explained>, OrchestratorError> {
        let mut explained = vec![];
        for state in self.states(tenant, asked.pipeline.as_deref()).await? {
            for source in sources(&state, asked) {
                explained.push(self.explained(&state, &source.name, change));
            }
        }
        Ok(explained)
    }

    /// What a delivery would start. `verify`: only where its signature holds.
    ///
    /// # Errors
    /// `Rejected` where there is no such pipeline.
    pub async fn explain_delivery(
        &self,
        tenant: &TenantId,
        asked: &Asked,
        delivery: &Delivery,
        verify: bool,
    ) -> Result<Vec<Explained>, OrchestratorError> {
        let mut explained = vec![];
        for state in self.states(tenant, asked.pipeline.as_deref()).await? {
            for source in sources(&state, asked) {
                let Some(mut request) = self.request_for(&state, &source.name, delivery.clone())
                else {
                    explained.push(not(
                        &state,
                        source,
                        format!(
                            "provider {} takes no webhook deliveries",
                            source.action_type_id
                        ),
                    ));
                    continue;
                };
                if !verify {
                    self.believe(&mut request);
                }
                let turn = self.shared.questions.acquire().await;
                let announced = match turn {
                    Ok(_turn) => self.shared.runner.webhook(request).await,
                    Err(_) => return Err(OrchestratorError::ShuttingDown),
                };
                match announced {
                    Err(failure) => explained.push(not(
                        &state,
                        source,
                        format!("the source refuses the delivery: {}", failure.message),
                    )),
                    Ok(None) => explained.push(not(
                        &state,
                        source,
                        "the delivery is about another repository, or says nothing of interest"
                            .to_owned(),
                    )),
                    Ok(Some(announcement)) => explained.extend(
                        announcement
                            .changes
                            .iter()
                            .map(|change| self.explained(&state, &source.name, change)),
                    ),
                }
            }
        }
        Ok(explained)
    }

    /// Lets the source take the delivery for genuine, where it can be told to.
    fn believe(&self, request: &mut WebhookRequest) {
        let catalogue = self.shared.catalogue(&request.tenant);
        let knows = catalogue
            .get(&request.action_type)
            .is_some_and(|known| known.properties.iter().any(|it| it.name == UNSIGNED_KEY));
        if knows {
            request.configuration.remove(SECRET_KEY);
            let unsigned = (UNSIGNED_KEY.to_owned(), "true".to_owned());
            request.configuration.extend([unsigned]);
        }
    }

    fn explained(&self, state: &PipelineState, action: &str, change: &SourceChange) -> Explained {
        let id = ExecutionId(uuid::Uuid::now_v7());
        let request = Request {
            at: self.shared.clock.now(),
            by: Principal::server(),
            seed: [0; 16],
            command: Command::SourceChanged {
                id,
                source_action: action.to_owned(),
                change: Box::new(change.clone()),
                trigger: Trigger {
                    trigger_type: TriggerType::WebhookV2,
                    trigger_detail: String::new(),
                },
                pin: true,
            },
        };
        let verdict = state
            .definition()
            .map(|definition| lockgate_execution::judge(definition, action, change));
        let said = verdict.as_ref().map(ToString::to_string);
        let (starts, sentence) = match decide(state, &request) {
            Ok(events) => match events.first().map(|recorded| &recorded.event) {
                Some(Event::ChangeIgnored {
                    reason: Ignored::Filtered { verdict },
                    ..
                }) => (false, verdict.to_string()),
                Some(Event::ChangeIgnored { reason, .. }) => {
                    (false, ignored_because(reason, &change.kind))
                }
                _ => (true, said.unwrap_or_default()),
            },
            Err(rejected) => (false, rejected.to_string()),
        };
        Explained {
            pipeline: state.name().to_owned(),
            source_action: action.to_owned(),
            starts,
            sentence,
            change: Some(change.clone()),
            verdict,
        }
    }

    /// The pipeline that is named, or all of the tenant's.
    async fn states(
        &self,
        tenant: &TenantId,
        pipeline: Option<&str>,
    ) -> Result<Vec<PipelineState>, OrchestratorError> {
        if let Some(name) = pipeline {
            return Ok(vec![self.state(tenant, name).await?]);
        }
        let mut states = vec![];
        let mut after: Option<String> = None;
        loop {
            let page = self
                .store()
                .list_pipelines(tenant, after.as_deref(), PAGE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(states);
            };
            after = Some(last.pipeline.clone());
            for row in page {
                match self.state(tenant, &row.pipeline).await {
                    Ok(state) => states.push(state),
                    // Gone meanwhile, or damaged: the others can be explained.
                    Err(OrchestratorError::Rejected(Rejected::PipelineNotFound { .. }))
                    | Err(OrchestratorError::Damaged { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }
}

fn sources<'a>(state: &'a PipelineState, asked: &'a Asked) -> impl Iterator<Item = &'a Action> {
    let definition: Option<&Pipeline> = state.definition().map(AsRef::as_ref);
    definition
        .into_iter()
        .flat_map(|definition| &definition.stages)
        .flat_map(|stage| &stage.actions)
        .filter(|action| action.action_type_id.category == Category::Source)
        .filter(|action| {
            asked
                .source_action
                .as_ref()
                .is_none_or(|name| *name == action.name)
        })
}

fn not(state: &PipelineState, source: &Action, sentence: String) -> Explained {
    Explained {
        pipeline: state.name().to_owned(),
        source_action: source.name.clone(),
        starts: false,
        sentence,
        change: None,
        verdict: None,
    }
}
