ALTER TABLE budgets ADD COLUMN "window" TEXT;
ALTER TABLE budgets RENAME COLUMN day TO since;
UPDATE budgets SET "window" = 'day', since = since * 86400 WHERE daily;
ALTER TABLE budgets DROP COLUMN daily;

CREATE TABLE holds (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    amounts TEXT NOT NULL,
    budgets TEXT NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (owner, key)
) WITHOUT ROWID;
CREATE INDEX holds_by_time ON holds (until);
