"""Tools with which a model remembers, recalls and forgets by itself.

What it remembers is labelled as badly as the worst of the conversation it does so in. What it recalls is trusted
only if all of the notes are.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from mainspring.core.errors import ToolError
from mainspring.memory.note import Kind, NewNote, Note, Scope
from mainspring.memory.recollection import SHOWN_CHARS, told
from mainspring.memory.store import MemoryStore
from mainspring.tools import AnyTool, conversation_label, distrust_result, idempotency_key, tool

N_RECALLED: Final = 5


def memory_tools(
    store: MemoryStore, *, agent: str | None = None, user: str | None = None, limit: int = N_RECALLED
) -> list[AnyTool]:
    """Give the tools `remember`, `recall` and `forget`.

    Notes are kept in the scope of agent and user together; recalled are also those of the agent alone and of the
    user alone. A model can forget what concerns the user, and without one what concerns the agent.

    Args:
        store: Where notes are kept.
        agent: For which agent; for every agent of the user if not given.
        user: For which user; for no user in particular if not given.
        limit: How many notes are recalled at once.

    Raises:
        ConfigError: Neither agent nor user is given.
    """
    scope = Scope(agent=agent, user=user)
    return [_remember(store, scope), _recall(store, scope, limit), _forget(store, scope)]


def _remember(store: MemoryStore, scope: Scope) -> AnyTool:
    async def remember(text: str, kind: Kind = "fact") -> str:
        """Keep something for later conversations.

        Args:
            text: One thing, in one sentence that can be understood by itself.
            kind: What it is: fact, preference, lesson or episode.
        """
        n_chars = len(text.strip())
        if not 0 < n_chars <= SHOWN_CHARS:
            raise ToolError(
                f"a note has 1 to {SHOWN_CHARS} characters, this one has {n_chars}; make it one sentence"
            )
        new = NewNote(text=text, scope=scope, kind=kind, label=conversation_label(), source=_source())
        return f"Remembered as {(await store.add(new)).id}."

    made: AnyTool = tool(effect="write", authority=[], trusted=True, in_doubt="retry")(remember)
    return made


def _recall(store: MemoryStore, scope: Scope, limit: int) -> AnyTool:
    async def recall(query: str) -> str:
        """Look up what is remembered from earlier conversations.

        Args:
            query: A few words that the note may have.
        """
        found = await store.search(query, scope.reach, limit)
        words = told_as_result([item.note for item in found])
        return words or "Nothing is remembered that fits; try other words, or go on without."

    made: AnyTool = tool(effect="none", authority=[], trusted=True)(recall)
    return made


def _forget(store: MemoryStore, scope: Scope) -> AnyTool:
    own = [within for within in scope.reach if within.user == scope.user]

    async def forget(id: str) -> str:  # noqa: A002 - the word a model understands
        """Delete a note for good.

        Args:
            id: The note's id, as recall or remember gave it.
        """
        n_removed = await store.forget(own, [id.strip()])
        return "Forgotten." if n_removed else "There is no such note here; recall tells the ids."

    made: AnyTool = tool(effect="destroy", authority=["id"], trusted=True, in_doubt="retry")(forget)
    return made


def told_as_result(notes: Sequence[Note]) -> str:
    """Say notes as the result of the trusted tool that asks for it; an empty text where there are none.

    Secret ones are left out, as a result cannot be labelled so; one that is not trusted makes the result so.
    """
    shown = [note for note in notes if note.label.confidentiality != "secret"]
    if not all(note.is_trusted for note in shown):
        distrust_result()
    return told(shown) if shown else ""


def _source() -> str:
    """Name the call that writes, which begins with its run; nothing where no agent calls."""
    with suppress(RuntimeError):
        return idempotency_key()
    return ""
