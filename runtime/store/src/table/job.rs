//! `job`: live jobs and their leases. A job that is done has no row, so that
//! the table stays small and a late answer finds nothing.

use super::{execute, find, list, parse};
use crate::change::Change;
use crate::error::StoreError;
use crate::fault::Fault;
use crate::lease::{Claim, ClaimedJob, Lease, LeaseToken};
use crate::record::Job;
use lockgate_model::id::{ActionExecutionId, JobId, TenantId};
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, Row, params};

const FINISH: &str = "DELETE FROM job \
    WHERE tenant = $1 AND pipeline = $2 AND id = $3 AND lease = $4";
const CANCEL: &str = "DELETE FROM job WHERE tenant = $1 AND pipeline = $2 AND id = $3";
const INSERT: &str = "INSERT INTO job (tenant, id, pipeline, action_execution, attempt, \
    deliveries, ready_at, lease, lease_expires_at, payload) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const LEASE: &str = "UPDATE job SET lease = $1, lease_expires_at = $2, \
    deliveries = deliveries + 1 WHERE tenant = $3 AND pipeline = $4 AND id = $5";
const HEARTBEAT: &str = "UPDATE job SET lease_expires_at = $1 \
    WHERE tenant = $2 AND pipeline = $3 AND id = $4 AND lease = $5";
const RELEASE: &str = "UPDATE job SET lease = NULL, lease_expires_at = NULL, ready_at = $1 \
    WHERE tenant = $2 AND pipeline = $3 AND id = $4";
const OF_PIPELINE: &str = "SELECT tenant, pipeline, id, action_execution, attempt, deliveries, \
    ready_at, lease, lease_expires_at, payload FROM job WHERE tenant = $1 AND pipeline = $2 \
    ORDER BY ready_at, id";
const FIND: &str = "SELECT tenant, pipeline, id, action_execution, attempt, deliveries, \
    ready_at, lease, lease_expires_at, payload FROM job \
    WHERE tenant = $1 AND pipeline = $2 AND id = $3";
const EXPIRED: &str = "SELECT tenant, pipeline, id, action_execution, attempt, deliveries, \
    ready_at, lease, lease_expires_at, payload FROM job \
    WHERE lease_expires_at IS NOT NULL AND lease_expires_at <= $1 AND deliveries < $2 \
    AND ($3 = '' OR tenant = $3) ORDER BY lease_expires_at LIMIT $4";
const READY: &str = "SELECT tenant, pipeline, id, action_execution, attempt, deliveries, \
    ready_at, lease, lease_expires_at, payload FROM job \
    WHERE lease IS NULL AND ready_at <= $1 AND deliveries < $2 \
    AND ($3 = '' OR tenant = $3) ORDER BY ready_at LIMIT $4";
const DELETE: &str = "DELETE FROM job WHERE tenant = $1 AND pipeline = $2";

/// Ends, cancels, leases and makes the change's jobs.
pub(crate) fn apply(connection: &Connection, change: &Change) -> Result<(), Fault> {
    let (tenant, pipeline) = (change.tenant.as_str(), change.pipeline.as_str());
    for job in &change.finished_jobs {
        let params = params![tenant, pipeline, job.id.0, job.token.0];
        let rows = execute(connection, FINISH, params)?;
        if rows == 0 {
            return Err(StoreError::Stale { job: job.id }.into());
        }
    }
    for id in &change.cancelled_jobs {
        execute(connection, CANCEL, params![tenant, pipeline, id.0])?;
    }
    for job in &change.leased_jobs {
        lease(connection, &change.tenant, pipeline, job.id, job.lease)?;
    }
    for job in &change.new_jobs {
        execute(
            connection,
            INSERT,
            params![
                tenant,
                job.id.0,
                change.pipeline,
                job.action_execution.0,
                job.attempt,
                u32::from(job.lease.is_some()),
                job.ready_at.0,
                job.lease.map(|lease| lease.token.0),
                job.lease.and_then(|lease| lease.expires).map(|time| time.0),
                job.payload
            ],
        )?;
    }
    Ok(())
}

fn lease(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    id: JobId,
    lease: Lease,
) -> Result<(), Fault> {
    let expires = lease.expires.map(|time| time.0);
    let params = params![lease.token.0, expires, tenant.as_str(), pipeline, id.0];
    let rows = execute(connection, LEASE, params)?;
    if rows == 0 {
        return Err(StoreError::Stale { job: id }.into());
    }
    Ok(())
}

/// Leases jobs: those with expired leases first, then the ones that are ready.
pub(crate) fn claim(connection: &Connection, claim: &Claim) -> Result<Vec<ClaimedJob>, Fault> {
    let tenant = claim.tenant.as_ref().map_or("", TenantId::as_str);
    let mut found: Vec<Job> = Vec::new();
    for sql in [EXPIRED, READY] {
        let room = claim
            .limit
            .saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        if room > 0 {
            let params = params![claim.at.0, claim.deliveries_below, tenant, room];
            found.extend(list(connection, sql, params, read)?);
        }
    }
    found
        .into_iter()
        .map(|mut job| {
            let fresh = Lease {
                token: LeaseToken::random(),
                expires: Some(claim.expires),
            };
            lease(connection, &job.tenant, &job.pipeline, job.id, fresh)?;
            job.lease = Some(fresh);
            job.deliveries = job.deliveries.saturating_add(1);
            Ok(ClaimedJob { job, lease: fresh })
        })
        .collect()
}

/// Prolongs a lease.
pub(crate) fn heartbeat(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    id: JobId,
    token: LeaseToken,
    expires: Timestamp,
) -> Result<(), Fault> {
    let params = params![expires.0, tenant.as_str(), pipeline, id.0, token.0];
    let rows = execute(connection, HEARTBEAT, params)?;
    if rows == 0 {
        return Err(StoreError::Stale { job: id }.into());
    }
    Ok(())
}

/// Takes back leases that expired; the jobs are ready again.
pub(crate) fn reap(connection: &Connection, at: Timestamp, limit: u32) -> Result<Vec<Job>, Fault> {
    let mut expired = list(
        connection,
        EXPIRED,
        params![at.0, u32::MAX, "", limit],
        read,
    )?;
    for job in &mut expired {
        execute(
            connection,
            RELEASE,
            params![at.0, job.tenant.as_str(), job.pipeline, job.id.0],
        )?;
        job.lease = None;
        job.ready_at = at;
    }
    Ok(expired)
}

/// The job of this id, while it lives.
pub(crate) fn get(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
    id: JobId,
) -> rusqlite::Result<Option<Job>> {
    let params = params![tenant.as_str(), pipeline, id.0];
    find(connection, FIND, params, read)
}

/// A pipeline's jobs.
pub(crate) fn of_pipeline(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
) -> rusqlite::Result<Vec<Job>> {
    list(
        connection,
        OF_PIPELINE,
        params![tenant.as_str(), pipeline],
        read,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<Job> {
    let token: Option<[u8; 16]> = row.get(7)?;
    let expires: Option<i64> = row.get(8)?;
    Ok(Job {
        tenant: parse(0, row.get::<_, String>(0)?.parse())?,
        pipeline: row.get(1)?,
        id: JobId(row.get(2)?),
        action_execution: ActionExecutionId(row.get(3)?),
        attempt: row.get(4)?,
        deliveries: row.get(5)?,
        ready_at: Timestamp(row.get(6)?),
        lease: token.map(|token| Lease {
            token: LeaseToken(token),
            expires: expires.map(Timestamp),
        }),
        payload: row.get(9)?,
    })
}

/// Cancels them all.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    pipeline: &str,
) -> rusqlite::Result<()> {
    execute(connection, DELETE, params![tenant.as_str(), pipeline])?;
    Ok(())
}
