CREATE TABLE mainspring.goals (
    id text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL,
    "user" text NOT NULL,
    is_open boolean NOT NULL,
    created_at double precision NOT NULL,
    updated_at double precision NOT NULL,
    body text NOT NULL
);
CREATE INDEX goals_by_age ON mainspring.goals (is_open, created_at);

CREATE TABLE mainspring.goal_wakes (
    goal text COLLATE "C" NOT NULL,
    at double precision,
    agent text,
    run text COLLATE "C",
    statuses text[] NOT NULL
);
CREATE INDEX goal_wakes_by_goal ON mainspring.goal_wakes (goal);
CREATE INDEX goal_wakes_by_time ON mainspring.goal_wakes (at) WHERE run IS NULL;
CREATE INDEX goal_wakes_by_run ON mainspring.goal_wakes (run) WHERE run IS NOT NULL;
