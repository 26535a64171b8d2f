//! Schedules: what starts a pipeline by the clock, and when it is due next.
//! Knows no calendar: the orchestrator reckons, the rows remember.

use crate::error::StoreError;
use crate::queue::Lane;
use crate::store::Store;
use crate::table::schedule;
use lockgate_model::id::{ExecutionId, TenantId};
use lockgate_model::time::Timestamp;
use uuid::Uuid;

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Whose.
    pub tenant: TenantId,
    /// Tells it from an earlier one of the same name.
    pub id: Uuid,
    /// Unique in the tenant.
    pub name: String,
    /// The pipeline that it starts; the schedule goes with it.
    pub pipeline: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// What it says: JSON.
    pub json: String,
    /// When it is due; absent: switched off, or never again.
    pub next_due: Option<Timestamp>,
    /// The last time that it was due and was seen to.
    pub last_due: Option<Timestamp>,
    /// What was started then.
    pub last_execution: Option<ExecutionId>,
    /// Why nothing was started then.
    pub error: Option<String>,
}

/// What came of a time that was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// The time.
    pub due: Timestamp,
    /// What was started, or why nothing was.
    pub result: Result<ExecutionId, String>,
    /// The next time.
    pub next_due: Option<Timestamp>,
}

impl Store {
    /// Makes a schedule. False: the name is taken, or there is no such pipeline.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn create_schedule(&self, schedule: Schedule) -> Result<bool, StoreError> {
        self.write(Lane::Change, move |connection| {
            Ok(schedule::insert(connection, &schedule)?)
        })
        .await
    }

    /// Replaces pipeline, JSON and next due time of the schedule of this name
    /// and id. False: there is no such schedule, or no such pipeline.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn update_schedule(&self, schedule: Schedule) -> Result<bool, StoreError> {
        self.write(Lane::Change, move |connection| {
            Ok(schedule::update(connection, &schedule)?)
        })
        .await
    }

    /// Removes a schedule. False: there was none.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn delete_schedule(&self, tenant: &TenantId, name: &str) -> Result<bool, StoreError> {
        let (tenant, name) = (tenant.clone(), name.to_owned());
        self.write(Lane::Change, move |connection| {
            Ok(schedule::delete(connection, &tenant, &name)?)
        })
        .await
    }

    /// A tenant's schedules by name.
    ///
    /// # Errors
    /// As all reads.
    pub async fn schedules(&self, tenant: &TenantId) -> Result<Vec<Schedule>, StoreError> {
        let tenant = tenant.clone();
        self.readers()
            .read(move |connection| schedule::of_tenant(connection, &tenant))
            .await
    }

    /// The schedules of all tenants that are due next, the first to be due
    /// first.
    ///
    /// # Errors
    /// As all reads.
    pub async fn next_schedules(&self, limit: u32) -> Result<Vec<Schedule>, StoreError> {
        self.readers()
            .read(move |connection| schedule::next(connection, limit))
            .await
    }

    /// Notes what came of the time that was due. False: the schedule was changed
    /// or removed meanwhile, and was left as it is.
    ///
    /// # Errors
    /// As `commit`.
    pub async fn schedule_fired(
        &self,
        schedule: &Schedule,
        fired: Fired,
    ) -> Result<bool, StoreError> {
        let schedule = schedule.clone();
        self.write(Lane::Change, move |connection| {
            Ok(schedule::fired(connection, &schedule, &fired)?)
        })
        .await
    }
}
