CREATE TABLE mainspring.memory_vectors (
    number bigint NOT NULL REFERENCES mainspring.memory_notes ON DELETE CASCADE,
    embedder text COLLATE "C" NOT NULL,
    vector bytea NOT NULL,
    PRIMARY KEY (number, embedder)
);
ALTER TABLE mainspring.memory_vectors ALTER COLUMN vector SET STORAGE EXTERNAL;
