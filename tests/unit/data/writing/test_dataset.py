"""`write_dataset`: shards, provenance and the rest, derived from the candidates of a folder."""

import json
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from mainspring.core.errors import ConfigError
from mainspring.data import Candidate
from mainspring.data.writing import Decision, read_dataset, write_dataset
from mainspring.data.writing.folder import CANDIDATES
from tests.unit.data.writing.folders import MODELS, PROMPTS, candidate, conversation, document, lines, write_folder

PUMP = document()
TAPS = document("taps.md", "Taps drip. The pump holds 40 litres.")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def questions(folder: Path) -> list[str]:
    return [row["question"] for row in lines(folder / "provenance.jsonl")]


def many(n: int) -> list[Candidate]:
    return [candidate(PUMP, f"Question {place}?", f"Answer {place}.") for place in range(n)]


def test_accepted_examples_become_rows_of_their_documents_split_and_refused_ones_do_not(tmp_path: Path) -> None:
    given = [candidate(PUMP), candidate(PUMP, "Why?", objections=["numbers"]), candidate(TAPS, "Do taps drip?")]
    write_folder(tmp_path, given, [(PUMP, "train"), (TAPS, "validation")])

    written = write_dataset(tmp_path)

    assert lines(tmp_path / "train-00000.jsonl") == [
        {
            "messages": [
                {"role": "user", "content": "How much does the pump hold?"},
                {"role": "assistant", "content": "It holds 40 litres."},
            ]
        }
    ]
    assert [row["messages"][0]["content"] for row in lines(tmp_path / "validation-00000.jsonl")] == [
        "Do taps drip?"
    ]
    assert written.n_rows == {"train": 1, "validation": 1}
    assert read_dataset(tmp_path) == written


def test_provenance_follows_the_shards_and_says_where_each_row_comes_from(tmp_path: Path) -> None:
    given = [candidate(TAPS, "Do taps drip?"), candidate(PUMP, "One?"), candidate(PUMP, "Two?")]
    write_folder(tmp_path, given, [(PUMP, "train"), (TAPS, "validation")])

    write_dataset(tmp_path, shard_rows=1)

    rows = lines(tmp_path / "provenance.jsonl")
    assert [row["row"] for row in rows] == [
        "train-00000.jsonl:1",
        "train-00001.jsonl:1",
        "validation-00000.jsonl:1",
    ]
    assert [row["question"] for row in rows] == ["One?", "Two?", "Do taps drip?"]
    first = rows[0]
    assert (first["document"], first["document_name"], first["run"]) == (PUMP.id, "pump.md", "run_1")
    assert (first["prompts"], first["models"]) == (PROMPTS, MODELS)
    assert first["spans"][0]["quote"] == "The pump holds 40 litres."


def test_a_person_drops_keeps_and_edits_against_the_checks(tmp_path: Path) -> None:
    good, bad, worded = candidate(PUMP), candidate(PUMP, "Why?", objections=["names"]), candidate(PUMP, "So?")
    decisions = [
        Decision(id=good.example.id, action="drop"),
        Decision(id=bad.example.id, action="keep"),
        Decision(id=worded.example.id, action="edit", question="How much?", answer="Forty litres."),
    ]
    write_folder(tmp_path, [good, bad, worded], [(PUMP, "train")], decisions)

    write_dataset(tmp_path)

    kept, edited = lines(tmp_path / "provenance.jsonl")
    assert (kept["question"], kept["kept"], kept["edited"]) == ("Why?", True, False)
    assert (edited["id"], edited["edited"], edited["kept"]) == (worded.example.id, True, False)
    assert edited["spans"] == [span.model_dump() for span in worded.example.spans]
    said = lines(tmp_path / "train-00000.jsonl")[1]["messages"]
    assert [message["content"] for message in said] == ["How much?", "Forty litres."]


def test_the_last_decision_on_an_example_counts(tmp_path: Path) -> None:
    one = candidate(PUMP)
    decisions = [Decision(id=one.example.id, action="drop"), Decision(id=one.example.id, action="keep")]
    write_folder(tmp_path, [one], [(PUMP, "train")], decisions)

    assert write_dataset(tmp_path).n_rows["train"] == 1


def test_a_decision_that_was_cut_off_while_it_was_written_is_as_if_it_had_not_been(tmp_path: Path) -> None:
    one = candidate(PUMP)
    write_folder(tmp_path, [one], [(PUMP, "train")])
    (tmp_path / "decisions.jsonl").write_text(f'{{"id": "{one.example.id}", "action": "dr')

    assert write_dataset(tmp_path).n_rows["train"] == 1


def test_an_example_that_was_made_twice_and_is_kept_by_a_person_is_one_row(tmp_path: Path) -> None:
    twice = [candidate(PUMP), candidate(PUMP, objections=["duplicate"])]
    write_folder(tmp_path, twice, [(PUMP, "train")], [Decision(id=twice[0].example.id, action="keep")])

    assert write_dataset(tmp_path).n_rows["train"] == 1


def test_an_edited_conversation_keeps_its_calls_and_ends_with_the_persons_words(tmp_path: Path) -> None:
    said = conversation(PUMP)
    edit = Decision(id=said.example.id, action="edit", answer="There are three.")
    write_folder(tmp_path, [said], [(PUMP, "train")], [edit])

    write_dataset(tmp_path, format="tools")

    (row,) = lines(tmp_path / "train-00000.jsonl")
    assert row["messages"][-1] == {"role": "assistant", "content": "There are three."}
    assert row["messages"][:3] == list(said.messages[:3])


def test_shards_of_a_longer_earlier_dataset_are_removed(tmp_path: Path) -> None:
    write_folder(tmp_path, many(5), [(PUMP, "train")])
    write_dataset(tmp_path, shard_rows=2)
    assert (tmp_path / "train-00002.jsonl").exists()

    write_folder(tmp_path, many(3), [(PUMP, "train")])
    write_dataset(tmp_path)

    assert sorted(path.name for path in tmp_path.glob("train-*")) == ["train-00000.jsonl", "train-00001.jsonl"]
    assert len(lines(tmp_path / "train-00001.jsonl")) == 1


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    given = [*many(5), candidate(TAPS), conversation(PUMP)]
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        write_folder(folder, given, [(PUMP, "train"), (TAPS, "validation")])
        write_dataset(folder, shard_rows=2)
    before = contents(folders[0])

    write_dataset(folders[0])

    assert contents(folders[0]) == before == contents(folders[1])


def test_how_long_a_build_took_changes_nothing_of_what_is_written(tmp_path: Path) -> None:
    write_folder(tmp_path, many(2), [(PUMP, "train")])
    (tmp_path / "report.json").write_text('{"usage": {"input_tokens": 7}, "seconds": 3.2}')
    write_dataset(tmp_path)
    before = contents(tmp_path)

    (tmp_path / "report.json").write_text('{"usage": {"input_tokens": 7}, "seconds": 4.5, "now": {}}')
    write_dataset(tmp_path)

    assert {**contents(tmp_path), "report.json": b""} == {**before, "report.json": b""}


def test_written_again_without_saying_how_a_dataset_keeps_its_form(tmp_path: Path) -> None:
    write_folder(tmp_path, many(3), [(PUMP, "train")])
    write_dataset(tmp_path, format="sharegpt", shard_rows=2, system="Be brief.")
    before = contents(tmp_path)

    written = write_dataset(tmp_path)

    assert (written.format, written.shard_rows, written.system) == ("sharegpt", 2, "Be brief.")
    assert contents(tmp_path) == before


def test_a_broken_candidate_is_named_by_file_and_line_and_leaves_the_earlier_dataset_whole(tmp_path: Path) -> None:
    write_folder(tmp_path, many(3), [(PUMP, "train")])
    write_dataset(tmp_path)
    with (tmp_path / CANDIDATES).open("a") as file:
        file.write('{"example": {}}\n')
    before = contents(tmp_path)

    with pytest.raises(ConfigError, match=r"'candidates\.jsonl', line 4 is no Candidate"):
        write_dataset(tmp_path)

    assert contents(tmp_path) == before
    assert not (tmp_path / ".writing").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX resource limits")
def test_a_full_disk_leaves_the_earlier_dataset_whole_and_the_same_command_goes_on(tmp_path: Path) -> None:
    write_folder(tmp_path, many(3), [(PUMP, "train")])
    write_dataset(tmp_path)
    write_folder(tmp_path, many(200), [(PUMP, "train")])
    before = contents(tmp_path)
    script = dedent("""
        import resource, sys
        from pathlib import Path
        from mainspring.core.errors import ConfigError
        from mainspring.data.writing import write_dataset
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
        try:
            write_dataset(Path(sys.argv[1]))
        except ConfigError as error:
            sys.exit(f"refused: {error}")
    """)

    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert "could not be written: File too large" in ended.stderr
    assert contents(tmp_path) == before
    assert write_dataset(tmp_path).n_rows["train"] == 200


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("n_renamed", [0, 3])
def test_a_writing_that_is_killed_while_its_files_take_their_place_is_mended_by_writing_again(
    tmp_path: Path, n_renamed: int
) -> None:
    whole = write_folder(tmp_path / "whole", many(3), [(PUMP, "train")])
    write_dataset(whole, shard_rows=1)
    folder = write_folder(tmp_path / "killed", many(2), [(PUMP, "train")])
    write_dataset(folder, shard_rows=1)
    write_folder(folder, many(3), [(PUMP, "train")])
    before = contents(folder)
    script = dedent("""
        import os, signal, sys
        from pathlib import Path
        from mainspring.data.writing import write_dataset
        left, rename = int(sys.argv[2]), Path.replace
        def renamed(path, target):
            global left
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            return rename(path, target)
        Path.replace = renamed
        write_dataset(Path(sys.argv[1]))
    """)

    ended = subprocess.run([sys.executable, "-c", script, str(folder), str(n_renamed)], check=False)

    assert ended.returncode == -signal.SIGKILL
    assert (contents(folder) == before) == (n_renamed == 0)
    write_dataset(folder)
    assert contents(folder) == contents(whole)


def test_what_a_killed_writing_left_is_no_part_of_the_next_dataset(tmp_path: Path) -> None:
    write_folder(tmp_path, many(3), [(PUMP, "train")])
    (tmp_path / ".writing").mkdir()
    (tmp_path / ".writing" / "train-00007.jsonl").write_text("half a r")

    write_dataset(tmp_path)

    assert [path.name for path in tmp_path.glob("train-*")] == ["train-00000.jsonl"]
    assert not (tmp_path / ".writing").exists()


def test_memory_does_not_grow_with_rows(tmp_path: Path) -> None:
    def peak_bytes(n: int, format_name: str) -> int:
        folder = tmp_path / f"{format_name}-{n}"
        refused = (candidate(PUMP, f"Question {place}?", "No.", objections=["numbers"]) for place in range(n))
        write_folder(
            folder, (one for pair in zip(many(n), refused, strict=True) for one in pair), [(PUMP, "train")]
        )
        tracemalloc.start()
        write_dataset(folder, format=format_name, shard_rows=50)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    for name in ("openai", "preference"):
        peak_bytes(20, name)
        assert peak_bytes(400, name) < peak_bytes(100, name) + 200_000


def test_an_example_of_an_unknown_document_is_an_error_that_names_it(tmp_path: Path) -> None:
    one = candidate(PUMP)
    write_folder(tmp_path, [one], [(TAPS, "train")])

    with pytest.raises(ConfigError, match=one.example.id):
        write_dataset(tmp_path)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"format": "jsonl"}, "there is no format 'jsonl'; there are openai, prompt_completion"),
        ({"format": "alpaca", "system": "Be brief."}, "no place for a system message"),
        ({"shard_rows": 0}, "a shard cannot have 0 rows"),
    ],
)
def test_a_form_that_cannot_be_is_refused_in_words(tmp_path: Path, options: dict[str, Any], says: str) -> None:
    write_folder(tmp_path, many(1), [(PUMP, "train")])

    with pytest.raises(ConfigError, match=says):
        write_dataset(tmp_path, **options)


def test_separators_emoji_and_braces_in_words_stay_one_row(tmp_path: Path) -> None:
    odd = candidate(PUMP, "Was\u2028ist {{ das }}? 🤖", 'Zeile eins\nZeile "zwei"\u0085\t<script>')
    write_folder(tmp_path, [odd], [(PUMP, "train")])

    write_dataset(tmp_path)

    data = (tmp_path / "train-00000.jsonl").read_bytes()
    assert data.count(b"\n") == 1
    said = json.loads(data)["messages"]
    assert [message["content"] for message in said] == [odd.example.question, odd.example.answer]
