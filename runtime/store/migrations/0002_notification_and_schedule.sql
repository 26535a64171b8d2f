-- Who is told of events, and what starts by the clock. `id` tells a rule or a
-- schedule from a later one of the same name.

CREATE TABLE notification_rule (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    json TEXT NOT NULL,
    delivered INTEGER NOT NULL,
    delivered_at INTEGER,
    given_up INTEGER NOT NULL,
    error TEXT,
    error_at INTEGER,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;

-- `next_due` is null where nothing is due: switched off, or never again.
CREATE TABLE schedule (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    id BLOB NOT NULL,
    pipeline TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    json TEXT NOT NULL,
    next_due INTEGER,
    last_due INTEGER,
    last_execution BLOB,
    error TEXT,
    PRIMARY KEY (tenant, name)
) WITHOUT ROWID;
CREATE INDEX schedule_due ON schedule (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX schedule_pipeline ON schedule (tenant, pipeline);
