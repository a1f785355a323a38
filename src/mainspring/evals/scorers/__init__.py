"""What cases may expect, one scorer a file, by the names that suites have for them.

`calls`, `no_call`, `exact`, `says`, `numeric`, `schema`, `cites` and `overlap` are code; `judge` asks a model.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from mainspring.core import JsonObject
from mainspring.evals.scorers.calls import Calls
from mainspring.evals.scorers.cites import Cites
from mainspring.evals.scorers.exact import Exact
from mainspring.evals.scorers.judged import Judged
from mainspring.evals.scorers.no_call import NoCall
from mainspring.evals.scorers.numeric import Numeric
from mainspring.evals.scorers.overlap import Overlap
from mainspring.evals.scorers.says import Says
from mainspring.evals.scorers.typed import Typed

Expected = Calls | NoCall | Exact | Says | Numeric | Typed | Cites | Overlap | Judged

SCORERS: Final[Mapping[str, type[Expected]]] = {
    "calls": Calls,
    "no_call": NoCall,
    "exact": Exact,
    "says": Says,
    "numeric": Numeric,
    "schema": Typed,
    "cites": Cites,
    "overlap": Overlap,
    "judge": Judged,
}
_TOLD_BY: Final[Mapping[str, str]] = {
    "calls": "calls",
    "no_call": "no_call",
    "says": "says",
    "never": "says",
    "schema": "schema",
    "spans": "cites",
    "source": "cites",
    "criterion": "judge",
}
"""Fields that one scorer alone has, and which: a case that has one need not name its scorer."""

__all__ = ["SCORERS", "Expected", "Judged", "expected", "scorer_for"]


def scorer_for(expect: JsonObject, usual: str) -> str:
    """Name the scorer of a case that names none: the one its fields belong to, or else the usual one."""
    return next((scorer for field, scorer in _TOLD_BY.items() if field in expect), usual)


def expected(scorer: str, expect: JsonObject) -> Expected:
    """Read what a case expects.

    Raises:
        ValueError: There is no such scorer, or it has no use for these fields.
    """
    if scorer not in SCORERS:
        raise ValueError(f"there is no scorer {scorer!r}; there are {', '.join(SCORERS)}")
    try:
        return SCORERS[scorer].model_validate(expect)
    except ValidationError as error:
        problems = "; ".join(
            f"expect.{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_url=False)
        )
        raise ValueError(f"{problems} (scorer {scorer!r})") from error
