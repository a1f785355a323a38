"""What holds for every reader and whatever bytes it is given."""

import io
from functools import cache

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.core.errors import DocumentError
from mainspring.data import Document
from mainspring.data.reading import Limits, Reader
from mainspring.data.reading.choosing import readers
from mainspring.data.reading.tidy import tidy
from tests.unit.data.reading.making import lines, make_pdf

READERS = {reader.kind: reader for reader in readers(Limits())}
SUFFIXES = {"code": "a.py"}
WORDS = st.text(
    alphabet=st.sampled_from("aä \n\r\t#=-*`<>[]()|,;:.0123\"'{}\\&/!\x00\x0c\ud800\u2028\u0301🌊"), max_size=400
)


@cache
def seed(kind: str) -> bytes:
    """A whole file of each kind, to be damaged."""
    if kind == "pdf":
        return make_pdf([lines("one line", "and another"), lines("more")], bookmarks=[("one", 0)])
    if kind == "docx":
        file = io.BytesIO()
        docx.Document().save(file)
        return file.getvalue()
    return {
        "html": b"<html lang=en><title>t</title><h1>a</h1><p>words <table><tr><td>x</table><ul><li>a<li>b</ul>",
        "markdown": b"---\ntitle: a\n---\n# a\n\n[b](c) `d`\n\n```\ne\n```\n",
        "csv": b"a,b\n1,2\n",
        "code": b"# coding: utf-8\ndef a():\n    pass\n",
        "mail": b"From x 2020\nFrom: a\nSubject: =?utf-8?Q?b?=\nContent-Type: multipart/mixed; boundary=x\n\n"
        b"--x\n\nhi\n--x--\n",
    }.get(kind, b"Title\n=====\n\n1. a\n\nwords\n")


def check(reader: Reader, raw: bytes) -> None:
    try:
        documents = reader.read(raw, SUFFIXES.get(reader.kind, "a"))
    except DocumentError:
        return
    for document in documents:
        is_sound(document)


def is_sound(document: Document) -> None:
    text = document.text
    assert text
    assert tidy(text) == text
    starts = [heading.start for heading in document.headings]
    assert starts == sorted(starts)
    assert all(0 <= start < len(text) for start in starts)
    assert all(heading.title and heading.level >= 1 for heading in document.headings)
    assert list(document.pages) == sorted(document.pages)
    assert all(0 <= page <= len(text) for page in document.pages)
    assert Document.model_validate_json(document.model_dump_json()) == document


@pytest.mark.parametrize("kind", READERS)
@given(raw=st.binary(max_size=400))
@settings(max_examples=40, deadline=None)
def test_random_bytes_give_a_sound_document_or_a_document_error(kind: str, raw: bytes) -> None:
    check(READERS[kind], raw)


@pytest.mark.parametrize("kind", ["html", "markdown", "text", "csv", "code", "mail"])
@given(words=WORDS)
@settings(max_examples=40, deadline=None)
def test_random_words_give_a_sound_document_or_a_document_error(kind: str, words: str) -> None:
    check(READERS[kind], words.encode(errors="surrogatepass"))


@pytest.mark.parametrize("kind", READERS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_damaged_files_give_a_sound_document_or_a_document_error(kind: str, data: st.DataObject) -> None:
    raw = bytearray(seed(kind))
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=8)):
        raw[place] = data.draw(st.integers(0, 255))
    check(READERS[kind], bytes(raw[: data.draw(st.integers(0, len(raw)))]))
