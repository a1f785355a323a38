"""Runs of a store as training conversations: read one by one, chosen, and put into words to learn from.

What it keeps true: only runs with an answer are taken, each once; what is secret stays out unless somebody says
otherwise; a run that cannot be read is counted and passed over, and every other one is still looked at.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, Literal

from pydantic_core import to_json

from mainspring.core.errors import EventVersionError, JournalError, JournalUnavailable
from mainspring.core.events import Finished
from mainspring.data.example import Candidate, Example, Objection, Provenance
from mainspring.data.traces.conversation import Conversation, conversation_of
from mainspring.data.traces.counts import Counts, Reason
from mainspring.data.traces.ended import ended_children, ended_runs
from mainspring.data.traces.facts import Facts, facts_of
from mainspring.data.traces.where import read_where
from mainspring.data.traces.words import Where
from mainspring.runs import RunRow, Runs
from mainspring.runs.definition import Definition, definition_of
from mainspring.runs.history import History

Handling = Literal["leave_out", "mark", "take"]
"""Leave such runs out / take them with an objection, so that a person decides / take them as any other."""

_UNKNOWN_VERSION: Final = "?"
"""Journals keep the digest of a prompt, and not its version."""
_SAYS: Final[dict[Reason, str]] = {
    "secret": "it holds words labelled secret",
    "untrusted": "it holds words that anybody may have written, such as a tool's result",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """How runs are taken."""

    children: bool = False
    """Whether the runs that a taken run has begun are examples of their own."""
    keep_corrections: bool = False
    """Whether steps that were corrected stay, with the corrections."""
    secret: Handling = "leave_out"  # noqa: S105 - it is none
    untrusted: Handling = "take"
    limit: int | None = None
    """The newest so many."""


async def traces(
    runs: Runs,
    *,
    agent: str,
    where: str = "finished",
    taking: Taking | None = None,
    counts: Counts | None = None,
) -> AsyncIterator[Candidate]:
    """Give the runs of an agent as candidates, the newest first, children behind whoever began them.

    Args:
        runs: The store.
        agent: Whose runs.
        where: A filter (`read_where`); children need not fit it.
        taking: How runs are taken.
        counts: Is told what becomes of each run.

    Raises:
        ConfigError: The filter cannot be read.
        JournalUnavailable: The store cannot be reached.
    """
    reader = _Reader(runs, read_where(where), taking or Taking(), counts or Counts())
    async with aclosing(ended_runs(runs, agent)) as rows:
        async for row in rows:
            for candidate in await reader.take(row):
                yield candidate
            if reader.is_done:
                return


class _Reader:
    """Reads runs, and remembers which it has given."""

    def __init__(self, runs: Runs, where: Where, taking: Taking, counts: Counts) -> None:
        self._runs = runs
        self._where = where
        self._taking = taking
        self._counts = counts
        self._taken: set[str] = set()
        """Runs that were given, as children or for themselves; kept only where they may be come to twice."""
        self._words: set[bytes] = set()
        """Digests of the conversations that were given."""

    @property
    def is_done(self) -> bool:
        """Whether there are as many as are wanted."""
        return self._taking.limit is not None and self._counts.n_taken >= self._taking.limit

    async def take(self, row: RunRow) -> list[Candidate]:
        """Give what a run comes to, and its children where they are wanted."""
        taken: list[Candidate] = []
        waiting = [row]
        while waiting and not self.is_done:
            found = waiting.pop()
            if found.id in self._taken:
                continue
            self._counts.n_looked_at += 1
            read = await self._read(found, is_child=found is not row)
            if isinstance(read, Candidate):
                taken.append(read)
                self._counts.n_taken += 1
                self._counts.n_marked += not read.is_accepted
            else:
                self._counts.leave_out(*read)
            if self._taking.children and (isinstance(read, Candidate) or read[0] == "same_words"):
                self._taken.add(found.id)
                waiting += reversed(await ended_children(self._runs, found.id))
        return taken

    async def _read(self, row: RunRow, *, is_child: bool) -> Candidate | tuple[Reason, str]:
        try:
            entries = await self._runs.store.entries(row.id)
            history = History(entries)
            definition = await definition_of(self._runs.store, history)
            facts = facts_of(row, entries, history)
        except JournalUnavailable:
            raise
        except (EventVersionError, JournalError) as error:
            return "unreadable", f"run {row.id!r}: {error}"
        if not is_child and not self._where(facts):
            return "filter", ""
        if not isinstance(history.ended, Finished):
            return "no_answer", ""
        said = conversation_of(entries, definition, history.ended, keep_corrections=self._taking.keep_corrections)
        return self._judged(facts, definition, said)

    def _judged(self, facts: Facts, definition: Definition, said: Conversation) -> Candidate | tuple[Reason, str]:
        """Leave out what is not to be learnt from, and mark what somebody has to look at."""
        if not said.question.strip():
            return "no_question", ""
        objections = []
        found: tuple[tuple[Reason, bool, Handling], ...] = (
            ("secret", facts.label.confidentiality == "secret", self._taking.secret),
            ("untrusted", facts.label.integrity == "untrusted", self._taking.untrusted),
        )
        for reason, is_so, handling in found:
            if is_so and handling == "leave_out":
                return reason, ""
            if is_so and handling == "mark":
                objections.append(Objection(check=reason, says=_SAYS[reason]))
        candidate = _candidate(facts, definition, said, tuple(objections))
        words = hashlib.sha256(to_json(said.messages)).digest()
        if words in self._words:
            return "same_words", ""
        self._words.add(words)
        return candidate


def _candidate(
    facts: Facts, definition: Definition, said: Conversation, objections: tuple[Objection, ...]
) -> Candidate:
    run, agent = facts.row.id, facts.row.agent
    return Candidate(
        example=Example(
            kind="conversation", question=said.question, answer=said.answer, spans=(), document=run, passages=()
        ),
        provenance=Provenance(
            prompts={agent: f"{_UNKNOWN_VERSION}:{definition.prompt}"},
            models={agent: ", ".join(facts.models)},
            run=run,
        ),
        objections=objections,
        tools=said.tools,
        messages=said.messages,
    )
