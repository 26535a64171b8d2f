//! From a decision to one change on disk: events, rows, jobs. Pure but for the
//! lease tokens; the owner calls it.

use crate::history::{ActionDetail, ApprovalDetail, ExecutionDetail, RuleDetail, StageDetail};
use lockgate_execution::{Effect, PipelineState, Recorded, changes};
use lockgate_model::action_type::Catalogue;
use lockgate_model::id::JobId;
use lockgate_model::time::Timestamp;
use lockgate_store::{
    ActionExecution, Approval, ArtifactRecord, Change, Event, Execution, Lease, LeaseToken,
    NewDefinition, NewJob, RuleExecution, StageExecution, StoredEvent,
};
use std::sync::Arc;

/// A change, and the leases in it: they count once it is on disk.
pub(crate) struct Leased {
    pub(crate) change: Change,
    pub(crate) tokens: Vec<(JobId, LeaseToken)>,
}

/// Everything that these events put on disk. `effects` are what they newly owe;
/// the jobs among them are leased to this process at once.
pub(crate) fn change_of(
    after: &PipelineState,
    expected_version: u64,
    at: Timestamp,
    events: &[Recorded],
    effects: &[Effect],
    catalogue: &Catalogue,
) -> Leased {
    let mut tokens = vec![];
    let mut change = Change::new(after.tenant().clone(), after.name(), at, expected_version);
    change.events = events.iter().map(stored).collect();
    let changed = changes(after, events);
    if changed.pipeline
        && let Some(definition) = after.definition()
    {
        change.definition = Some(NewDefinition {
            version: definition.version,
            json: json(definition.as_ref()),
        });
    }
    change.executions = changed
        .executions
        .iter()
        .map(|view| Execution {
            id: view.id,
            status: view.status,
            definition_version: view.version,
            started: view.started,
            updated: view.updated,
            json: json(&ExecutionDetail::from(view)),
        })
        .collect();
    let position = |execution, stage: &str| {
        after
            .execution(execution)
            .and_then(|execution| after.definition_of(execution))
            .and_then(|definition| definition.stage(stage))
            .map_or(0, |(position, _)| {
                u32::try_from(position).unwrap_or(u32::MAX)
            })
    };
    change.stages = changed
        .stages
        .iter()
        .map(|view| StageExecution {
            execution: view.execution,
            stage: view.stage.clone(),
            position: position(view.execution, &view.stage),
            status: view.status,
            updated: view.updated,
            json: json(&StageDetail::from(view)),
        })
        .collect();
    change.actions = changed
        .actions
        .iter()
        .map(|view| ActionExecution {
            id: view.id,
            execution: view.execution,
            stage: view.stage.clone(),
            action: view.action.clone(),
            status: view.status,
            started: view.started,
            updated: view.updated,
            json: json(&ActionDetail::of(view, catalogue)),
        })
        .collect();
    change.rules = changed
        .rules
        .iter()
        .map(|view| RuleExecution {
            id: view.id,
            execution: view.execution,
            stage: view.stage.clone(),
            condition: view.condition,
            rule: view.rule.clone(),
            status: view.status,
            started: view.started,
            updated: view.updated,
            json: json(&RuleDetail::of(view, catalogue)),
        })
        .collect();
    change.artifacts = changed
        .actions
        .iter()
        .flat_map(|view| view.artifacts.iter().map(move |artifact| (view, artifact)))
        .map(|(view, artifact)| ArtifactRecord {
            execution: view.execution,
            action_execution: view.id,
            name: artifact.name.clone(),
            digest: artifact.digest,
            json: json(artifact.as_ref()),
        })
        .collect();
    change.approvals = changed
        .approvals
        .iter()
        .map(|view| Approval {
            token: view.token,
            pipeline: after.name().to_owned(),
            execution: view.execution,
            action_execution: view.id,
            stage: view.stage.clone(),
            action: view.action.clone(),
            opened: view.requested,
            closed: (view.status != lockgate_execution::ApprovalStatus::Open).then_some(at),
            json: json(&ApprovalDetail::from(view)),
        })
        .collect();
    for effect in effects {
        match effect {
            Effect::Dispatch { job, not_before } => {
                let lease = own_lease();
                tokens.push((job.id, lease.token));
                change.new_jobs.push(NewJob {
                    id: job.id,
                    action_execution: job.action_execution,
                    attempt: job.attempt,
                    ready_at: *not_before,
                    payload: json(job.as_ref()),
                    lease: Some(lease),
                });
            }
            Effect::Cancel(job) => change.cancelled_jobs.push(*job),
            Effect::AnnounceApproval(_) | Effect::WakeAt(_) => {}
        }
    }
    Leased { change, tokens }
}

/// A fresh lease, for as long as this process has the store: a later one leases
/// again what it finds.
pub(crate) fn own_lease() -> Lease {
    Lease {
        token: LeaseToken::random(),
        expires: None,
    }
}

/// A state as its snapshot.
pub(crate) fn snapshot_of(state: &PipelineState) -> String {
    json(state)
}

fn stored(recorded: &Recorded) -> Event {
    Event {
        kind: recorded.event.name().to_owned(),
        execution: recorded.event.execution(),
        stage: recorded.event.stage().map(str::to_owned),
        action: recorded.event.action().map(str::to_owned),
        cause: json(recorded.cause.as_ref()),
        at: recorded.at,
        json: json(&recorded.event),
    }
}

/// An event as the core recorded it.
pub(crate) fn recorded(stored: &StoredEvent) -> Result<Recorded, serde_json::Error> {
    Ok(Recorded {
        at: stored.event.at,
        cause: Arc::new(serde_json::from_str(&stored.event.cause)?),
        event: serde_json::from_str(&stored.event.json)?,
    })
}

fn json(value: &impl serde::Serialize) -> String {
    #[expect(
        clippy::expect_used,
        reason = "our own types have text keys and no failing serialisation"
    )]
    serde_json::to_string(value).expect("our own values can be written as JSON")
}
