CREATE TABLE mainspring.runs (
    id text COLLATE "C" PRIMARY KEY,
    agent text NOT NULL,
    status text NOT NULL,
    n_events bigint NOT NULL,
    created_at double precision NOT NULL,
    updated_at double precision NOT NULL,
    parent text,
    priority integer NOT NULL DEFAULT 0,
    due_at double precision,
    driver text,
    lease_until double precision,
    woken boolean NOT NULL DEFAULT false,
    budgets jsonb NOT NULL DEFAULT '[]'
) WITH (fillfactor = 70);
CREATE INDEX runs_by_status ON mainspring.runs (status, priority DESC, created_at);
CREATE INDEX runs_by_age ON mainspring.runs (created_at, id);
CREATE INDEX runs_by_driver ON mainspring.runs (driver) WHERE driver IS NOT NULL;
CREATE INDEX runs_by_parent ON mainspring.runs (parent) WHERE parent IS NOT NULL;

CREATE TABLE mainspring.events (
    run text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at double precision NOT NULL,
    type text NOT NULL,
    body text NOT NULL,
    refs text,
    PRIMARY KEY (run, seq)
);
CREATE INDEX events_asked ON mainspring.events (run, seq) WHERE type IN ('human_asked', 'human_answered');

CREATE TABLE mainspring.contents (
    digest text COLLATE "C" PRIMARY KEY,
    body bytea NOT NULL
);
ALTER TABLE mainspring.contents ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE mainspring.budgets (
    id text COLLATE "C" PRIMARY KEY,
    limits text NOT NULL,
    spent text NOT NULL DEFAULT '{}',
    reserved text NOT NULL DEFAULT '{}',
    daily boolean NOT NULL DEFAULT false,
    day integer NOT NULL DEFAULT 0
) WITH (fillfactor = 70);

CREATE TABLE mainspring.reservations (
    run text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    amounts text NOT NULL,
    PRIMARY KEY (run, key)
);

CREATE TABLE mainspring.responses (
    digest text COLLATE "C" PRIMARY KEY,
    reply bytea NOT NULL,
    at double precision NOT NULL
);
