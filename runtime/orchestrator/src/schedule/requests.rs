//! What can be asked of the orchestrator about schedules.

use super::rule::{Schedule, ScheduleView, Stored, view};
use crate::error::OrchestratorError;
use crate::orchestrator::Orchestrator;
use crate::shared::Shared;
use lockgate_model::id::{Principal, TenantId};
use lockgate_store::Schedule as Row;
use uuid::Uuid;

/// Schedules of a tenant at most, as EventBridge has rules.
const MOST_SCHEDULES: usize = 300;

impl Orchestrator {
    /// Makes a schedule.
    ///
    /// # Errors
    /// `Invalid` with everything that is wrong with it; `NameInUse`; `Rejected`
    /// where there is no such pipeline.
    pub async fn create_schedule(
        &self,
        tenant: &TenantId,
        schedule: Schedule,
        by: &Principal,
    ) -> Result<ScheduleView, OrchestratorError> {
        let shared = self.shared();
        let now = shared.clock.now();
        let table = schedule.check(now).map_err(OrchestratorError::Invalid)?;
        self.state(tenant, &schedule.pipeline).await?;
        let known = shared.store.schedules(tenant).await?;
        if known.len() >= MOST_SCHEDULES {
            return Err(OrchestratorError::Invalid(vec![format!(
                "there are {MOST_SCHEDULES} schedules, which is the most; delete one first"
            )]));
        }
        let stored = Stored {
            schedule: schedule.clone(),
            created_by: by.clone(),
        };
        let row = Row {
            tenant: tenant.clone(),
            id: Uuid::now_v7(),
            name: schedule.name.clone(),
            pipeline: schedule.pipeline.clone(),
            created: now,
            updated: now,
            json: written(&stored)?,
            next_due: table.next(now).filter(|_| schedule.enabled),
            last_due: None,
            last_execution: None,
            error: None,
        };
        if !shared.store.create_schedule(row).await? {
            // Gone between two looks: asked again, that is what it says.
            self.state(tenant, &schedule.pipeline).await?;
            return Err(OrchestratorError::NameInUse(format!(
                "there is a schedule '{}' already; take another name, or change that one",
                schedule.name
            )));
        }
        shared.schedules_changed.notify_one();
        self.schedule(tenant, &schedule.name).await
    }

    /// Replaces what the schedule of this name says. Where its times stay the
    /// same, so does the next one; else it is the first from now on.
    ///
    /// # Errors
    /// `Invalid` with everything that is wrong with it; `NotFound`; `Rejected`
    /// where there is no such pipeline.
    pub async fn update_schedule(
        &self,
        tenant: &TenantId,
        schedule: Schedule,
    ) -> Result<ScheduleView, OrchestratorError> {
        let shared = self.shared();
        let row = find(shared, tenant, &schedule.name).await?;
        let former = read(&row)?;
        let table = schedule
            .check(row.created)
            .map_err(OrchestratorError::Invalid)?;
        self.state(tenant, &schedule.pipeline).await?;
        let was = &former.schedule;
        let same_times = (&was.expression, &was.zone, was.enabled)
            == (&schedule.expression, &schedule.zone, schedule.enabled);
        let now = shared.clock.now();
        let next_due = match row.next_due.filter(|_| same_times) {
            Some(due) => Some(due),
            None => table.next(now).filter(|_| schedule.enabled),
        };
        let name = schedule.name.clone();
        let stored = Stored {
            schedule: schedule.clone(),
            created_by: former.created_by,
        };
        let row = Row {
            pipeline: schedule.pipeline.clone(),
            // Later than before even where the clock stands still, so that a
            // due time that is being seen to belongs to the former.
            updated: now.max(lockgate_model::time::Timestamp(row.updated.0 + 1)),
            json: written(&stored)?,
            next_due,
            ..row
        };
        if !shared.store.update_schedule(row).await? {
            self.state(tenant, &schedule.pipeline).await?;
            return Err(not_found(&name, &[]));
        }
        shared.schedules_changed.notify_one();
        self.schedule(tenant, &name).await
    }

    /// Switches a schedule on or off.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn enable_schedule(
        &self,
        tenant: &TenantId,
        name: &str,
        enabled: bool,
    ) -> Result<ScheduleView, OrchestratorError> {
        let row = find(self.shared(), tenant, name).await?;
        let mut schedule = read(&row)?.schedule;
        schedule.enabled = enabled;
        self.update_schedule(tenant, schedule).await
    }

    /// Removes a schedule. What it has started goes on.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_schedule(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<(), OrchestratorError> {
        let shared = self.shared();
        find(shared, tenant, name).await?;
        shared.store.delete_schedule(tenant, name).await?;
        Ok(())
    }

    /// A tenant's schedules by name.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn schedules(
        &self,
        tenant: &TenantId,
    ) -> Result<Vec<ScheduleView>, OrchestratorError> {
        let shared = self.shared();
        let rows = shared.store.schedules(tenant).await?;
        let shown = rows.into_iter().map(|row| show(shared, row));
        shown.collect()
    }

    /// One schedule.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn schedule(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<ScheduleView, OrchestratorError> {
        let shared = self.shared();
        show(shared, find(shared, tenant, name).await?)
    }
}

async fn find(shared: &Shared, tenant: &TenantId, name: &str) -> Result<Row, OrchestratorError> {
    let mut rows = shared.store.schedules(tenant).await?;
    match rows.iter().position(|row| row.name == name) {
        Some(index) => Ok(rows.swap_remove(index)),
        None => Err(not_found(name, &rows)),
    }
}

fn not_found(name: &str, known: &[Row]) -> OrchestratorError {
    let known: Vec<&str> = known.iter().map(|row| row.name.as_str()).collect();
    OrchestratorError::NotFound(if known.is_empty() {
        format!("there is no schedule '{name}'; there are none, create it first")
    } else {
        format!(
            "there is no schedule '{name}'; there are {}",
            known.join(", ")
        )
    })
}

fn show(shared: &Shared, row: Row) -> Result<ScheduleView, OrchestratorError> {
    Ok(view(read(&row)?, row, &shared.settings.region))
}

fn read(row: &Row) -> Result<Stored, OrchestratorError> {
    serde_json::from_str(&row.json).map_err(|error| damaged(&row.name, &error))
}

fn written(stored: &Stored) -> Result<String, OrchestratorError> {
    serde_json::to_string(stored).map_err(|error| damaged(&stored.schedule.name, &error))
}

fn damaged(name: &str, error: &serde_json::Error) -> OrchestratorError {
    OrchestratorError::Damaged {
        what: format!("schedule '{name}'"),
        reason: error.to_string(),
    }
}
