"""Passages that are not worth a question."""

import pytest

from mainspring.data import Document, Heading
from mainspring.data.cutting import cut, worth_asking


def reason(text: str, heading: str = "") -> str:
    headings = (Heading(start=0, level=1, title=heading),) if heading else ()
    source = Document(
        name="a.txt", kind="text", digest="0", text=f"{heading}\n\n{text}" if heading else text, headings=headings
    )
    (passage,) = cut(source, max_tokens=1000)
    objection = worth_asking(passage)
    return objection.check if objection else ""


CONTENTS = "1 Introduction ..... 3\n2 The pump ..... 7\n2.1 Its parts ... 8\n3 Care ... 12\nIndex ..... 40"
REFERENCES = (
    "[1] A. Author, A title, Journal of Things, 2004.\n[2] B. Writer et al., Another title, pp. 3-9.\n"
    "[3] C. Person. A book. ISBN 0-00-000000-0.\n[4] D. Human. doi:10.1000/1."
)
LINKS = "https://example.org/one/two\nhttps://example.org/3\n[four](https://example.org/4)\nhttps://example.org/5"
NUMBERS = "12.4 13.5 99.1 14.0\n32.4 33.5 79.1 34.0 total of all rows and columns\n1 2 3 4 5 6 7 8 9 10"
PROSE = (
    "The pump has two parts. One is the motor, which turns at 1,500 revolutions a minute; the other is the wheel."
)
TABLE = "| part | mass in kg |\n| --- | --- |\n| motor | 12.4 |\n| wheel of the pump | 3.1 |\n| seals | 8.0 |"
CONTENTS_BY_NAME = "Introduction 3\nThe pump 7\nIts parts 8\nCare 12\nTrouble 15"


@pytest.mark.parametrize(
    ("text", "heading", "why"),
    [
        (CONTENTS, "", "contents"),
        (CONTENTS_BY_NAME, "Contents", "contents"),
        (REFERENCES, "", "references"),
        (PROSE, "7. References", "references"),
        (LINKS, "", "links"),
        (NUMBERS, "", "numbers"),
        ("All rights reserved.", "", "words"),
    ],
)
def test_what_nobody_asks_about_is_known(text: str, heading: str, why: str) -> None:
    assert reason(text, heading) == why


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        TABLE,
        f"{PROSE} See https://example.org for more.",
        "水泵有两个部分：电机和叶轮。电机每分钟转一千五百转。",
    ],
)
def test_prose_and_tables_with_words_are_worth_asking(text: str) -> None:
    assert not reason(text)


def test_a_list_of_short_steps_with_numbers_is_worth_asking() -> None:
    assert not reason(
        "Steps\n1. Wait for minute 5\n2. Add acid to level 12\n3. Stir for minute 20\n4. Note the level 7"
    )
