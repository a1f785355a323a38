"""`check_dataset`: what is wrong with a dataset, found again after it was done to one that was sound."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mainspring.core.errors import ConfigError
from mainspring.data import KINDS, Candidate, Span
from mainspring.data.checking import Finding, Findings, check_dataset
from mainspring.data.checking.findings import MOST_TOLD
from mainspring.data.writing import FORMATS, Decision, write_dataset
from tests.unit.data.writing.folders import candidate, conversation, document, lines, span, write_folder

PUMP = document()
TAPS = document("taps.md", "Taps drip. The pump holds 40 litres.")
SAID = ("The lamp is red.", "Forty litres fit into it.", "Somebody fills it in the morning, before work.")


def examples() -> list[Candidate]:
    """Give examples of both documents that have nothing in common, and refused answers to them."""
    given = []
    for place, (answer, kind) in enumerate(zip(SAID, KINDS, strict=False)):
        question = f"{'What about' if place else 'Which'} {answer.split()[1]} {'abc'[place] * 9}?"
        given.append(candidate(PUMP, question, answer, kind=kind))
        given.append(candidate(PUMP, question, f"Not so {place}.", kind=kind, objections=["names"]))
    return [*given, candidate(TAPS, "Do taps drip?", "They do.", quote="Taps drip."), conversation(PUMP)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a sound dataset of three rows to train on and one to validate with."""
    made = write_folder(tmp_path / "train", examples(), [(PUMP, "train"), (TAPS, "validation")])
    write_dataset(made)
    return made


def written(folder: Path, *given: Candidate, decisions: tuple[Decision, ...] = ()) -> Findings:
    """Check a dataset of these examples, of both documents."""
    write_folder(folder, given, [(PUMP, "train"), (TAPS, "validation")], decisions)
    write_dataset(folder)
    return check_dataset(folder)


def of(found: Findings, check: str) -> list[Finding]:
    return [finding for finding in found.findings if finding.check == check]


def rewritten(path: Path, change: Callable[[list[Any]], object]) -> None:
    """Change the lines of a file by hand."""
    rows = lines(path)
    change(rows)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("name", list(FORMATS))
def test_nothing_is_wrong_with_what_was_written_in_any_format(folder: Path, name: str) -> None:
    write_dataset(folder, format=name, shard_rows=2)

    found = check_dataset(folder)

    assert found.findings == ()
    assert found.is_sound
    assert found.format == name


def test_nothing_is_wrong_where_documents_of_both_splits_alternate(tmp_path: Path) -> None:
    given = [
        candidate(about, f"{letter * 12}?", f"{letter * 9}.")
        for letter, about in zip("abcdefgh", (TAPS, PUMP) * 4, strict=True)
    ]

    assert written(tmp_path, *given).findings == ()


def test_it_counts_rows_candidates_decisions_and_kinds(folder: Path) -> None:
    found = check_dataset(folder)

    assert found.n_rows == {"train": 3, "validation": 1}
    assert (found.n_candidates, found.n_accepted, found.n_decisions) == (8, 5, 0)
    assert found.kinds["train"] == {"factual": 1, "how_to": 1, "why": 1}
    assert sum(bar.n for bar in found.histogram) == 4
    assert found.characters is not None
    assert found.tokens is not None
    longest = max(len(row.example.question + row.example.answer) + 1 for row in examples() if row.is_accepted)
    assert found.characters.longest == longest
    assert found.tokens.p5 <= found.tokens.p50 <= found.tokens.p95 <= found.tokens.p99 <= found.tokens.longest
    assert sum(found.left_out.values()) == 1


def test_a_row_that_is_no_row_is_found_at_its_line_and_the_check_goes_on(folder: Path) -> None:
    path = folder / "train-00000.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"role":"user"', b'"role":"bot"', 1).replace(b"}]}\n", b"\n", 2))

    found = check_dataset(folder)

    assert not found.is_sound
    assert [finding.where for finding in of(found, "schema")] == ["train-00000.jsonl:1", "train-00000.jsonl:2"]
    assert [finding.where for finding in of(found, "files")] == ["train-00000.jsonl"]
    assert found.n_rows == {"train": 3, "validation": 1}


def test_a_row_too_few_and_a_line_of_provenance_too_few_are_found(folder: Path) -> None:
    rewritten(folder / "train-00000.jsonl", lambda rows: rows.pop(1))
    assert [one.where for one in of(check_dataset(folder), "provenance")][-1] == "provenance.jsonl:4"

    write_dataset(folder)
    rewritten(folder / "provenance.jsonl", lambda rows: rows.pop())
    (finding,) = of(check_dataset(folder), "provenance")
    assert (finding.where, finding.says) == ("validation-00000.jsonl:1", "there is no line of provenance for it")


def test_rows_in_another_order_than_their_provenance_are_found(folder: Path) -> None:
    rewritten(folder / "train-00000.jsonl", lambda rows: rows.reverse())

    found = of(check_dataset(folder), "provenance")

    assert [finding.where for finding in found] == ["train-00000.jsonl:1", "train-00000.jsonl:3"]
    assert all(finding.says == "its line of provenance has another question" for finding in found)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"start": 3}, "the text from 3 to 25 is not what is quoted"),
        ({"end": 9_999}, "there is no text from 0 to 9,999"),
        ({"start": -5, "end": -1}, "there is no text from -5 to -1"),
        ({"quote": "The pump holds 50 litres."}, "the text from 0 to 25 is not what is quoted"),
        ({"document": "../../etc/passwd"}, "it cites the document '../../etc/passwd', which is not kept"),
    ],
)
def test_a_span_is_held_against_the_text_by_its_offsets(folder: Path, change: dict[str, Any], says: str) -> None:
    rewritten(folder / "provenance.jsonl", lambda rows: rows[0]["spans"][0].update(change))

    (finding,) = of(check_dataset(folder), "spans")

    assert says in finding.says
    assert (finding.severity, finding.where) == ("error", "train-00000.jsonl:1")


def test_a_text_that_was_changed_or_is_missing_is_found(folder: Path) -> None:
    path = folder / "texts" / f"{PUMP.id}.txt"
    path.write_text(PUMP.text + "More.")
    (changed,) = of(check_dataset(folder), "spans")
    assert changed.says == "the text is not that of which 'pump.md' has its id"

    path.unlink()
    (missing,) = of(check_dataset(folder), "spans")
    assert "the text of 'pump.md' cannot be read" in missing.says


def test_a_text_with_carriage_returns_and_emoji_keeps_its_offsets(tmp_path: Path) -> None:
    odd = document("odd.txt", "🤖 one\r\ntwo\u2028three \r four. The pump holds 40 litres.")
    write_folder(tmp_path, [candidate(odd)], [(odd, "train")])
    write_dataset(tmp_path)

    assert check_dataset(tmp_path).findings == ()


def test_rows_that_say_the_same_are_errors_within_a_split_and_leak_across_splits(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        candidate(PUMP, "How much?", "40 litres."),
        candidate(PUMP, "how  MUCH?", "40 litres.", quote="A red lamp"),
        candidate(TAPS, "How much?", "40 litres."),
    )

    (twin,), (leak,) = of(found, "duplicates"), of(found, "leakage")
    assert (twin.severity, twin.where) == ("error", "train-00000.jsonl:2")
    assert twin.says == "it says what train-00000.jsonl:1 says"
    assert (leak.severity, leak.where) == ("error", "validation-00000.jsonl:1")


def test_a_question_of_the_other_split_leaks_whatever_is_answered(tmp_path: Path) -> None:
    found = written(tmp_path, candidate(PUMP, "How much?", "40 litres."), candidate(TAPS, "How much?", "Nothing."))

    (leak,) = of(found, "leakage")
    assert (leak.severity, leak.says) == ("error", "its question is asked in train-00000.jsonl:1 too")


def test_another_answer_to_a_question_is_something_to_look_at(tmp_path: Path) -> None:
    found = written(tmp_path, candidate(PUMP, "How much?", "40 litres."), candidate(PUMP, "How much?", "A lot."))

    assert found.is_sound
    (twin,) = of(found, "duplicates")
    assert twin.severity == "warning"


def test_rows_that_nearly_say_the_same_are_something_to_look_at(tmp_path: Path) -> None:
    question, answer = "How much water does the old pump in the yard hold", "It holds about forty litres of water."
    found = written(
        tmp_path,
        candidate(PUMP, f"{question}?", answer),
        candidate(PUMP, f"{question} now?", answer),
        candidate(TAPS, f"{question} then?", answer),
    )

    assert found.is_sound
    assert [(one.severity, one.where) for one in of(found, "duplicates")] == [("warning", "train-00000.jsonl:2")]
    assert [(one.severity, one.where) for one in of(found, "leakage")] == [("warning", "validation-00000.jsonl:1")]


def test_runs_that_went_alike_are_something_to_look_at_and_those_that_did_not_are_none(tmp_path: Path) -> None:
    said, again = conversation(PUMP), conversation(PUMP)
    other = said.model_copy(
        update={
            "messages": (
                said.messages[0],
                {"role": "assistant", "content": "Well?"},
                {"role": "user", "content": "Please."},
                said.messages[-1],
            )
        }
    )
    write_folder(tmp_path, [said, other, again], [(PUMP, "train")])
    write_dataset(tmp_path, format="tools")

    (finding,) = check_dataset(tmp_path).findings

    assert (finding.severity, finding.check, finding.where) == ("warning", "duplicates", "train-00000.jsonl:3")


def test_a_build_that_was_stopped_is_something_to_look_at(folder: Path) -> None:
    (folder / "report.json").write_text('{"stopped": "the budget is spent"}')
    write_dataset(folder)

    (finding,) = check_dataset(folder).findings

    assert (finding.severity, finding.says) == ("warning", "it was stopped before its end: the budget is spent")


def test_a_row_that_cites_a_document_of_the_other_split_leaks(tmp_path: Path) -> None:
    both = candidate(PUMP, "What is alike?", "Both hold 40 litres.", kind="multi_hop")
    spans: tuple[Span, ...] = (*both.example.spans, span(TAPS, "Taps drip."))
    both = both.model_copy(update={"example": both.example.model_copy(update={"spans": spans})})

    (leak,) = of(written(tmp_path, both), "leakage")

    assert leak.says == "a row of 'train' cites 'taps.md', which is in 'validation'"


def test_a_document_that_changed_sides_after_the_rows_were_written_leaks(folder: Path) -> None:
    rewritten(folder / "documents.jsonl", lambda rows: rows[0].update(split="validation"))

    found = check_dataset(folder)

    assert "its document 'pump.md' is in 'validation'" in {finding.says for finding in of(found, "leakage")}
    assert [finding.where for finding in of(found, "files")] == ["documents.jsonl"]


def test_decisions_made_since_the_rows_were_written_and_about_nothing_are_something_to_look_at(
    folder: Path,
) -> None:
    (folder / "decisions.jsonl").write_text('{"id": "feed", "action": "drop"}\n')

    found = check_dataset(folder)

    assert found.is_sound
    assert [one.says for one in of(found, "decisions")] == ["the example feed was decided on, and is unknown"]
    (stale,) = of(found, "files")
    assert stale.says == "it has changed since the rows were written; write the dataset again"


def test_a_row_of_an_example_that_a_person_dropped_is_an_error_until_it_is_written_again(folder: Path) -> None:
    dropped = lines(folder / "provenance.jsonl")[0]["id"]
    (folder / "decisions.jsonl").write_text(json.dumps({"id": dropped, "action": "drop"}) + "\n")
    assert [one.says for one in of(check_dataset(folder), "candidates")] == [
        f"the example {dropped} has a row, and is refused or unknown"
    ]

    write_dataset(folder)
    assert check_dataset(folder).is_sound


def test_a_shard_that_is_no_part_of_the_dataset_and_one_that_is_missing_are_errors(folder: Path) -> None:
    shutil.copy(folder / "train-00000.jsonl", folder / "train-00007.jsonl")
    (folder / "validation-00000.jsonl").unlink()

    found = of(check_dataset(folder), "files")

    assert {finding.where for finding in found} == {"train-00007.jsonl", "validation-00000.jsonl"}
    assert {finding.severity for finding in found} == {"error"}


def test_much_that_is_wrong_is_counted_and_told_in_part(tmp_path: Path) -> None:
    given = [candidate(PUMP, "How much?", "40 litres.", quote=PUMP.text[: place + 1]) for place in range(30)]

    found = written(tmp_path, *given)

    assert len(of(found, "duplicates")) == MOST_TOLD
    assert found.n_found["duplicates"] == 29


def test_a_dataset_without_rows_is_an_error(tmp_path: Path) -> None:
    (finding,) = written(tmp_path, candidate(PUMP, objections=["names"])).findings

    assert (finding.severity, finding.check) == ("error", "rows")


def test_rows_of_one_kind_alone_are_something_to_look_at(tmp_path: Path) -> None:
    given = [candidate(PUMP, f"{chr(65 + place) * 20}?", f"{chr(65 + place) * 20}.") for place in range(20)]

    (finding,) = of(written(tmp_path, *given), "balance")

    assert finding.says == "100% of all rows are of the kind 'factual'"


@pytest.mark.parametrize(
    ("judge", "says"),
    [
        ({"n_bad": 8, "false_accept_rate": 1.0, "counts": True}, "the judge let 100% of the bad examples pass"),
        ({"n_bad": 0, "counts": True}, "the judge was measured on no bad example"),
        ({"n_bad": 8, "false_accept_rate": 0.125, "counts": True}, ""),
        ({"n_bad": 8, "false_accept_rate": 1.0, "counts": False}, ""),
    ],
)
def test_a_judge_that_lets_bad_examples_pass_and_counts_is_something_to_look_at(
    folder: Path, judge: dict[str, Any], says: str
) -> None:
    (folder / "report.json").write_text(json.dumps({"judge": judge, "documents": 2}))
    write_dataset(folder)

    found = check_dataset(folder)

    assert [says] == [one.says.partition(",")[0] for one in of(found, "judge")] or (
        not says and not of(found, "judge")
    )
    assert found.judge is not None
    assert found.is_sound


def test_checking_changes_nothing_in_the_folder(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}

    check_dataset(folder)

    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ([], "is empty; `mainspring data build"),
        (["notes.txt"], r"holds no dataset of Mainspring: there is no dataset\.json"),
        (["data.db"], "no rows are written .* yet: a build is at work on it, or was stopped"),
        (["candidates.jsonl", "documents.jsonl"], "the same build command goes on with it"),
    ],
)
def test_a_folder_without_a_dataset_is_refused_in_words(tmp_path: Path, files: list[str], says: str) -> None:
    for name in files:
        (tmp_path / name).touch()

    with pytest.raises(ConfigError, match=says):
        check_dataset(tmp_path)


def test_a_folder_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        check_dataset(tmp_path / "nowhere")


def test_a_dataset_whose_candidates_are_gone_is_refused_in_words(folder: Path) -> None:
    (folder / "candidates.jsonl").unlink()

    with pytest.raises(ConfigError, match=r"lacks candidates\.jsonl; build it again"):
        check_dataset(folder)
