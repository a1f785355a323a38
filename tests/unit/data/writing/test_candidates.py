"""`candidates.jsonl`: written whole, read as a stream."""

from pathlib import Path

import pytest

from mainspring.core.errors import ConfigError
from mainspring.data.writing import CandidateWriter, read_candidates
from mainspring.data.writing.folder import CANDIDATES
from tests.unit.data.writing.folders import candidate, conversation, document

PUMP = document()


def test_what_was_written_is_read_again_in_its_order(tmp_path: Path) -> None:
    given = [candidate(PUMP), candidate(PUMP, "Why?", objections=["numbers", "names"]), conversation(PUMP)]

    with CandidateWriter(tmp_path / "new") as writer:
        for one in given:
            writer.add(one)

    assert writer.n_written == 3
    assert list(read_candidates(tmp_path / "new")) == given


def test_candidates_whose_writing_fails_leave_the_earlier_ones(tmp_path: Path) -> None:
    def rewritten() -> None:
        with CandidateWriter(tmp_path) as writer:
            writer.add(candidate(PUMP, "Another?"))
            raise RuntimeError("the team went home")

    with CandidateWriter(tmp_path) as writer:
        writer.add(candidate(PUMP))

    with pytest.raises(RuntimeError, match="the team went home"):
        rewritten()

    assert [one.example.question for one in read_candidates(tmp_path)] == ["How much does the pump hold?"]
    assert [path.name for path in tmp_path.iterdir()] == [CANDIDATES]


def test_reading_gives_what_stands_before_a_broken_line_and_then_names_it(tmp_path: Path) -> None:
    with CandidateWriter(tmp_path) as writer:
        writer.add(candidate(PUMP))
    with (tmp_path / CANDIDATES).open("a") as file:
        file.write("no JSON\n")
    read = read_candidates(tmp_path)

    assert next(read) == candidate(PUMP)
    with pytest.raises(ConfigError, match="line 2 is no Candidate: Invalid JSON"):
        next(read)


def test_a_folder_without_candidates_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        next(read_candidates(tmp_path))
