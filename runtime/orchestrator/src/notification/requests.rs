//! What can be asked of the orchestrator about notification rules.

use super::delivery::{self, Subject};
use super::lanes::{add, read};
use super::letter::Body;
use super::rule::{
    NotificationFormat, NotificationRule, NotificationRuleView, NotificationTest, Stored, arn, view,
};
use crate::error::OrchestratorError;
use crate::iso;
use crate::orchestrator::Orchestrator;
use crate::shared::Shared;
use lockgate_model::id::{ExecutionId, Principal, TenantId};
use lockgate_model::job::Outcome;
use lockgate_store::{NotificationRule as Row, NotificationRuleState};
use serde_json::json;
use uuid::Uuid;

/// Rules of a tenant at most: each is asked at every event.
const MOST_RULES: usize = 100;
/// Pipelines that are looked through at a time.
const PAGE: u32 = 500;

impl Orchestrator {
    /// The region that stands in ARNs.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.shared().settings.region
    }

    /// Makes a notification rule. It tells of what happens from now on.
    ///
    /// # Errors
    /// `Invalid` with everything that is wrong with it; `NameInUse`.
    pub async fn create_notification_rule(
        &self,
        tenant: &TenantId,
        rule: NotificationRule,
        by: &Principal,
    ) -> Result<NotificationRuleView, OrchestratorError> {
        let rule = rule.check().map_err(OrchestratorError::Invalid)?;
        let shared = self.shared();
        let _changing = shared.lanes.changing.lock().await;
        let known = shared.store.notification_rules(Some(tenant)).await?;
        if known.len() >= MOST_RULES {
            return Err(OrchestratorError::Invalid(vec![format!(
                "there are {MOST_RULES} notification rules, which is the most; delete one first"
            )]));
        }
        let now = shared.clock.now();
        let stored = Stored {
            rule: rule.clone(),
            created_by: by.clone(),
        };
        let row = Row {
            id: Uuid::now_v7(),
            name: rule.name.clone(),
            created: now,
            updated: now,
            json: written(&stored)?,
        };
        let id = row.id;
        if !shared.store.create_notification_rule(tenant, row).await? {
            return Err(OrchestratorError::NameInUse(format!(
                "there is a notification rule '{}' already; take another name, or change that one",
                rule.name
            )));
        }
        let name = rule.name.clone();
        add(shared, tenant, id, rule).await?;
        self.notification_rule(tenant, &name).await
    }

    /// Replaces what the rule of this name says. A `url` of `****` keeps the
    /// address. Of pipelines that it told nothing of before, it tells what
    /// happens from now on.
    ///
    /// # Errors
    /// `Invalid` with everything that is wrong with it; `NotFound`.
    pub async fn update_notification_rule(
        &self,
        tenant: &TenantId,
        mut rule: NotificationRule,
    ) -> Result<NotificationRuleView, OrchestratorError> {
        let shared = self.shared();
        let _changing = shared.lanes.changing.lock().await;
        let state = find(shared, tenant, &rule.name).await?;
        let former = read(&state)?;
        rule.keep_secrets_of(&former.rule);
        let rule = rule.check().map_err(OrchestratorError::Invalid)?;
        let anew = anew(shared, tenant, &former.rule, &rule).await?;
        let stored = Stored {
            rule: rule.clone(),
            created_by: former.created_by,
        };
        let row = Row {
            updated: shared.clock.now(),
            json: written(&stored)?,
            ..state.rule.clone()
        };
        let (id, name) = (row.id, row.name.clone());
        shared.lanes.remove(tenant, id);
        let changed = shared
            .store
            .update_notification_rule(tenant, row, anew)
            .await;
        // Whatever the disk said, the rule goes on as it is there.
        let now = match &changed {
            Ok(_) => rule,
            Err(_) => former.rule,
        };
        add(shared, tenant, id, now).await?;
        if !changed? {
            return Err(not_found(&name, &[]));
        }
        self.notification_rule(tenant, &name).await
    }

    /// Removes a rule. What it has not told yet, nobody is told.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_notification_rule(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<(), OrchestratorError> {
        let shared = self.shared();
        let _changing = shared.lanes.changing.lock().await;
        let state = find(shared, tenant, name).await?;
        shared.store.delete_notification_rule(tenant, name).await?;
        shared.lanes.remove(tenant, state.rule.id);
        Ok(())
    }

    /// A tenant's rules by name, with what became of their notifications.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn notification_rules(
        &self,
        tenant: &TenantId,
    ) -> Result<Vec<NotificationRuleView>, OrchestratorError> {
        let shared = self.shared();
        let states = shared.store.notification_rules(Some(tenant)).await?;
        let shown = states.into_iter().map(|state| show(shared, state));
        shown.collect()
    }

    /// One rule.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn notification_rule(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<NotificationRuleView, OrchestratorError> {
        let shared = self.shared();
        let state = find(shared, tenant, name).await?;
        show(shared, state)
    }

    /// Posts a notification that says it is a test to a rule's target, on or
    /// off, once, and says what came of it. Counts for nothing.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn test_notification_rule(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<NotificationTest, OrchestratorError> {
        let shared = self.shared();
        let state = find(shared, tenant, name).await?;
        let rule = read(&state)?.rule;
        let key = Uuid::now_v7();
        let message = format!("This is a test of notification rule '{name}'.");
        let region = &shared.settings.region;
        let arn = arn(tenant, region, state.rule.id);
        let time = iso::seconds(shared.clock.now());
        let body = match rule.format {
            NotificationFormat::EventBridge => Body::Json(json!({
                "version": "0",
                "id": key.to_string(),
                "detail-type": "Lockgate Notification Rule Test",
                "source": "lockgate",
                "account": tenant.as_str(),
                "time": time,
                "region": region,
                "resources": [arn],
                "detail": { "message": message },
            })),
            NotificationFormat::Notification => Body::Json(json!({
                "account": tenant.as_str(),
                "detailType": "Lockgate Notification Rule Test",
                "region": region,
                "source": "lockgate",
                "time": time,
                "notificationRuleArn": arn,
                "detail": { "message": message },
                "resources": [],
                "additionalAttributes": {},
            })),
            format => Body::Text(format, message),
        };
        let subject = Subject {
            tenant: tenant.clone(),
            pipeline: String::new(),
            execution: ExecutionId(key),
            stage: String::new(),
            action: String::new(),
            key,
        };
        let mut job = delivery::job(subject, body.into(&rule));
        let (delivered, message) = match delivery::once(shared, &mut job, 1).await {
            Outcome::Succeeded(success) => (true, success.external.summary),
            Outcome::Pending(pending) => (false, pending.external.summary),
            Outcome::Failed(failure) => (false, Some(failure.message)),
        };
        Ok(NotificationTest {
            delivered,
            message: message.unwrap_or_default(),
        })
    }
}

async fn find(
    shared: &Shared,
    tenant: &TenantId,
    name: &str,
) -> Result<NotificationRuleState, OrchestratorError> {
    let mut states = shared.store.notification_rules(Some(tenant)).await?;
    match states.iter().position(|state| state.rule.name == name) {
        Some(index) => Ok(states.swap_remove(index)),
        None => Err(not_found(name, &states)),
    }
}

fn not_found(name: &str, known: &[NotificationRuleState]) -> OrchestratorError {
    let known: Vec<&str> = known.iter().map(|state| state.rule.name.as_str()).collect();
    OrchestratorError::NotFound(if known.is_empty() {
        format!("there is no notification rule '{name}'; there are none, create it first")
    } else {
        format!(
            "there is no notification rule '{name}'; there are {}",
            known.join(", ")
        )
    })
}

fn show(
    shared: &Shared,
    state: NotificationRuleState,
) -> Result<NotificationRuleView, OrchestratorError> {
    let stored = read(&state)?;
    Ok(view(stored, state, &shared.settings.region))
}

fn written(stored: &Stored) -> Result<String, OrchestratorError> {
    serde_json::to_string(stored).map_err(|error| OrchestratorError::Damaged {
        what: format!("notification rule '{}'", stored.rule.name),
        reason: error.to_string(),
    })
}

/// The pipelines that the rule told nothing of and now tells of.
async fn anew(
    shared: &Shared,
    tenant: &TenantId,
    former: &NotificationRule,
    rule: &NotificationRule,
) -> Result<Vec<String>, OrchestratorError> {
    let (then, now) = (former.globs(), rule.globs());
    let mut anew = vec![];
    let mut after: Option<String> = None;
    loop {
        let page = shared.store.list_pipelines(tenant, after.as_deref(), PAGE);
        let page = page.await?;
        let Some(last) = page.last() else {
            return Ok(anew);
        };
        after = Some(last.pipeline.clone());
        anew.extend(
            page.into_iter()
                .map(|summary| summary.pipeline)
                .filter(|name| rule.is_about(&now, name) && !former.is_about(&then, name)),
        );
    }
}
