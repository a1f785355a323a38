"""The index of words that pieces are found by: FTS5 on SQLite, a tsvector on PostgreSQL.

A piece is found by its own words and by those that people use for what its attributes say (`traits.toml`): asked
for something "for a roofless terrace that stands frost", the index knows what a terrace and frost ask of a chair.
Any of the words may match. What matches more of them comes first, a word for the kind of thing counting twice; then
what matches in weightier places.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    text,
    union_all,
)

_LASTS: Final = 2
"""The grade from which a piece is said to stand a kind of weather."""
_WORD: Final = re.compile(r"[^\W_]{2,40}")
_MOST_WORDS: Final = 24
_INDEX: Final = table("pieces_words", column("sku"), column("words"))


@dataclass(frozen=True, slots=True)
class Document:
    """The words of a piece, the weightiest first."""

    kind: str
    name: str
    traits: str
    materials: str
    description: str


def kind_words(kind: str) -> str:
    """Give the words people use for a kind of thing."""
    return _table()["kind"][kind]


def trait_words(stands: str, weather: Mapping[str, int], *, folds: bool) -> str:
    """Give the words people use for what attributes say."""
    known = _table()
    said = [known["stands"][stands]]
    said += [known["stands"]["covered"]] if stands == "open" else []
    said += [known["weather"][name] for name, grade in weather.items() if grade >= _LASTS]
    said += [known["folds"]["yes"]] if folds else []
    return " ".join(said)


def index(db: Connection, sku: str, document: Document) -> None:
    """Put a piece into the index."""
    values = asdict(document)
    if db.dialect.name == "postgresql":
        weighted = " || ".join(
            f"setweight(to_tsvector('english', :{name}), '{weight}')"
            for name, weight in zip(values, "ABCDD", strict=True)
        )
        statement = f"INSERT INTO pieces_words (sku, words) VALUES (:sku, {weighted})"  # noqa: S608 - our own words
    else:
        statement = (
            "INSERT INTO pieces_words (sku, kind, name, traits, materials, description) "
            "VALUES (:sku, :kind, :name, :traits, :materials, :description)"
        )
    db.execute(text(statement), {"sku": sku, **values})


def terms(said: str) -> list[str]:
    """Give the words of a question that say something, each once."""
    ignored = _table()["query"]["ignored"].split()
    found = (word.lower() for word in _WORD.findall(said))
    return list(dict.fromkeys(word for word in found if word not in ignored))[:_MOST_WORDS]


def matching(db: Connection, statement: Select[Any], sku: ColumnElement[str], wanted: list[str]) -> Select[Any]:
    """Keep of a statement what matches any of the words, the best first."""
    joined = statement.join(_INDEX, _INDEX.c.sku == sku)
    if db.dialect.name == "postgresql":
        return _in_postgres(joined, wanted).order_by(sku)
    return _in_sqlite(joined, wanted).order_by(sku)


def _in_postgres(statement: Select[Any], wanted: list[str]) -> Select[Any]:
    def matches(query: str) -> ColumnElement[bool]:
        return _INDEX.c.words.op("@@", is_comparison=True)(func.to_tsquery("english", query))

    parts = [cast(matches(word), Integer) + cast(matches(f"{word}:A"), Integer) for word in wanted]
    n_matched = sum(parts[1:], parts[0])
    any_of = " | ".join(wanted)
    rank = func.ts_rank(_INDEX.c.words, func.to_tsquery("english", any_of))
    return statement.where(matches(any_of)).order_by(n_matched.desc(), rank.desc())


def _in_sqlite(statement: Select[Any], wanted: list[str]) -> Select[Any]:
    quoted = [f'"{word}"' for word in wanted]
    queries = quoted + [f"kind : {word}" for word in quoted]
    each = union_all(
        *(
            select(_INDEX.c.sku).where(
                text(f"pieces_words MATCH :query_{place}").bindparams(**{f"query_{place}": query})
            )
            for place, query in enumerate(queries)
        )
    ).subquery()
    counted = select(each.c.sku, func.count().label("n_matched")).group_by(each.c.sku).subquery()
    rank: ColumnElement[float] = literal_column("bm25(pieces_words, 0.0, 8.0, 6.0, 4.0, 2.0, 1.0)")
    return (
        statement.join(counted, counted.c.sku == _INDEX.c.sku)
        .where(text("pieces_words MATCH :words").bindparams(words=" OR ".join(quoted)))
        .order_by(counted.c.n_matched.desc(), rank)
    )


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((Path(__file__).parent / "traits.toml").read_text(encoding="utf-8"))
