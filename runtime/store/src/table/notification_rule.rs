//! `notification_rule`, and its consumers' rows of `event_cursor`.

use super::{execute, find, list as rows, parse, signed, unsigned};
use crate::notification::{NotificationRule, NotificationRuleState, Progress};
use lockgate_model::id::TenantId;
use lockgate_model::time::Timestamp;
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

const INSERT: &str = "INSERT INTO notification_rule \
    (tenant, name, id, created_at, updated_at, json, delivered, given_up) \
    VALUES ($1, $2, $3, $4, $5, $6, 0, 0) ON CONFLICT (tenant, name) DO NOTHING";
const UPDATE: &str = "UPDATE notification_rule SET updated_at = $1, json = $2 \
    WHERE tenant = $3 AND name = $4 AND id = $5";
const DELETE: &str = "DELETE FROM notification_rule WHERE tenant = $1 AND name = $2";
const ID: &str = "SELECT id FROM notification_rule WHERE tenant = $1 AND name = $2";
const LIST: &str = "SELECT tenant, name, id, created_at, updated_at, json, delivered, \
    delivered_at, given_up, error, error_at FROM notification_rule \
    WHERE ($1 IS NULL OR tenant = $1) ORDER BY tenant, name";
const NOTE: &str = "UPDATE notification_rule SET delivered = delivered + $1, \
    given_up = given_up + $2, delivered_at = CASE WHEN $1 > 0 THEN $3 ELSE delivered_at END \
    WHERE tenant = $4 AND id = $5";
const NOTE_ERROR: &str = "UPDATE notification_rule SET error = $1, error_at = $2 \
    WHERE tenant = $3 AND id = $4";
const SKIP_ALL: &str = "INSERT INTO event_cursor (tenant, pipeline, consumer, sequence) \
    SELECT tenant, name, $1, version FROM pipeline WHERE tenant = $2 \
    ON CONFLICT (tenant, pipeline, consumer) DO UPDATE SET sequence = excluded.sequence";
const SKIP: &str = "INSERT INTO event_cursor (tenant, pipeline, consumer, sequence) \
    SELECT tenant, name, $1, version FROM pipeline WHERE tenant = $2 AND name = $3 \
    ON CONFLICT (tenant, pipeline, consumer) DO UPDATE SET sequence = excluded.sequence";
const FORGET: &str = "DELETE FROM event_cursor WHERE tenant = $1 AND consumer = $2";
const SEEN: &str = "SELECT sequence FROM event_cursor \
    WHERE tenant = $1 AND pipeline = $2 AND consumer = $3";
// Only of the pipeline that was seen: a later one of its name begins anew.
const ADVANCE: &str = "INSERT INTO event_cursor (tenant, pipeline, consumer, sequence) \
    SELECT tenant, name, $1, $2 FROM pipeline WHERE tenant = $3 AND name = $4 \
    AND created_at = $5 AND deleting_at IS NULL \
    AND EXISTS (SELECT 1 FROM notification_rule r WHERE r.tenant = $3 AND r.id = $6) \
    ON CONFLICT (tenant, pipeline, consumer) DO UPDATE SET sequence = excluded.sequence \
    WHERE excluded.sequence > event_cursor.sequence";
const BEHIND: &str = "SELECT p.name FROM pipeline p LEFT JOIN event_cursor c \
    ON c.tenant = p.tenant AND c.pipeline = p.name AND c.consumer = $1 \
    WHERE p.tenant = $2 AND p.name > $3 AND p.version > coalesce(c.sequence, 0) \
    AND p.deleting_at IS NULL ORDER BY p.name LIMIT $4";

/// What a rule is called among the consumers of the outbox.
fn consumer(rule: Uuid) -> String {
    format!("notification {rule}")
}

/// Makes a rule that has seen to all there is; false where the name is taken.
pub(crate) fn insert(
    connection: &Connection,
    tenant: &TenantId,
    rule: &NotificationRule,
) -> rusqlite::Result<bool> {
    let (created, updated) = (rule.created.0, rule.updated.0);
    let made = execute(
        connection,
        INSERT,
        params![
            tenant.as_str(),
            rule.name,
            rule.id,
            created,
            updated,
            rule.json
        ],
    )?;
    if made > 0 {
        let consumer = consumer(rule.id);
        execute(connection, SKIP_ALL, params![consumer, tenant.as_str()])?;
    }
    Ok(made > 0)
}

/// Replaces a rule; false where there is none.
pub(crate) fn update(
    connection: &Connection,
    tenant: &TenantId,
    rule: &NotificationRule,
    anew: &[String],
) -> rusqlite::Result<bool> {
    let changed = execute(
        connection,
        UPDATE,
        params![
            rule.updated.0,
            rule.json,
            tenant.as_str(),
            rule.name,
            rule.id
        ],
    )?;
    if changed > 0 {
        let consumer = consumer(rule.id);
        for pipeline in anew {
            execute(
                connection,
                SKIP,
                params![consumer, tenant.as_str(), pipeline],
            )?;
        }
    }
    Ok(changed > 0)
}

/// Removes a rule with its cursors; false where there is none.
pub(crate) fn delete(
    connection: &Connection,
    tenant: &TenantId,
    name: &str,
) -> rusqlite::Result<bool> {
    let key = params![tenant.as_str(), name];
    let Some(id) = find(connection, ID, key, |row| row.get::<_, Uuid>(0))? else {
        return Ok(false);
    };
    execute(connection, DELETE, params![tenant.as_str(), name])?;
    execute(connection, FORGET, params![tenant.as_str(), consumer(id)])?;
    Ok(true)
}

/// Rules by tenant and name.
pub(crate) fn list(
    connection: &Connection,
    tenant: Option<&TenantId>,
) -> rusqlite::Result<Vec<NotificationRuleState>> {
    rows(
        connection,
        LIST,
        params![tenant.map(TenantId::as_str)],
        read,
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<NotificationRuleState> {
    Ok(NotificationRuleState {
        tenant: parse(0, row.get::<_, String>(0)?.parse())?,
        rule: NotificationRule {
            name: row.get(1)?,
            id: row.get(2)?,
            created: Timestamp(row.get(3)?),
            updated: Timestamp(row.get(4)?),
            json: row.get(5)?,
        },
        delivered: unsigned(row.get(6)?),
        delivered_at: row.get::<_, Option<i64>>(7)?.map(Timestamp),
        given_up: unsigned(row.get(8)?),
        error: row.get(9)?,
        error_at: row.get::<_, Option<i64>>(10)?.map(Timestamp),
    })
}

/// The pipelines that have events which a rule has not seen.
pub(crate) fn behind(
    connection: &Connection,
    tenant: &TenantId,
    rule: Uuid,
    after: &str,
    limit: u32,
) -> rusqlite::Result<Vec<String>> {
    let params = params![consumer(rule), tenant.as_str(), after, limit];
    rows(connection, BEHIND, params, |row| row.get(0))
}

/// The last event of a pipeline that a rule has noted; 0: none.
pub(crate) fn seen(
    connection: &Connection,
    tenant: &TenantId,
    rule: Uuid,
    pipeline: &str,
) -> rusqlite::Result<u64> {
    let key = params![tenant.as_str(), pipeline, consumer(rule)];
    let sequence = find(connection, SEEN, key, |row| row.get::<_, i64>(0))?;
    Ok(sequence.map_or(0, unsigned))
}

/// Notes what was seen to.
pub(crate) fn note(
    connection: &Connection,
    tenant: &TenantId,
    progress: &Progress,
) -> rusqlite::Result<()> {
    let Progress {
        rule,
        pipeline,
        seen,
        delivered,
        given_up,
        at,
    } = progress;
    execute(
        connection,
        ADVANCE,
        params![
            consumer(*rule),
            signed(seen.sequence),
            tenant.as_str(),
            pipeline,
            seen.created.0,
            rule
        ],
    )?;
    if *delivered > 0 || *given_up > 0 {
        execute(
            connection,
            NOTE,
            params![
                signed(*delivered),
                signed(*given_up),
                at.0,
                tenant.as_str(),
                rule
            ],
        )?;
    }
    Ok(())
}

/// Notes a failure.
pub(crate) fn note_error(
    connection: &Connection,
    tenant: &TenantId,
    rule: Uuid,
    error: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let params = params![error, at.0, tenant.as_str(), rule];
    execute(connection, NOTE_ERROR, params)?;
    Ok(())
}
