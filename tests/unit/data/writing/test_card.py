"""The dataset card: for loaders and for people, whatever stands in the documents."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mainspring.data import Document, Split
from mainspring.data.writing import Decision, write_dataset
from mainspring.pages import escaped
from tests.unit.data.writing.folders import candidate, document, write_folder

PUMP = document()
TAPS = document("taps.md", "Taps drip. The pump holds 40 litres.")
HOSTILE = '](x) | <img src=x onerror=alert(1)> `\n---\n# "configs": {{ 7*7 }}: &a *b https://evil.example 🤖'


def card(folder: Path) -> tuple[dict[str, Any], str]:
    """Split a card into its front matter and its body."""
    _, front, body = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), body


def written(folder: Path, *documents: tuple[Document, Split], **options: Any) -> tuple[dict[str, Any], str]:
    """Write a dataset with an example of each document, and give its card."""
    write_folder(folder, [candidate(one, f"Of {place}?") for place, (one, _) in enumerate(documents)], documents)
    write_dataset(folder, **options)
    return card(folder)


def rendered(body: str) -> str:
    return str(MarkdownIt("gfm-like", {"linkify": False}).render(body))


def test_the_front_matter_names_every_shard_of_each_split_and_nothing_else(tmp_path: Path) -> None:
    write_folder(
        tmp_path,
        [candidate(PUMP, "One?"), candidate(PUMP, "Two?"), candidate(TAPS)],
        [(PUMP, "train"), (TAPS, "validation")],
    )
    write_dataset(tmp_path, shard_rows=1)

    front, _ = card(tmp_path)

    assert front["configs"] == [
        {
            "config_name": "default",
            "data_files": [
                {"split": "train", "path": ["train-00000.jsonl", "train-00001.jsonl"]},
                {"split": "validation", "path": ["validation-00000.jsonl"]},
            ],
        }
    ]
    assert (front["license"], front["language"], front["size_categories"]) == ("cc0-1.0", ["en"], ["n<1K"])


@pytest.mark.parametrize(
    ("licences", "said"),
    [
        (["MIT", "MIT"], "mit"),
        (["MIT", "CC0-1.0"], "other"),
        (["", ""], "unknown"),
        (["Ask Bob: he", "Ask Bob: he"], "other"),
    ],
)
def test_the_licence_is_that_of_all_documents_or_other(tmp_path: Path, licences: list[str], said: str) -> None:
    one, other = (
        document("a.md", licence=licences[0]),
        document("b.md", "The pump holds 40 litres.", licence=licences[1]),
    )

    assert written(tmp_path, (one, "train"), (other, "train"))[0]["license"] == said


def test_names_and_licences_of_documents_break_neither_the_yaml_nor_the_markdown(tmp_path: Path) -> None:
    plain_front, plain_body = written(tmp_path / "plain", (document("x", licence="y z", source="z"), "train"))
    front, body = written(tmp_path / "hostile", (document(HOSTILE, licence=HOSTILE, source=HOSTILE), "train"))

    assert front == plain_front
    shown = rendered(body)
    assert "<img" not in shown
    assert "49" not in shown
    assert "{{ 7*7 }}" in shown
    for tag in ("<h1>", "<h2>", "<hr", "<a ", "<td", "<code>", "<em>"):
        assert shown.count(tag) == rendered(plain_body).count(tag), tag


@given(st.text(max_size=60))
def test_a_value_is_shown_in_its_table_cell_as_it_is_but_for_white_space(text: str) -> None:
    cell = MarkdownIt("gfm-like", {"linkify": False}).parse(f"| a |\n| --- |\n| x{escaped(text)}x |")

    (inline,) = [token for token in cell if token.type == "inline" and token.content != "a"]
    shown = "".join(child.content for child in inline.children or ())
    assert all(child.type in {"text", "text_special"} for child in inline.children or ())
    kept = [character for character in text if not character.isspace() and character.isprintable()]
    assert [character for character in shown if not character.isspace() and character.isprintable()] == [
        "x",
        *kept,
        "x",
    ]


def test_the_card_says_how_the_rows_were_made_and_what_was_refused(tmp_path: Path) -> None:
    dropped, kept = candidate(PUMP, "Drop?"), candidate(PUMP, "Keep?", objections=["numbers", "names"])
    write_folder(
        tmp_path,
        [candidate(PUMP), dropped, kept, candidate(PUMP, "No?", objections=["numbers"])],
        [(PUMP, "train")],
        [Decision(id=dropped.example.id, action="drop"), Decision(id=kept.example.id, action="keep")],
    )
    (tmp_path / "report.json").write_text(
        '{"judge": {"model": "other", "n_bad": 8, "n_good": 4, "false_accept_rate": 0.75, "false_reject_rate": 0},'
        ' "usage": {"input_tokens": 1200, "output_tokens": 34, "cost_usd": "0.5"}, "seconds": 3}'
    )

    write_dataset(tmp_path)

    _, body = card(tmp_path)
    assert "4 candidates were made; the checks accepted 2 of them." in body
    assert "took in 1 that they had refused, left out 1 that they had accepted, and wrote 0 anew" in body
    assert "| numbers | 2 |\n| names | 1 |" in body
    assert "| question\\_writer | version 2 (abababababab) | teacher |" in body
    assert "let 75 % of the bad ones pass, and refused 0 % of the good ones" in body
    assert "Its verdicts did not count" in body
    assert "read 1,200 tokens (0 of them from a cache) and wrote 34; that cost 0.5000 US dollars" in body


def test_the_card_of_a_build_that_was_stopped_says_so(tmp_path: Path) -> None:
    write_folder(tmp_path, [candidate(PUMP)], [(PUMP, "train")])
    (tmp_path / "report.json").write_text('{"stopped": "the budget is *spent*", "n_unfinished": 3}')

    write_dataset(tmp_path)

    said = "The build was stopped before its end, with 3 documents left: the budget is \\*spent\\*"
    assert said in card(tmp_path)[1]


def test_a_card_of_many_documents_lists_the_first_and_counts_the_others(tmp_path: Path) -> None:
    documents: list[tuple[Document, Split]] = [
        (document(f"{place}.md", f"The pump holds 40 litres. {place}"), "train") for place in range(205)
    ]

    _, body = written(tmp_path, *documents)

    assert "199.md" in body
    assert "200.md" not in body
    assert "5 more gave rows" in body


def test_a_dataset_without_rows_has_a_card_that_says_so(tmp_path: Path) -> None:
    write_folder(tmp_path, [candidate(PUMP, objections=["names"])], [(PUMP, "train")])
    write_dataset(tmp_path)

    front, body = card(tmp_path)

    assert front["configs"][0]["data_files"] == []
    assert "0 rows" in body
