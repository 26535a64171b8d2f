//! Rules that say who is told of which events, and how far each has come with
//! the outbox. Knows nothing of what a rule says or how anybody is told: that is
//! JSON, and the orchestrator's.

use crate::error::StoreError;
use crate::queue::Lane;
use crate::record::StoredEvent;
use crate::store::Store;
use crate::table::{event, notification_rule, pipeline};
use lockgate_model::id::TenantId;
use lockgate_model::time::Timestamp;
use uuid::Uuid;

/// Bytes that a note takes among those that nobody waits for.
const NOTE_BYTES: u32 = 256;

/// A rule as it was made or last changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRule {
    /// Tells it from an earlier one of the same name.
    pub id: Uuid,
    /// Unique in the tenant.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// What it says: JSON.
    pub json: String,
}

/// A rule and what became of its notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationRuleState {
    /// Whose.
    pub tenant: TenantId,
    /// The rule.
    pub rule: NotificationRule,
    /// Notifications that arrived.
    pub delivered: u64,
    /// When the last of them did.
    pub delivered_at: Option<Timestamp>,
    /// Notifications that were given up.
    pub given_up: u64,
    /// Why the last one that failed did, arrived later or not.
    pub error: Option<String>,
    /// When that was.
    pub error_at: Option<Timestamp>,
}

/// Where a rule is with one pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When the pipeline was made: one that was deleted and made again counts
    /// its events anew.
    pub created: Timestamp,
    /// The last event that was seen to; 0: none.
    pub sequence: u64,
}

/// The events that a rule has not seen to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// Where they begin.
    pub seen: Seen,
    /// In order.
    pub events: Vec<StoredEvent>,
}

/// What is noted of a rule, once something was seen to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Of which rule.
    pub rule: Uuid,
    /// With which pipeline.
    pub pipeline: String,
    /// How far it has come; never back.
    pub seen: Seen,
    /// Notifications that arrived.
    pub delivered: u64,
    /// Notifications that were given up.
    pub given_up: u64,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// Makes a rule, which hears of nothing that happened before. False: the
    /// name is taken.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn create_notification_rule(
        &self,
        tenant: &TenantId,
        rule: NotificationRule,
    ) -> Result<bool, StoreError> {
        let tenant = tenant.clone();
        self.write(Lane::Change, move |connection| {
            Ok(notification_rule::insert(connection, &tenant, &rule)?)
        })
        .await
    }

    /// Replaces what the rule of this name and id says. Of the pipelines in
    /// `anew` it hears of nothing that happened before. False: there is no such
    /// rule.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn update_notification_rule(
        &self,
        tenant: &TenantId,
        rule: NotificationRule,
        anew: Vec<String>,
    ) -> Result<bool, StoreError> {
        let tenant = tenant.clone();
        self.write(Lane::Change, move |connection| {
            Ok(notification_rule::update(
                connection, &tenant, &rule, &anew,
            )?)
        })
        .await
    }

    /// Removes a rule and how far it has come. False: there was none.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn delete_notification_rule(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<bool, StoreError> {
        let (tenant, name) = (tenant.clone(), name.to_owned());
        self.write(Lane::Change, move |connection| {
            Ok(notification_rule::delete(connection, &tenant, &name)?)
        })
        .await
    }

    /// A tenant's rules by name; of all tenants where none is named.
    ///
    /// # Errors
    /// As all reads.
    pub async fn notification_rules(
        &self,
        tenant: Option<&TenantId>,
    ) -> Result<Vec<NotificationRuleState>, StoreError> {
        let tenant = tenant.cloned();
        self.readers()
            .read(move |connection| notification_rule::list(connection, tenant.as_ref()))
            .await
    }

    /// The pipelines of a tenant with events that a rule has not seen to, by
    /// name, those behind `after`.
    ///
    /// # Errors
    /// As all reads.
    pub async fn pipelines_unseen(
        &self,
        tenant: &TenantId,
        rule: Uuid,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let (tenant, after) = (tenant.clone(), after.to_owned());
        self.readers()
            .read(move |connection| {
                notification_rule::behind(connection, &tenant, rule, &after, limit)
            })
            .await
    }

    /// The next events of a pipeline for a rule: those after `known`, or after
    /// what was noted where that is not known or of an earlier pipeline of this
    /// name. Nothing where there is no such pipeline.
    ///
    /// # Errors
    /// As all reads.
    pub async fn unseen_events(
        &self,
        tenant: &TenantId,
        rule: Uuid,
        pipeline: &str,
        known: Option<Seen>,
        limit: u32,
    ) -> Result<Option<Unseen>, StoreError> {
        let (tenant, name) = (tenant.clone(), pipeline.to_owned());
        self.readers()
            .read(move |connection| {
                let Some(created) = pipeline::created(connection, &tenant, &name)? else {
                    return Ok(None);
                };
                let seen = match known.filter(|known| known.created == created) {
                    Some(known) => known,
                    None => Seen {
                        created,
                        sequence: notification_rule::seen(connection, &tenant, rule, &name)?,
                    },
                };
                let events = event::after(connection, &tenant, &name, seen.sequence, limit)?;
                Ok(Some(Unseen { seen, events }))
            })
            .await
    }

    /// Notes how far a rule has come. A rule or a pipeline that is gone, or was
    /// made anew, is left as it is. Survives the process; a loss of power may
    /// take the last notes, which only tells somebody twice.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn note_progress(
        &self,
        tenant: &TenantId,
        progress: Progress,
    ) -> Result<(), StoreError> {
        let tenant = tenant.clone();
        self.write(Lane::Log(NOTE_BYTES), move |connection| {
            Ok(notification_rule::note(connection, &tenant, &progress)?)
        })
        .await
    }

    /// Notes why a notification of a rule failed.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn note_notification_error(
        &self,
        tenant: &TenantId,
        rule: Uuid,
        error: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (tenant, error) = (tenant.clone(), error.to_owned());
        self.write(Lane::Log(NOTE_BYTES), move |connection| {
            Ok(notification_rule::note_error(
                connection, &tenant, rule, &error, at,
            )?)
        })
        .await
    }
}
