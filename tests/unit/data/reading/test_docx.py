import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.document import Document as WordDocument

from mainspring.data import Document
from mainspring.data.reading import Limits, Unreadable, read_bytes
from tests.unit.data.reading.making import make_docx


def read(write: Callable[[WordDocument], object]) -> Document:
    word = docx.Document()
    write(word)
    file = io.BytesIO()
    word.save(file)
    (document,) = read_bytes(file.getvalue(), "a.docx")
    return document


def test_paragraphs_lists_and_tables_come_in_their_own_order() -> None:
    def write(word: WordDocument) -> None:
        word.add_paragraph("Before.")
        table = word.add_table(2, 2)
        for cell, words in zip((cell for row in table.rows for cell in row.cells), "ABCD", strict=True):
            cell.text = words
        word.add_paragraph("Between.")
        for words in ("one", "two"):
            word.add_paragraph(words, style="List Bullet")
        for words in ("first", "second"):
            word.add_paragraph(words, style="List Number")
        word.add_paragraph("Behind.")

    assert read(write).text == (
        "Before.\n\nA | B\nC | D\n\nBetween.\n\n- one\n- two\n1. first\n2. second\n\nBehind."
    )


def test_headings_follow_from_styles() -> None:
    def write(word: WordDocument) -> None:
        word.core_properties.title = "The watch"
        word.add_heading("The gauge", 1)
        word.add_heading("Reading", 2)
        word.add_paragraph("Words.")

    document = read(write)
    assert [(heading.title, heading.level) for heading in document.headings] == [("The gauge", 1), ("Reading", 2)]
    assert document.title == "The watch"
    assert document.headings_at(len(document.text) - 1) == ("The gauge", "Reading")


def with_part(path: Path, name: str, change: Callable[[str], str]) -> bytes:
    """Give a Word document in which one part is changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(file, "w") as after:
        for part in before.namelist():
            content = before.read(part)
            after.writestr(part, change(content.decode()).encode() if part == name else content)
    return file.getvalue()


def test_tracked_changes_are_read_as_accepted_and_links_keep_their_words(tmp_path: Path) -> None:
    make_docx(tmp_path / "a.docx", "Words")
    marked = (
        "<w:del><w:r><w:delText>gone</w:delText><w:t>gone</w:t></w:r></w:del>"
        "<w:ins><w:r><w:t>New </w:t></w:r></w:ins>"
        "<w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink><w:r><w:tab/><w:t>end</w:t></w:r></w:p>"
    )
    raw = with_part(tmp_path / "a.docx", "word/document.xml", lambda xml: xml.replace("</w:p>", marked, 1))
    assert read_bytes(raw, "a.docx")[0].text == "WordsNew link\tend"


def test_a_file_is_no_less_a_word_document_under_another_name(tmp_path: Path) -> None:
    make_docx(tmp_path / "a.docx", "Words.")
    (document,) = read_bytes((tmp_path / "a.docx").read_bytes(), "a.bin")
    assert document.kind == "docx"


def test_a_bomb_is_known_by_what_it_says_of_itself(tmp_path: Path) -> None:
    make_docx(tmp_path / "a.docx", "Words.")
    with pytest.raises(Unreadable, match=r"Limits\(unpacked_bytes=\.\.\.\)") as caught:
        read_bytes((tmp_path / "a.docx").read_bytes(), "a.docx", limits=Limits(unpacked_bytes=1000))
    assert caught.value.reason == "bomb"


def test_an_archive_that_says_less_than_it_holds_is_broken(tmp_path: Path) -> None:
    make_docx(tmp_path / "a.docx", "Words. " * 100_000)
    raw = bytearray((tmp_path / "a.docx").read_bytes())
    with zipfile.ZipFile(tmp_path / "a.docx") as archive:
        size = archive.getinfo("word/document.xml").file_size.to_bytes(4, "little")
    forged = bytes(raw).replace(size, (100).to_bytes(4, "little"))
    assert forged != raw
    with pytest.raises(Unreadable) as caught:
        read_bytes(forged, "a.docx")
    assert caught.value.reason == "broken"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"PK\x03\x04 cut", "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "unknown"),
    ],
)
def test_what_cannot_be_read_says_why(raw: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_bytes(raw, "a.docx")
    assert caught.value.reason == reason
