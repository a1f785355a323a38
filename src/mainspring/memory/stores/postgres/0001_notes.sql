CREATE TEXT SEARCH DICTIONARY mainspring.memory_stems (TEMPLATE = snowball, LANGUAGE = english);
CREATE TEXT SEARCH CONFIGURATION mainspring.memory_words (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION mainspring.memory_words
    ALTER MAPPING REPLACE english_stem WITH mainspring.memory_stems;

CREATE TABLE mainspring.memory_notes (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    scope text COLLATE "C" NOT NULL,
    same text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    pinned boolean NOT NULL,
    updated_at double precision NOT NULL,
    expires_at double precision,
    n_uses bigint NOT NULL DEFAULT 0,
    words tsvector NOT NULL,
    body text NOT NULL,
    UNIQUE (scope, same)
) WITH (fillfactor = 80);
CREATE INDEX memory_notes_by_age ON mainspring.memory_notes (scope, updated_at DESC);
CREATE INDEX memory_notes_by_words ON mainspring.memory_notes USING gin (words) WITH (fastupdate = off);
CREATE INDEX memory_notes_expiring ON mainspring.memory_notes (expires_at) WHERE expires_at IS NOT NULL;
