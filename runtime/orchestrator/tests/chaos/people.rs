//! Those who use the server: they start, stop, retry, answer, change their minds,
//! push to repositories, and set the clock. Each asks under a name of its own,
//! which stands in the log as the cause of what followed.

use crate::chance::Chance;
use crate::definitions::random;
use crate::house::House;
use crate::journal::What;
use lockgate_execution::{Direction, PipelineState, Position, WaitReason, waits};
use lockgate_model::definition::{ConditionType, RetryMode};
use lockgate_model::id::{ApprovalToken, ExecutionId, JobId, Principal};
use lockgate_orchestrator::{Delivery, DeliveryError, OrchestratorError, Schedule, Start};
use lockgate_store::{Change, Lease, LeaseToken, LeasedJob, StoreError};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Pipelines of a history.
pub(crate) const PIPELINES: u64 = 3;

/// Somebody with a wish.
pub(crate) struct Person {
    house: House,
    pub(crate) chance: Chance,
    command: u64,
    by: Principal,
    pipeline: String,
}

/// The name of whoever asks.
pub(crate) fn name(command: u64) -> String {
    format!("c{command}")
}

/// Whether what was refused may have been kept all the same.
pub(crate) fn kept(error: &OrchestratorError) -> Option<bool> {
    match error {
        OrchestratorError::Store(StoreError::Io { .. } | StoreError::Closed)
        | OrchestratorError::Damaged { .. }
        | OrchestratorError::ShuttingDown => None,
        _ => Some(false),
    }
}

impl Person {
    pub(crate) fn new(house: &House) -> Self {
        let command = house.world.command();
        let mut chance = Chance::named(house.world.seed, &format!("person {command}"));
        let pipeline = format!("p{}", chance.below(PIPELINES));
        Self {
            house: house.clone(),
            chance,
            command,
            by: Principal(name(command)),
            pipeline,
        }
    }

    fn asks(&self, text: impl Into<String>, tells: bool) {
        self.house.world.note(What::Asked {
            command: self.command,
            pipeline: self.pipeline.clone(),
            text: text.into(),
            tells,
        });
    }

    fn hears<T>(&self, result: &Result<T, OrchestratorError>) {
        let (kept, text) = match result {
            Ok(_) => (Some(true), "done".to_owned()),
            Err(error) => (kept(error), error.to_string()),
        };
        let command = self.command;
        let world = &self.house.world;
        if let Err(OrchestratorError::Damaged { .. }) = result {
            world.wrong(text.clone());
        }
        world.note(What::Told {
            command,
            kept,
            text,
        });
    }

    /// Does something.
    pub(crate) async fn act(mut self) {
        let (house, pipeline) = (self.house.clone(), self.pipeline.clone());
        let state = house.orchestrator.state(&house.tenant, &pipeline).await;
        let Ok(state) = state else {
            return self.create().await;
        };
        match self.chance.below(100) {
            0..30 => self.start().await,
            30..50 => self.answer(&state).await,
            50..55 => self.stop(&state).await,
            55..64 => self.retry(&state).await,
            64..69 => self.roll_back(&state).await,
            69..72 => self.go_past(&state).await,
            72..77 => self.transition(&state, true).await,
            77..82 => self.transition(&state, false).await,
            82..84 => self.update().await,
            84..89 => self.push(false).await,
            89..95 => self.push(true).await,
            95..98 => self.schedule().await,
            98 => self.intrude(&state).await,
            _ if self.chance.percent(40) => self.delete().await,
            _ => self.intrude(&state).await,
        }
    }

    pub(crate) async fn create(&mut self) {
        let definition = random(&mut self.chance, &self.pipeline, self.house.manner.taste);
        self.asks(format!("create, {:?}", definition.execution_mode), true);
        let House {
            orchestrator,
            tenant,
            ..
        } = &self.house;
        let made = orchestrator.create_pipeline(tenant, definition, &self.by);
        self.hears(&made.await);
    }

    async fn update(&mut self) {
        let definition = random(&mut self.chance, &self.pipeline, self.house.manner.taste);
        self.asks(format!("update, {:?}", definition.execution_mode), true);
        let House {
            orchestrator,
            tenant,
            ..
        } = &self.house;
        let made = orchestrator.update_pipeline(tenant, definition, &self.by);
        self.hears(&made.await);
    }

    async fn delete(&self) {
        let House {
            orchestrator,
            tenant,
            world,
            ..
        } = &self.house;
        self.asks("delete", false);
        world.state().deleted.insert(self.pipeline.clone());
        let deleted = orchestrator.delete_pipeline(tenant, &self.pipeline, &self.by);
        // Half of it may be done.
        let told = match deleted.await {
            Err(error @ OrchestratorError::Store(_)) => {
                world.note(What::Said(format!("half deleted: {error}")));
                Err(OrchestratorError::ShuttingDown)
            }
            other => other,
        };
        self.hears(&told);
    }

    /// With a token whoever is not sure asks again, and gets the same.
    async fn start(&mut self) {
        let House {
            orchestrator,
            tenant,
            ..
        } = &self.house;
        let token = self
            .chance
            .percent(40)
            .then(|| format!("t{}", self.command));
        self.asks(format!("start, token {token:?}"), true);
        let mut started: Option<ExecutionId> = None;
        for _ in 0..5 {
            let start = Start {
                token: token.clone(),
                ..Start::by(&self.by)
            };
            let result = orchestrator
                .start_execution(tenant, &self.pipeline, start, &self.by)
                .await;
            if let Ok(id) = &result {
                if started.is_some_and(|first| first != *id) {
                    let text = format!("c{}: one token, two executions", self.command);
                    self.house.world.wrong(text);
                }
                started = Some(*id);
            }
            let again = token.is_some() && self.chance.percent(60);
            match result {
                Err(OrchestratorError::Store(_)) if again => {}
                Ok(_) if again && self.chance.percent(20) => {}
                result => return self.hears(&result),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn answer(&mut self, state: &PipelineState) {
        let open: Vec<(String, String, ApprovalToken)> = waits(state)
            .into_iter()
            .filter_map(|wait| match wait.reason {
                WaitReason::Approval { token, .. } => Some((wait.stage, wait.action?, token)),
                _ => None,
            })
            .collect();
        let Some((stage, action, token)) = self.chance.of(&open).cloned() else {
            return self.start().await;
        };
        let approved = self.chance.percent(75);
        self.asks(format!("answer {stage}/{action}: {approved}"), true);
        let House {
            orchestrator,
            tenant,
            ..
        } = &self.house;
        let (p, by, none) = (&self.pipeline, &self.by, String::new());
        let answered =
            orchestrator.answer_approval(tenant, p, stage, action, token, approved, none, by);
        self.hears(&answered.await);
    }

    async fn stop(&mut self, state: &PipelineState) {
        let live: Vec<ExecutionId> = state.live().map(|run| run.id).collect();
        let Some(id) = self.chance.of(&live).copied() else {
            return self.start().await;
        };
        let abandon = self.chance.percent(50);
        self.asks(format!("stop, abandon {abandon}"), true);
        let House {
            orchestrator,
            tenant,
            ..
        } = &self.house;
        let reason = "enough".to_owned();
        let (p, by) = (&self.pipeline, &self.by);
        let stopped = orchestrator.stop_execution(tenant, p, id, abandon, reason, by);
        self.hears(&stopped.await);
    }

    async fn retry(&mut self, state: &PipelineState) {
        let ended: Vec<(ExecutionId, String)> = state
            .executions()
            .filter(|run| matches!(run.position, Position::In(_)))
            .filter_map(|run| Some((run.id, run.stages.last()?.name.clone())))
            .collect();
        let Some((id, stage)) = self.chance.of(&ended).cloned() else {
            return self.start().await;
        };
        let all = self.chance.percent(40);
        let mode = match all {
            true => RetryMode::AllActions,
            false => RetryMode::FailedActions,
        };
        self.asks(format!("retry {stage}, {mode:?}"), true);
        let House {
            orchestrator,
            tenant,
            ..
        } = &self.house;
        let (p, by) = (&self.pipeline, &self.by);
        let retried = orchestrator.retry_stage(tenant, p, id, stage, mode, by);
        self.hears(&retried.await);
    }

    async fn roll_back(&mut self, state: &PipelineState) {
        let runs: Vec<ExecutionId> = state.executions().map(|run| run.id).collect();
        let stage = self.stage(state);
        let Some(id) = self.chance.of(&runs).copied() else {
            return self.start().await;
        };
        self.asks(format!("roll {stage} back"), true);
        let House {
            orchestrator,
            tenant,
            ..
        } = &self.house;
        let (p, by) = (&self.pipeline, &self.by);
        let result = orchestrator.rollback_stage(tenant, p, stage, id, by);
        self.hears(&result.await);
    }

    async fn go_past(&mut self, state: &PipelineState) {
        let runs: Vec<(ExecutionId, String)> = state
            .executions()
            .filter_map(|run| Some((run.id, run.stages.last()?.name.clone())))
            .collect();
        let Some((id, stage)) = self.chance.of(&runs).cloned() else {
            return self.start().await;
        };
        let condition = match self.chance.percent(50) {
            true => ConditionType::BeforeEntry,
            false => ConditionType::OnSuccess,
        };
        self.asks(format!("go past {condition:?} of {stage}"), true);
        let House {
            orchestrator,
            tenant,
            ..
        } = &self.house;
        let (p, by) = (&self.pipeline, &self.by);
        let result = orchestrator.override_condition(tenant, p, id, stage, condition, by);
        self.hears(&result.await);
    }

    fn stage(&mut self, state: &PipelineState) -> String {
        let definition = state.definition();
        let stages = definition.map_or(&[][..], |definition| &definition.stages);
        let stage = self.chance.of(stages);
        stage.map(|stage| stage.name.clone()).unwrap_or_default()
    }

    async fn transition(&mut self, state: &PipelineState, open: bool) {
        let stage = self.stage(state);
        let direction = match self.chance.percent(50) {
            true => Direction::Inbound,
            false => Direction::Outbound,
        };
        self.asks(format!("{stage} {direction:?} open: {open}"), false);
        let House {
            orchestrator,
            tenant,
            ..
        } = &self.house;
        let disabled = (!open).then(|| "freeze".to_owned());
        let (p, by) = (&self.pipeline, &self.by);
        let result = orchestrator.set_transition(tenant, p, stage, direction, disabled, by);
        self.hears(&result.await);
    }

    /// A new revision; told by the forge, or left to be found.
    async fn push(&self, told: bool) {
        let House {
            orchestrator,
            tenant,
            world,
            ..
        } = &self.house;
        let number = {
            let mut state = world.state();
            if !state.delivering.insert(self.pipeline.clone()) {
                return;
            }
            let number = state.revisions.entry(self.pipeline.clone()).or_default();
            *number += 1;
            *number
        };
        self.asks(format!("push r{number}, told {told}"), false);
        // The forge delivers again what it got no answer to.
        for _ in 0..if told { 5 } else { 0 } {
            let delivery = Delivery {
                method: "POST".to_owned(),
                headers: vec![],
                body: Arc::from(number.to_string().into_bytes()),
            };
            let delivered = orchestrator.deliver(tenant, &self.pipeline, "Fetch", delivery);
            match delivered.await {
                Err(DeliveryError::Failed(_)) => {}
                _ => break,
            }
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        world.state().delivering.remove(&self.pipeline);
    }

    /// Made, switched off, switched on.
    async fn schedule(&mut self) {
        let House {
            orchestrator,
            tenant,
            ..
        } = &self.house;
        let name = format!("of-{}", self.pipeline);
        self.asks("a schedule", false);
        let result = if orchestrator.schedule(tenant, &name).await.is_ok() {
            let enabled = self.chance.percent(70);
            orchestrator.enable_schedule(tenant, &name, enabled).await
        } else {
            let schedule: Schedule = serde_json::from_value(json!({
                "name": name,
                "pipeline": self.pipeline,
                "expression": "rate(30 minutes)",
            }))
            .unwrap();
            let made = orchestrator.create_schedule(tenant, schedule, &self.by);
            made.await
        };
        self.hears(&result);
    }

    /// Somebody else takes a job's lease, or the job away.
    async fn intrude(&mut self, state: &PipelineState) {
        let due: Vec<JobId> = lockgate_execution::due_jobs(state)
            .map(|(job, _)| job)
            .collect();
        let Some(id) = self.chance.of(&due).copied() else {
            return;
        };
        let House {
            orchestrator,
            tenant,
            clock,
            ..
        } = &self.house;
        let store = orchestrator.store();
        let loaded = store.load(tenant, &self.pipeline).await;
        let Ok(Some(loaded)) = loaded else {
            return;
        };
        let mut change = Change::new(
            tenant.clone(),
            self.pipeline.clone(),
            clock.now(),
            loaded.version,
        );
        let takes = self.chance.percent(50);
        if takes {
            let lease = Lease {
                token: LeaseToken::random(),
                expires: None,
            };
            change.leased_jobs.push(LeasedJob { id, lease });
        } else {
            change.cancelled_jobs.push(id);
        }
        self.asks(format!("take a lease: {takes}, or the job"), false);
        let _ = store.commit(change).await;
    }
}
