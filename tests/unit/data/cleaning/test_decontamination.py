"""Whether an example gives an evaluation set away, and how such sets are read."""

import json
from pathlib import Path

import pytest

from mainspring.core.errors import ConfigError
from mainspring.data.cleaning import Contamination

TASK = (
    "A train leaves Oslo at noon and travels east at eighty kilometres an hour until it reaches the border station"
)
SOLUTION = "Divide the distance by the speed, add the hour of the stop at the lake, and round up to whole minutes"
UNRELATED = ("What may be sent back?", "Whatever is unused.")


def written(folder: Path, name: str, *lines: object) -> Path:
    """Write a set, an object a line."""
    path = folder / name
    path.write_text("".join(line + "\n" if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return path


FORMS = [
    {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": TASK}]},
    {"messages": [{"role": "user", "content": [{"type": "text", "text": TASK}]}]},
    {"prompt": TASK, "completion": "Soon."},
    {"prompt": [{"role": "user", "content": TASK}], "completion": [{"role": "assistant", "content": "Soon."}]},
    {"instruction": TASK, "input": "", "output": "Soon."},
    {"instruction": "Solve this.", "input": TASK, "output": "Soon."},
    {"conversations": [{"from": "human", "value": TASK}, {"from": "gpt", "value": "Soon."}]},
    {"question": TASK, "answer": "Soon."},
    {"question": TASK},
]


@pytest.mark.parametrize("row", FORMS, ids="+".join)
def test_a_set_is_read_in_every_usual_form(row: dict[str, object], tmp_path: Path) -> None:
    known = Contamination.load([written(tmp_path, "set.jsonl", {"question": "Another one?"}, row)])
    overlap = known.found(TASK.upper() + "?", "At six.")
    assert overlap is not None
    assert (overlap.set, overlap.line, overlap.sign) == ("set.jsonl", 2, "question")
    assert known.found(*UNRELATED) is None


def test_tables_arrays_and_plain_lines_are_read_too(tmp_path: Path) -> None:
    table = tmp_path / "set.csv"
    table.write_text(f'Id,Question,Answer\n1,"What, now?",no\n2,"{TASK}",soon\n')
    tabbed = tmp_path / "set.tsv"
    tabbed.write_text(f"prompt\tcompletion\n{TASK}\tsoon\n")
    array = tmp_path / "set.json"
    array.write_text(json.dumps([{"instruction": "x", "output": "y"}, {"instruction": TASK, "output": "z"}]))
    plain = written(tmp_path, "set.txt", "Another one?", "", TASK)
    for path, line in ((table, 3), (tabbed, 2), (array, 2), (plain, 3)):
        overlap = Contamination.load([path]).found(TASK, "At six.")
        assert overlap is not None
        assert (overlap.set, overlap.line) == (path.name, line)


def test_a_cell_of_several_lines_is_one_task(tmp_path: Path) -> None:
    table = tmp_path / "set.csv"
    table.write_bytes('\ufeffquestion,answer\r\n"Who\r\nasks?",one\r\nWhy?,two\r\n'.encode())
    known = Contamination.load([table])
    assert len(known) == 2
    assert known.found("Who asks?", "") is not None


def test_thirteen_words_in_a_row_give_a_task_away_and_twelve_do_not(tmp_path: Path) -> None:
    known = Contamination.load([written(tmp_path, "set.jsonl", {"question": TASK, "answer": SOLUTION})])
    for text in (TASK, SOLUTION):
        told = text.split()
        overlap = known.found("What is a good hint?", f"Well: {' '.join(told[2:15])}, they say.")
        assert overlap is not None
        assert overlap.sign == "words"
        assert overlap.words == " ".join(told[2:15]).lower().replace(",", "")
        assert "13 words" in overlap.says
        assert known.found("What is a good hint?", f"Well: {' '.join(told[2:14])}, they say.") is None


def test_of_a_short_text_eight_words_are_enough(tmp_path: Path) -> None:
    short = "How many hours does the night train to Bergen take"
    known = Contamination.load([written(tmp_path, "set.txt", short)])
    told = short.split()
    overlap = known.found("Which question is asked often?", f"They ask: {' '.join(told[1:9])}.")
    assert overlap is not None
    assert overlap.sign == "words"
    assert known.found("Which question is asked often?", f"They ask: {' '.join(told[1:8])}.") is None


def test_a_nearly_equal_question_is_found(tmp_path: Path) -> None:
    known = Contamination.load([written(tmp_path, "set.txt", "Which rivers flow through Mongolia?")])
    overlap = known.found("Which rivers flow through  Mongolia today?", "The Selenga.")
    assert overlap is not None
    assert overlap.sign == "similar"
    assert 0.7 <= overlap.similarity < 1.0
    assert "line 1" in overlap.says
    assert known.found("Which rivers flow through Romania and Hungary?", "The Danube.") is None


def test_words_of_scripts_without_spaces_are_counted_by_character(tmp_path: Path) -> None:
    task = "请说明货物在什么条件下可以退回以及退款需要多少天"
    known = Contamination.load([written(tmp_path, "set.jsonl", {"question": task})])
    assert known.found("问题", f"手册说:{task[3:16]}。") is not None
    assert known.found("问题", f"手册说:{task[3:15]}。") is None


def test_broken_lines_are_told_and_the_others_count(tmp_path: Path) -> None:
    path = written(
        tmp_path, "set.jsonl", "{not json", {"question": TASK}, "[1, 2]", {"text": "?"}, {"question": ""}
    )
    known = Contamination.load([path])
    assert known.found(TASK, "") is not None
    assert [(line.set, line.line) for line in known.broken] == [("set.jsonl", number) for number in (1, 3, 4, 5)]
    assert "no JSON" in known.broken[0].says


@pytest.mark.parametrize("content", ["", "\n\n", '{"text": 1}\n', "{\n"])
def test_a_set_without_a_task_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"set\.jsonl"):
        Contamination.load([path])


def test_what_is_no_set_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text("a,b\n1,2\n")
    (tmp_path / "set.json").write_text('{"question": "x"}')
    (tmp_path / "torn.json").write_text('[{"question": "x"}')
    for name, told in (("gone.jsonl", "correct its path"), ("set.csv", "name the one"), ("set.json", "array")):
        with pytest.raises(ConfigError, match=told):
            Contamination.load([tmp_path / name])
    for path in (tmp_path, tmp_path / "torn.json"):
        with pytest.raises(ConfigError, match="leave it out"):
            Contamination.load([path])


def test_several_sets_are_told_apart(tmp_path: Path) -> None:
    known = Contamination.load([written(tmp_path, "a.txt", "Who asks?"), written(tmp_path, "b.txt", TASK)])
    overlap = known.found(TASK, "")
    assert len(known) == 2
    assert overlap is not None
    assert overlap.set == "b.txt"
