//! Rows to write, as small as they may be.

use lockgate_model::id::{ActionExecutionId, ExecutionId, JobId, TenantId};
use lockgate_model::status::{ActionStatus, ExecutionStatus, StageStatus};
use lockgate_model::time::Timestamp;
use lockgate_store::{
    ActionExecution, Change, Event, Execution, Lease, LeaseToken, NewJob, StageExecution,
};
use uuid::Uuid;

pub(crate) const AT: Timestamp = Timestamp(1_700_000_000_000);

pub(crate) fn tenant() -> TenantId {
    "111122223333".parse().unwrap()
}

pub(crate) fn stranger() -> TenantId {
    "444455556666".parse().unwrap()
}

pub(crate) fn change(pipeline: &str, expected_version: u64) -> Change {
    Change::new(tenant(), pipeline, AT, expected_version)
}

pub(crate) fn event(execution: Option<ExecutionId>, json: &str) -> Event {
    Event {
        kind: "ActionStarted".into(),
        execution,
        stage: Some("Build".into()),
        action: Some("Compile".into()),
        cause: r#"{"command":"StartExecution","by":"lockgate"}"#.into(),
        at: AT,
        json: json.into(),
    }
}

/// A change of one event.
pub(crate) fn step(pipeline: &str, expected_version: u64) -> Change {
    let mut change = change(pipeline, expected_version);
    change.events.push(event(None, "{}"));
    change
}

pub(crate) fn execution(id: u128, json: &str) -> Execution {
    Execution {
        id: ExecutionId(Uuid::from_u128(id)),
        status: ExecutionStatus::InProgress,
        definition_version: 1,
        started: AT,
        updated: AT,
        json: json.into(),
    }
}

pub(crate) fn stage(execution: ExecutionId, name: &str, position: u32) -> StageExecution {
    StageExecution {
        execution,
        stage: name.into(),
        position,
        status: StageStatus::Succeeded,
        updated: AT,
        json: "{}".into(),
    }
}

pub(crate) fn action(execution: ExecutionId, id: u128) -> ActionExecution {
    ActionExecution {
        id: ActionExecutionId(Uuid::from_u128(id)),
        execution,
        stage: "Build".into(),
        action: "Compile".into(),
        status: ActionStatus::InProgress,
        started: AT,
        updated: AT,
        json: "{}".into(),
    }
}

pub(crate) fn job(id: u128, payload: &str) -> NewJob {
    NewJob {
        id: JobId(Uuid::from_u128(id)),
        action_execution: ActionExecutionId(Uuid::from_u128(id)),
        attempt: 1,
        ready_at: AT,
        payload: payload.into(),
        lease: None,
    }
}

/// A lease whose token is `token` sixteen times.
pub(crate) fn lease(token: u8) -> Lease {
    Lease {
        token: LeaseToken([token; 16]),
        expires: Some(AT.plus_seconds(60)),
    }
}

pub(crate) fn leased(mut job: NewJob, token: u8) -> NewJob {
    job.lease = Some(lease(token));
    job
}
