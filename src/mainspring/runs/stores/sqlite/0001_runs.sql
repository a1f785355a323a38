CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    agent TEXT NOT NULL,
    status TEXT NOT NULL,
    n_events INTEGER NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    parent TEXT,
    priority INTEGER NOT NULL DEFAULT 0,
    due_at REAL,
    driver TEXT,
    lease_until REAL,
    woken INTEGER NOT NULL DEFAULT 0,
    budgets TEXT NOT NULL DEFAULT '[]'
) WITHOUT ROWID;
CREATE INDEX runs_by_status ON runs (status, priority DESC, created_at);
CREATE INDEX runs_by_age ON runs (created_at);
CREATE INDEX runs_by_driver ON runs (driver) WHERE driver IS NOT NULL;
CREATE INDEX runs_by_parent ON runs (parent) WHERE parent IS NOT NULL;

CREATE TABLE events (
    run TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at REAL NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    refs TEXT,
    PRIMARY KEY (run, seq)
);
CREATE INDEX events_asked ON events (run, seq) WHERE type IN ('human_asked', 'human_answered');

CREATE TABLE contents (
    digest TEXT PRIMARY KEY,
    body BLOB NOT NULL
);

CREATE TABLE budgets (
    id TEXT PRIMARY KEY,
    limits TEXT NOT NULL,
    spent TEXT NOT NULL DEFAULT '{}',
    reserved TEXT NOT NULL DEFAULT '{}',
    daily INTEGER NOT NULL DEFAULT 0,
    day INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE reservations (
    run TEXT NOT NULL,
    key TEXT NOT NULL,
    amounts TEXT NOT NULL,
    PRIMARY KEY (run, key)
) WITHOUT ROWID;

CREATE TABLE responses (
    digest TEXT PRIMARY KEY,
    reply BLOB NOT NULL,
    at REAL NOT NULL
);
