CREATE TABLE memory_vectors (
    number INTEGER NOT NULL,
    embedder TEXT NOT NULL,
    vector BLOB NOT NULL,
    UNIQUE (number, embedder)
);

CREATE TRIGGER memory_vectors_removed AFTER DELETE ON memory_notes BEGIN
    DELETE FROM memory_vectors WHERE number = old.number;
END;
