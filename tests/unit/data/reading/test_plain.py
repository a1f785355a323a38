import pytest

from mainspring.data import Document
from mainspring.data.reading import Unreadable, read_bytes


def read(text: str, name: str) -> Document:
    (document,) = read_bytes(text.encode(), name)
    return document


def titles(document: Document) -> list[tuple[int, str]]:
    for heading in document.headings:
        assert heading.start == 0 or document.text[heading.start - 1] == "\n"
    return [(heading.level, heading.title) for heading in document.headings]


def test_underlined_lines_of_a_text_are_headings() -> None:
    document = read("The gauge\n=========\n\nWords.\n\nReading it\n----------\n\nWords -- more\n-\n", "a.txt")
    assert titles(document) == [(1, "The gauge"), (2, "Reading it")]
    assert document.title == "The gauge"


def test_numbered_lines_that_stand_alone_are_headings() -> None:
    document = read(
        "1. The gauge\n\nIt is read at 7.\n\n1.1 Reading\n\nWords.\n\n1. One item.\n2. Another.\n", "a.txt"
    )
    assert titles(document) == [(1, "1 The gauge"), (2, "1.1 Reading")]


def test_text_without_certain_headings_has_none() -> None:
    assert titles(read("THE GAUGE\n\nWords here.\n\n12 men stood there\n\nMore words.", "a.txt")) == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_row_says_what_stands_under_which_column(delimiter: str) -> None:
    rows = [["Name", "Level, m", "Note"], ["Ada", "3.5", ""], ["Ben", "4,5", "high; rising"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    assert read(text, "a.csv").text == "Name: Ada; Level, m: 3.5.\nName: Ben; Level, m: 4,5; Note: high; rising."


def test_columns_without_names_are_counted() -> None:
    assert read("1,2\n3,4,5\n", "a.csv").text == (
        "column 1: 1; column 2: 2.\ncolumn 1: 3; column 2: 4; column 3: 5."
    )


def test_definitions_are_the_headings_of_python() -> None:
    text = "import os\n\n\n@cache\ndef read(x):\n    return x\n\n\nclass Gauge:\n    def level(self): ...\n"
    document = read(text, "a.py")
    assert titles(document) == [(1, "def read"), (1, "class Gauge")]
    assert document.text.startswith("@cache", document.headings[0].start)
    assert document.language == ""


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.js", "export default class Gauge {\n  f() {}\n}\nasync function read(x) {\n}", 2),
        ("a.rs", "pub fn read(x: u8) -> u8 {\n}\nimpl Gauge {\n  fn no() {}\n}", 2),
        ("a.go", "type Gauge struct {\n}\nfunc (g Gauge) Read() int {\n}", 2),
        ("a.c", "static int read(int x)\n{\n  return f(x);\n}\nstruct gauge {\n};\n", 2),
        ("a.sh", "read_it() {\n  echo\n}\n", 1),
        ("a.sql", "CREATE TABLE gauge (id int);\nselect 1;\n", 1),
        ("a.py", "def broken(:\n", 1),
        ("a.json", '{"class": 1}', 0),
    ],
)
def test_definitions_are_the_headings_of_code(name: str, text: str, found: int) -> None:
    document = read(text, name)
    assert document.kind == "code"
    assert len(titles(document)) == found


def test_code_is_read_in_the_encoding_it_declares() -> None:
    raw = "# -*- coding: iso-8859-2 -*-\nname = 'Żółw'\n".encode("iso-8859-2")
    assert "Żółw" in read_bytes(raw, "a.py")[0].text


@pytest.mark.parametrize(
    ("raw", "name", "kind"),
    [
        (b"<!DOCTYPE html><html><p>Words here", "a.txt", "html"),
        (b"<html><p>The page was not found", "a.pdf", "html"),
        (b"Just words", "README", "text"),
        (b"Just words", "a.unknown", "text"),
        (b"From: a@x\nSubject: Hi\n\nWords\n", "saved", "mail"),
        (b"# Title\n\n<html>", "a.md", "markdown"),
    ],
)
def test_content_decides_where_the_name_says_nothing_or_lies(raw: bytes, name: str, kind: str) -> None:
    assert read_bytes(raw, name)[0].kind == kind


@pytest.mark.parametrize(
    ("raw", "name", "says"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "a.txt", "an image"),
        (b"PK\x03\x04" + bytes(40), "a.xlsx", "an archive"),
        (bytes(range(256)), "a.dat", "not text"),
    ],
)
def test_what_is_not_text_is_called_by_what_it_is(raw: bytes, name: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says) as caught:
        read_bytes(raw, name)
    assert caught.value.reason == "unknown"


def test_a_file_of_blanks_holds_no_text() -> None:
    with pytest.raises(Unreadable) as caught:
        read_bytes(b" \n\n \t\n", "a.txt")
    assert caught.value.reason == "no_text"
