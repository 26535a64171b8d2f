//! Waiting for the next due time, and starting what is due. A start bears the
//! due time in its token, so that the store knows one that was done already; and
//! the token is asked before old tokens are forgotten.

use super::rule::{Stored, arn};
use crate::error::OrchestratorError;
use crate::orchestrator::Start;
use crate::shared::Shared;
use crate::start::start_execution;
use futures::future::join_all;
use lockgate_model::id::Principal;
use lockgate_model::time::Timestamp;
use lockgate_model::trigger::{SourceRevision, Trigger, TriggerType};
use lockgate_store::{Fired, Schedule as Row};
use std::sync::Arc;

/// Schedules that are seen to at a time.
const PAGE: u32 = 100;
/// Seconds until the disk is tried again.
const RETRY_SECONDS: u64 = 5;

/// Sees to whatever is due, whenever it is.
pub(crate) async fn keep(shared: Arc<Shared>) {
    loop {
        let next = catch_up(&shared).await;
        let clock = shared.clock;
        let due = async {
            match next {
                Some(next) => clock.sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            () = shared.schedules_changed.notified() => {}
        }
    }
}

/// Sees to what is due now; when to look again, unless schedules change.
pub(crate) async fn catch_up(shared: &Arc<Shared>) -> Option<Timestamp> {
    loop {
        let now = shared.clock.now();
        let later = now.plus_seconds(RETRY_SECONDS);
        let rows = match shared.store.next_schedules(PAGE).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(%error, "schedules cannot be read; trying again");
                return Some(later);
            }
        };
        let first = rows.first().and_then(|row| row.next_due)?;
        let is_due = |row: &&Row| row.next_due.is_some_and(|due| due <= now);
        let due: Vec<&Row> = rows.iter().filter(is_due).collect();
        if due.is_empty() {
            return Some(first);
        }
        let done = join_all(due.into_iter().map(|row| fire(shared, row, now))).await;
        if done.contains(&false) {
            return Some(later);
        }
    }
}

/// Starts what is due, and notes it. False: to be tried again.
async fn fire(shared: &Arc<Shared>, row: &Row, now: Timestamp) -> bool {
    let name = row.name.as_str();
    let Some(fired) = fired(shared, row, now).await else {
        return false;
    };
    if let Err(reason) = &fired.result {
        tracing::warn!(
            schedule = name,
            pipeline = row.pipeline,
            reason,
            "a schedule started nothing"
        );
    }
    match shared.store.schedule_fired(row, fired).await {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(schedule = name, %error, "a schedule's due time was not noted; trying again");
            false
        }
    }
}

/// What comes of the latest due time; none where the disk has to be tried again.
async fn fired(shared: &Arc<Shared>, row: &Row, now: Timestamp) -> Option<Fired> {
    let first = row.next_due?;
    let stored = serde_json::from_str::<Stored>(&row.json).map_err(|error| error.to_string());
    let read = stored.and_then(|stored| {
        let table = stored.schedule.check(row.created);
        let table = table.map_err(|problems| problems.join("; "))?;
        Ok((stored.schedule, table))
    });
    let (schedule, table) = match read {
        Ok(read) => read,
        Err(reason) => {
            return Some(Fired {
                due: first,
                result: Err(format!("the schedule cannot be read: {reason}")),
                next_due: None,
            });
        }
    };
    let due = table.latest(first, now);
    if due != first {
        tracing::warn!(
            schedule = row.name,
            pipeline = row.pipeline,
            "a schedule was due while no server ran: the latest time is made up for, earlier ones are not"
        );
    }
    let arn = arn(&row.tenant, &shared.settings.region, &row.name);
    let start = Start {
        trigger: Trigger {
            trigger_type: TriggerType::CloudWatchEvent,
            trigger_detail: arn.clone(),
        },
        variables: schedule.variables,
        source_revisions: schedule
            .source_revisions
            .into_iter()
            .map(|(action_name, revision_id)| SourceRevision {
                action_name,
                revision_id,
                revision_type: None,
            })
            .collect(),
        token: Some(format!("schedule {} {}", row.id, due.0)),
    };
    let started = start_execution(shared, &row.tenant, &row.pipeline, start, &Principal(arn)).await;
    let result = match started {
        Ok(execution) => Ok(execution),
        Err(OrchestratorError::ShuttingDown) => return None,
        Err(OrchestratorError::Store(error)) => {
            tracing::error!(schedule = row.name, %error, "a schedule cannot start anything; trying again");
            return None;
        }
        Err(error) => Err(error.to_string()),
    };
    Some(Fired {
        due,
        result,
        next_due: table.next(now.max(due)),
    })
}
