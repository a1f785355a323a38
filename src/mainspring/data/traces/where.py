"""Which runs are wanted, in a small language: `approved and steps<=6 and not label=untrusted`.

    filter = clause {"or" clause}
    clause = test {"and" test}
    test   = "not" test | "(" filter ")" | WORD | FIELD op VALUE

Nothing of it is ever evaluated as code, and it is read whole before any run is looked at.
"""

import difflib
import re
from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.data.traces.words import FIELDS, OPS, WORDS, Where, compared

_TOKEN: Final = re.compile(r'\s*(?:([()]|<=|>=|!=|=|<|>)|"([^"]*)"|([^\s()<>=!"]+))')
_MARKS: Final = frozenset({"(", ")", *OPS, ""})
_JOINS: Final = frozenset({"and", "or", "not"})
_MAX_DEPTH: Final = 50


def read_where(text: str) -> Where:
    """Read a filter.

    Raises:
        ConfigError: It is none; the message says why, and which words there are.
    """
    return _Reader(text).whole()


class _Reader:
    """Reads one filter from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._cut())
        self._place = 0
        self._depth = 0

    def whole(self) -> Where:
        """Read all of it."""
        found = self._filter()
        if token := self._next():
            raise self._refused(f"{token!r} stands where it should end, or go on with 'and' or 'or'")
        return found

    def _filter(self) -> Where:
        tests = [self._clause()]
        while self._take("or"):
            tests.append(self._clause())
        return tests[0] if len(tests) == 1 else lambda run: any(test(run) for test in tests)

    def _clause(self) -> Where:
        tests = [self._test()]
        while self._take("and"):
            tests.append(self._test())
        return tests[0] if len(tests) == 1 else lambda run: all(test(run) for test in tests)

    def _test(self) -> Where:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._refused(f"it is nested deeper than {_MAX_DEPTH}")
        if self._take("not"):
            found = _negated(self._test())
        elif self._take("("):
            found = self._filter()
            if not self._take(")"):
                raise self._refused("a bracket is not closed")
        else:
            found = self._word()
        self._depth -= 1
        return found

    def _word(self) -> Where:
        name = self._next()
        if name in _MARKS or name in _JOINS:
            raise self._refused(f"{name!r} stands where a word should" if name else "a word is missing at its end")
        self._place += 1
        if (op := self._next()) in OPS:
            self._place += 1
            return self._comparison(name, op)
        if name in FIELDS:
            raise self._refused(f"{name} is compared with something, as in {name}=...")
        if name not in WORDS:
            raise self._unknown(name)
        return WORDS[name][1]

    def _comparison(self, name: str, op: str) -> Where:
        if name not in FIELDS:
            raise self._unknown(name)
        if (value := self._next()) in _MARKS:
            raise self._refused(f"{name}{op} wants a value")
        self._place += 1
        try:
            return compared(name, op, value)
        except ValueError as error:
            raise self._refused(str(error)) from error

    def _cut(self) -> list[str]:
        """Cut the text into words, comparisons and brackets; between quotation marks may stand anything."""
        found: list[str] = []
        place = 0
        while rest := self._text[place:].strip():
            token = _TOKEN.match(self._text, place)
            if token is None:
                raise self._refused(f"{rest!r} is neither a word nor a comparison")
            found.append(token[1] or token[2] or token[3] or "")
            place = token.end()
        return found

    def _next(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self, token: str) -> bool:
        is_there = self._next() == token
        self._place += is_there
        return is_there

    def _unknown(self, name: str) -> ConfigError:
        close = difflib.get_close_matches(name, [*WORDS, *FIELDS], n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        known = ", ".join([*WORDS, *(f"{field}=" for field in FIELDS)])
        return self._refused(f"there is no {name!r}{hint}; there are {known}, joined by and, or, not and ( )")

    def _refused(self, says: str) -> ConfigError:
        return ConfigError(f"the filter {self._text!r} cannot be read: {says}")


def _negated(test: Where) -> Where:
    return lambda run: not test(run)
