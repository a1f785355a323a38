ALTER TABLE mainspring.budgets ADD COLUMN "window" text;
ALTER TABLE mainspring.budgets RENAME COLUMN day TO since;
ALTER TABLE mainspring.budgets ALTER COLUMN since TYPE bigint;
UPDATE mainspring.budgets SET "window" = 'day', since = since * 86400 WHERE daily;
ALTER TABLE mainspring.budgets DROP COLUMN daily;

CREATE TABLE mainspring.holds (
    owner text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    amounts text NOT NULL,
    budgets jsonb NOT NULL,
    until double precision NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX holds_by_time ON mainspring.holds (until);
