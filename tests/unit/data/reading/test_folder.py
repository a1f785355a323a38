import os
from contextlib import aclosing
from pathlib import Path

import pytest

from mainspring.core.errors import ConfigError
from mainspring.data import Document
from mainspring.data.reading import Limits, Skipped, read_folder
from tests.unit.data.reading.making import lines, make_docx, make_pdf, make_zip_bomb

ENGLISH = "The gauge is read in the morning, and what it says is written down by the one who has the watch."
GERMAN = "Der Pegel wird am Morgen abgelesen, und was er sagt, schreibt auf, wer gerade die Wache hat."


async def everything(folder: Path, limits: Limits | None = None) -> list[Document | Skipped]:
    async with aclosing(read_folder(folder, limits=limits, n_workers=1)) as reading:
        return [item async for item in reading]


async def test_what_can_be_read_comes_out_and_all_else_is_reported_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "a plan.txt").write_text(ENGLISH)
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7\nthis is none")
    make_zip_bomb(tmp_path / "c.docx", 600 << 20)
    with (tmp_path / "d.txt").open("wb") as sparse:
        sparse.truncate(2 << 30)
    (tmp_path / "e").symlink_to(tmp_path)
    (tmp_path / "f 🌊.md").write_text(f"# Pegel\n\n{GERMAN}")
    (tmp_path / "g.pdf").write_bytes(make_pdf([lines("secret")], password="hush"))
    (tmp_path / "h.pdf").write_bytes(make_pdf([[]]))
    (tmp_path / "i.txt").write_text(ENGLISH)
    (tmp_path / "j.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    (tmp_path / "k.txt").touch()
    make_docx(tmp_path / "l.docx", "One paragraph.", "And one more.")
    items = await everything(tmp_path)
    assert [
        (item.name, item.reason) if isinstance(item, Skipped) else (item.name, item.kind) for item in items
    ] == [
        ("a plan.txt", "text"),
        ("b.pdf", "broken"),
        ("c.docx", "bomb"),
        ("d.txt", "too_large"),
        ("e", "link"),
        ("f 🌊.md", "markdown"),
        ("g.pdf", "encrypted"),
        ("h.pdf", "no_text"),
        ("i.txt", "same"),
        ("j.png", "unknown"),
        ("k.txt", "empty"),
        ("l.docx", "docx"),
    ]
    documents = {item.name: item for item in items if isinstance(item, Document)}
    assert documents["a plan.txt"].language == "en"
    assert documents["f 🌊.md"].language == "de"
    assert documents["l.docx"].text == "One paragraph.\n\nAnd one more."
    said = {item.name: item.says for item in items if isinstance(item, Skipped)}
    assert "Limits(file_bytes=...)" in said["d.txt"]
    assert "Limits(unpacked_bytes=...)" in said["c.docx"]
    assert "OCR" in said["h.pdf"]
    assert said["i.txt"] == "it has the same bytes as 'a plan.txt'"


async def test_a_text_that_is_too_long_is_skipped_and_names_its_limit(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("word " * 100)
    (tmp_path / "short.txt").write_text("word")
    long, short = await everything(tmp_path, Limits(text_chars=100))
    assert isinstance(long, Skipped)
    assert (long.reason, "Limits(text_chars=...)" in long.says) == ("too_large", True)
    assert isinstance(short, Document)


async def test_the_folder_says_licence_source_title_and_language_of_its_documents(tmp_path: Path) -> None:
    (tmp_path / "documents.toml").write_text(
        '[[documents]]\nmatch = "*"\nlicence = "CC0-1.0"\nlanguage = "nl"\n\n'
        '[[documents]]\nmatch = "laws/*.md"\nlicence = "MIT"\nsource = "https://example.org/laws"\n'
        'title = "The laws"\n'
    )
    (tmp_path / "laws").mkdir()
    (tmp_path / "laws" / "one.md").write_text("---\ntitle: Law\nlicense: none\n---\n\nWords.")
    (tmp_path / "other.txt").write_text("Words.")
    law, other = await everything(tmp_path)
    assert isinstance(law, Document)
    assert isinstance(other, Document)
    assert (law.title, law.licence, law.source, law.language) == (
        "The laws",
        "MIT",
        "https://example.org/laws",
        "nl",
    )
    assert (other.licence, other.source, other.language) == ("CC0-1.0", "", "nl")


@pytest.mark.parametrize("words", ["[[documents]]\nmach = 'x'", "[[documents", "[[documents]]\nmatch = 3"])
async def test_facts_that_are_wrong_are_an_error_that_names_their_file(tmp_path: Path, words: str) -> None:
    (tmp_path / "documents.toml").write_text(words)
    with pytest.raises(ConfigError, match=r"documents\.toml"):
        await everything(tmp_path)


async def test_one_file_may_be_read_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "one.txt").write_text("Words.")
    (tmp_path / "link.txt").symlink_to(tmp_path / "hidden" / "one.txt")
    (item,) = await everything(tmp_path / "link.txt")
    assert isinstance(item, Document)
    assert (item.name, item.text) == ("one.txt", "Words.")


async def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file or folder"):
        await everything(tmp_path / "none")


async def test_each_message_of_a_mailbox_is_a_document(tmp_path: Path) -> None:
    (tmp_path / "box.mbox").write_bytes(
        b"From a@x Thu Jan  1 00:00:00 1970\nFrom: a@x\nSubject: One\n\nFirst words.\n\n"
        b"From b@x Thu Jan  1 00:00:00 1970\nFrom: b@x\nSubject: Two\n\nSecond words.\n"
    )
    items = await everything(tmp_path)
    assert [item.name for item in items] == ["box.mbox#1", "box.mbox#2"]


async def test_a_pipe_is_reported_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (item,) = await everything(tmp_path)
    assert isinstance(item, Skipped)
    assert item.reason == "special"
