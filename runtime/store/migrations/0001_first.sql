-- The first schema. Tenant first in every key, UUIDs as 16 bytes, times as
-- milliseconds since the Unix epoch, JSON as text.

CREATE TABLE pipeline (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleting_at INTEGER,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

CREATE TABLE pipeline_version (
    tenant TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    version INTEGER NOT NULL,
    at INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, pipeline, version)
);

-- Apart from `pipeline`, whose row is written by every change.
CREATE TABLE snapshot (
    tenant TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    version INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, pipeline)
);

-- Outbox and history. `sequence` is the pipeline's version after the event.
CREATE TABLE event (
    tenant TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL,
    execution BLOB,
    stage TEXT,
    action TEXT,
    cause TEXT NOT NULL,
    at INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, pipeline, sequence)
) WITHOUT ROWID;

-- How far each consumer of the outbox has come.
CREATE TABLE event_cursor (
    tenant TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    consumer TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (tenant, pipeline, consumer)
) WITHOUT ROWID;

-- `first_event` to `last_event` bound its events, so that they need no index.
CREATE TABLE execution (
    tenant TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    id BLOB NOT NULL,
    status TEXT NOT NULL,
    definition_version INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, pipeline, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX execution_id ON execution (tenant, id);

CREATE TABLE stage_execution (
    tenant TEXT NOT NULL,
    execution BLOB NOT NULL,
    stage TEXT NOT NULL,
    position INTEGER NOT NULL,
    status TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, execution, stage)
) WITHOUT ROWID;

CREATE TABLE action_execution (
    tenant TEXT NOT NULL,
    execution BLOB NOT NULL,
    id BLOB NOT NULL,
    stage TEXT NOT NULL,
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, execution, id)
) WITHOUT ROWID;

-- Live jobs only: a job that is done has no row. One that is leased without an
-- end belongs to the process that made it, and is in no index: nobody else may
-- take it, and every commit would write them.
CREATE TABLE job (
    tenant TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    id BLOB NOT NULL,
    action_execution BLOB NOT NULL,
    attempt INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    lease BLOB,
    lease_expires_at INTEGER,
    payload TEXT NOT NULL,
    PRIMARY KEY (tenant, pipeline, id)
) WITHOUT ROWID;
CREATE INDEX job_ready ON job (ready_at) WHERE lease IS NULL;
CREATE INDEX job_expired ON job (lease_expires_at) WHERE lease_expires_at IS NOT NULL;

CREATE TABLE approval (
    tenant TEXT NOT NULL,
    execution BLOB NOT NULL,
    token BLOB NOT NULL,
    pipeline TEXT NOT NULL,
    action_execution BLOB NOT NULL,
    stage TEXT NOT NULL,
    action TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, execution, token)
) WITHOUT ROWID;
CREATE INDEX approval_open ON approval (tenant, opened_at) WHERE closed_at IS NULL;

CREATE TABLE artifact (
    tenant TEXT NOT NULL,
    execution BLOB NOT NULL,
    action_execution BLOB NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, execution, action_execution, name)
) WITHOUT ROWID;

CREATE TABLE log_chunk (
    tenant TEXT NOT NULL,
    action_execution BLOB NOT NULL,
    first_index INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, action_execution, first_index)
);

CREATE TABLE idempotency (
    tenant TEXT NOT NULL,
    token TEXT NOT NULL,
    at INTEGER NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (tenant, token)
) WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE source_cursor (
    tenant TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    source TEXT NOT NULL,
    cursor TEXT NOT NULL,
    PRIMARY KEY (tenant, pipeline, source)
) WITHOUT ROWID;

-- Found by id alone: that is how a stranger becomes a tenant's principal.
CREATE TABLE access_key (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    principal TEXT NOT NULL,
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE plugin (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL,
    manifest TEXT NOT NULL,
    action_types TEXT NOT NULL,
    installed_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
);

CREATE TABLE plugin_grant (
    tenant TEXT NOT NULL,
    plugin TEXT NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, plugin)
);
