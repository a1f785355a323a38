CREATE TABLE goals (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    "user" TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX goals_by_age ON goals (is_open, created_at);

CREATE TABLE goal_wakes (
    goal TEXT NOT NULL,
    at REAL,
    agent TEXT,
    run TEXT,
    statuses TEXT NOT NULL
);
CREATE INDEX goal_wakes_by_goal ON goal_wakes (goal);
CREATE INDEX goal_wakes_by_time ON goal_wakes (at) WHERE run IS NULL;
CREATE INDEX goal_wakes_by_run ON goal_wakes (run) WHERE run IS NOT NULL;
