"""Rows that say what an earlier one says, and questions of the one split that are asked in the other.

Equal ones are found among all rows; conversations of several turns are compared as a whole. Near ones, by their
wording and never by their meaning, are looked for among the first so many, as what they are compared with stays in
memory.
"""

import hashlib
from typing import Final

from mainspring.core.errors import ConfigError
from mainspring.data.checking.findings import Collected
from mainspring.data.cleaning.duplicates import ExampleDuplicates
from mainspring.data.writing import Words

MOST_NEAR: Final = 100_000
"""Rows that near ones are looked for among: about 400 MB."""


class RepeatCheck:
    """Compares each row with those before it.

    Args:
        found: Where to say what is wrong.
    """

    def __init__(self, found: Collected) -> None:
        self.notes: list[str] = []
        self._found = found
        self._rows: dict[bytes, str] = {}
        self._questions: dict[bytes, str] = {}
        self._near = self._near_ones()
        self._n_looked = 0

    def look(self, words: Words, where: str, *, is_recorded: bool = False) -> None:
        """Compare a row, of which nothing else is wrong.

        Args:
            words: What it says.
            where: Its shard and line.
            is_recorded: Whether it comes from a run, and runs may well be alike.
        """
        twin = self._rows.setdefault(_key(words.question, words.answer, words.rejected, words.rest), where)
        if twin != where:
            is_error = _split(twin) != _split(where) or not is_recorded
            self._say(twin, where, "it says what", is_error=is_error)
        elif not words.rest:
            self._look_at_question(words, where)

    def _look_at_question(self, words: Words, where: str) -> None:
        asked = self._questions.setdefault(_key(words.question), where)
        if asked == where:
            self._look_nearer(words, where)
        elif _split(asked) != _split(where):
            self._found.error("leakage", f"its question is asked in {asked} too", where)
        elif not words.rejected:
            self._found.warn("duplicates", f"its question is that of {asked}, with another answer", where)

    def _look_nearer(self, words: Words, where: str) -> None:
        self._n_looked += 1
        if self._near is None or words.rejected:
            return
        if self._n_looked > MOST_NEAR:
            self._near = None
            self.notes.append(f"near duplicates were looked for among the first {MOST_NEAR:,} rows only")
            return
        match = self._near.add(where, words.question, words.answer)
        if match is not None:
            self._say(match.id, where, f"to {match.similarity:.0%} it says what", is_error=False)

    def _say(self, earlier: str, where: str, says: str, *, is_error: bool) -> None:
        check = "duplicates" if _split(earlier) == _split(where) else "leakage"
        tell = self._found.error if is_error else self._found.warn
        tell(check, f"{says} {earlier} says", where)

    def _near_ones(self) -> ExampleDuplicates | None:
        try:
            return ExampleDuplicates()
        except ConfigError as error:
            self.notes.append(f"near duplicates were not looked for: {error}")
            return None


def _split(where: str) -> str:
    return where.partition("-")[0]


def _key(*texts: str) -> bytes:
    plain = "\0".join(" ".join(text.casefold().split()) for text in texts)
    return hashlib.blake2b(plain.encode(errors="surrogatepass"), digest_size=16).digest()
