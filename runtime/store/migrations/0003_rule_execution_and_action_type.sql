-- The rules of conditions, judged in executions, and the action types that a
-- tenant made for its own job workers.

CREATE TABLE rule_execution (
    tenant TEXT NOT NULL,
    execution BLOB NOT NULL,
    id BLOB NOT NULL,
    stage TEXT NOT NULL,
    condition TEXT NOT NULL,
    rule TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, execution, id)
) WITHOUT ROWID;

CREATE TABLE action_type (
    tenant TEXT NOT NULL,
    category TEXT NOT NULL,
    provider TEXT NOT NULL,
    version TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    json TEXT NOT NULL,
    PRIMARY KEY (tenant, category, provider, version)
) WITHOUT ROWID;

-- Definitions change rarely: who made a version is found without reading every
-- event.
CREATE INDEX event_definition ON event (tenant, pipeline, at)
    WHERE kind IN ('PipelineCreated', 'PipelineUpdated');
