CREATE TABLE memory_notes (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL,
    same TEXT NOT NULL,
    kind TEXT NOT NULL,
    pinned INTEGER NOT NULL,
    updated_at REAL NOT NULL,
    expires_at REAL,
    n_uses INTEGER NOT NULL DEFAULT 0,
    words TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (scope, same)
);
CREATE INDEX memory_notes_by_age ON memory_notes (scope, updated_at DESC);
CREATE INDEX memory_notes_expiring ON memory_notes (expires_at) WHERE expires_at IS NOT NULL;

CREATE VIRTUAL TABLE memory_words USING fts5 (
    scope, words, content = 'memory_notes', content_rowid = 'number',
    tokenize = 'porter unicode61 remove_diacritics 0'
);

CREATE TRIGGER memory_notes_added AFTER INSERT ON memory_notes BEGIN
    INSERT INTO memory_words (rowid, scope, words) VALUES (new.number, new.scope, new.words);
END;

CREATE TRIGGER memory_notes_removed AFTER DELETE ON memory_notes BEGIN
    INSERT INTO memory_words (memory_words, rowid, scope, words)
    VALUES ('delete', old.number, old.scope, old.words);
END;
