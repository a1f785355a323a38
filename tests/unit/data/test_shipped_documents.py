"""The documents that ship with the repository, for trying the pipeline on."""

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from mainspring.data import Document
from mainspring.data.reading import read_folder

EXAMPLES: Final = Path(__file__).parents[3] / "examples"
FOLDER: Final = EXAMPLES / "documents"
KINDS: Final = {"pdf", "html", "docx", "markdown", "text", "csv"}
NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")


@pytest.fixture(scope="module")
def documents() -> Mapping[str, Document]:
    """What is read of the folder, by name; what is skipped is not in it."""

    async def read() -> dict[str, Document]:
        return {found.name: found async for found in read_folder(FOLDER) if isinstance(found, Document)}

    return asyncio.run(read())


def test_every_shipped_file_is_read_and_all_kinds_but_code_and_mail_are_among_them(
    documents: Mapping[str, Document],
) -> None:
    assert documents.keys() == {path.name for path in FOLDER.iterdir()} - {"documents.toml"}
    assert {document.kind for document in documents.values()} == KINDS


def test_every_shipped_document_says_what_it_is_and_where_from_and_that_it_is_free(
    documents: Mapping[str, Document],
) -> None:
    for document in documents.values():
        assert document.licence == "public domain", document.name
        assert document.source.startswith("https://"), document.name
        assert document.title, document.name
        assert document.language, document.name


def test_the_shipped_documents_take_less_than_600_kilobytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 600_000


def test_each_number_of_an_evaluation_answer_stands_in_the_document_that_it_is_about(
    documents: Mapping[str, Document],
) -> None:
    for line in (EXAMPLES / "documents-eval.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        text = documents[item["document"]].text
        assert [number for number in NUMBER.findall(item["answer"]) if number not in text] == [], item["question"]


@pytest.mark.parametrize(
    ("name", "words", "heading"),
    [
        ("cryptography.pdf", "it allows people to swap blocks", "Symmetric Modes of Operations"),
        ("database-corruption.html", "mutex protected", "Multiple copies of SQLite linked into the same"),
        ("iceland.docx", "oldest functioning legislative assembly", "Background"),
        ("time-zones.html", "Uniquely identify every timezone", "Timezone identifiers"),
        ("trusted-schema.md", "one of three risk levels", "Overview of changes"),
    ],
)
def test_words_of_a_shipped_document_stand_under_their_heading(
    documents: Mapping[str, Document], name: str, words: str, heading: str
) -> None:
    document = documents[name]

    found = re.search(r"\s+".join(map(re.escape, words.split())), document.text)
    assert found is not None
    assert any(heading in title for title in document.headings_at(found.start()))
