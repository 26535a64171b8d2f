//! A schedule: which pipeline starts when, and with what. What is written is
//! checked here; what is stored is trusted.

use super::timetable::Timetable;
use crate::notification::name_problem;
use lockgate_model::id::{ExecutionId, Principal, TenantId};
use lockgate_model::time::Timestamp;
use lockgate_store::Schedule as Row;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Characters of a schedule's name at most.
const LONGEST_NAME: usize = 64;

/// A schedule as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schedule {
    /// Unique in the tenant: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// The pipeline that it starts; the schedule goes with it.
    pub pipeline: String,
    /// `cron(0 9 ? * MON-FRI *)` or `rate(5 minutes)`, as EventBridge reads it.
    pub expression: String,
    /// In whose time: `Europe/Berlin`, `UTC`, `UTC+05:30`.
    #[serde(default = "utc")]
    pub zone: String,
    /// Off: never due.
    #[serde(default = "on")]
    pub enabled: bool,
    /// Values of pipeline variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// Revisions that sources take instead of the newest, by source action.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub source_revisions: BTreeMap<String, String>,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn on() -> bool {
    true
}

/// A schedule as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleView {
    /// As it was written.
    #[serde(flatten)]
    pub schedule: Schedule,
    /// As AWS would name it; stands in the trigger of what it starts.
    pub arn: String,
    /// Who made it.
    pub created_by: Principal,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// When it is due; absent: switched off, or never again.
    pub next_due: Option<Timestamp>,
    /// When it was last due.
    pub last_due: Option<Timestamp>,
    /// What was started then.
    pub last_execution: Option<ExecutionId>,
    /// Why nothing was started then.
    pub last_error: Option<String>,
}

/// What is stored of a schedule, beside its row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stored {
    pub(super) schedule: Schedule,
    pub(super) created_by: Principal,
}

impl Schedule {
    /// Its times, where everything that is written can be used.
    ///
    /// # Errors
    /// Everything that is wrong, each in a sentence that begins with the key.
    pub(super) fn check(&self, created: Timestamp) -> Result<Timetable, Vec<String>> {
        let mut problems: Vec<String> = name_problem(&self.name, LONGEST_NAME, "-_.")
            .into_iter()
            .collect();
        match Timetable::read(&self.expression, &self.zone, created) {
            Ok(timetable) if problems.is_empty() => return Ok(timetable),
            Ok(_) => {}
            Err(more) => problems.extend(more),
        }
        Err(problems)
    }
}

/// As AWS would name it.
pub(super) fn arn(tenant: &TenantId, region: &str, name: &str) -> String {
    format!("arn:aws:events:{region}:{tenant}:rule/{name}")
}

/// What is shown of a schedule.
pub(super) fn view(stored: Stored, row: Row, region: &str) -> ScheduleView {
    ScheduleView {
        arn: arn(&row.tenant, region, &row.name),
        schedule: stored.schedule,
        created_by: stored.created_by,
        created: row.created,
        updated: row.updated,
        next_due: row.next_due,
        last_due: row.last_due,
        last_execution: row.last_execution,
        last_error: row.error,
    }
}
