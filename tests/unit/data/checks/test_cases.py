"""Good and bad examples: each check objects to what it is for, and to nothing else."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest
from pydantic import BaseModel

from mainspring.data import Document, Example, Heading, Kind, Passage, Span
from mainspring.data.checks import CHECKS, check
from mainspring.data.cutting import cut


class Case(BaseModel, extra="forbid"):
    """An example, and the checks that object to it."""

    document: str
    kind: Kind
    question: str
    answer: str
    cites: tuple[str, ...]
    objects: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{'-'.join(self.objects) or 'good'}: {self.answer[:40]}"


class Cases(BaseModel, extra="forbid"):
    """The file of cases."""

    documents: dict[str, dict[str, str]]
    cases: tuple[Case, ...]


ALL = Cases.model_validate(tomllib.loads(Path(__file__).with_name("cases.toml").read_text("utf-8")))


def source(name: str) -> tuple[Document, list[Passage]]:
    text = ALL.documents[name]["text"]
    headings, offset = [], 0
    for line in text.split("\n"):
        level = len(line) - len(line.lstrip("#"))
        if level:
            headings.append(Heading(start=offset, level=level, title=line.lstrip("# ")))
        offset += len(line) + 1
    made = Document(
        name=f"{name}.md",
        kind="markdown",
        digest="0",
        text=text,
        headings=tuple(headings),
        language=ALL.documents[name]["language"],
    )
    return made, cut(made, max_tokens=250)


def example(case: Case, document: Document) -> Example:
    starts = [(document.text.index(quote), quote) for quote in case.cites]
    return Example(
        kind=case.kind,
        question=case.question,
        answer=case.answer,
        spans=tuple(
            Span(document=document.id, start=start, end=start + len(quote), quote=quote)
            for start, quote in sorted(starts)
        ),
        document=document.id,
        passages=(0, 1),
    )


@pytest.mark.parametrize("case", ALL.cases, ids=str)
def test_a_case_is_objected_to_by_the_checks_that_it_is_for(case: Case) -> None:
    document, passages = source(case.document)
    objections = check(example(case, document), document, passages)
    assert {one.check for one in objections} == set(case.objects), [one.says for one in objections]


def test_every_check_has_a_case() -> None:
    counts = Counter(name for case in ALL.cases for name in case.objects)
    assert set(counts) == set(CHECKS)


def test_the_language_is_found_where_the_document_does_not_say_it() -> None:
    for case in ALL.cases:
        document, passages = source(case.document)
        unsaid = document.model_copy(update={"language": ""})
        objections = check(example(case, document), unsaid, passages)
        assert {one.check for one in objections} == set(case.objects), (case.answer, objections)
