"""A folder as documents: in the order of the names, whatever is read first, with a word on each file that is none.

What it keeps true: every file gives documents or a reason, the same ones every time; only a few files are in
memory; no process is left when the caller is done, however that comes about.
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from typing import Final

from mainspring.core.threads import in_daemon_thread
from mainspring.data.document import Document
from mainspring.data.reading.facts import Facts, load_facts
from mainspring.data.reading.isolated import Isolated
from mainspring.data.reading.limits import Limits
from mainspring.data.reading.one import too_large
from mainspring.data.reading.outcome import Outcome
from mainspring.data.reading.skipped import Skipped
from mainspring.data.reading.walk import Found, walk

_WORKERS_AT_MOST: Final = 4
_AHEAD: Final = 3
"""Files that are begun before they are asked for, for each process: a long one does not keep the others waiting."""
_WALKED_AT_ONCE: Final = 256

Step = tuple[Found, "Future[Outcome]"] | Skipped


async def read_folder(
    path: str | Path,
    *,
    limits: Limits | None = None,
    n_workers: int | None = None,
    own_readers: Sequence[str] = (),
) -> AsyncGenerator[Document | Skipped, None]:
    """Give the documents of a folder, or of one file, in the order of their names.

    Leave it through `contextlib.aclosing` where it may not be read to its end.

    Args:
        path: The folder or the file.
        limits: What one file may cost; see there.
        n_workers: How many files are read at once; as many as there are processors, four at most, if not given.
        own_readers: Readers of the caller's own, asked before ours: `module:callable`, each gives a `Reader`.

    Raises:
        ConfigError: There is nothing there, `documents.toml` is wrong, or a library is missing.
    """
    root, facts = await in_daemon_thread(lambda: _entered(Path(path)))
    limits = limits or Limits()
    n_workers = n_workers or min(_WORKERS_AT_MOST, os.cpu_count() or 1)
    first_of: dict[str, str] = {}
    with Isolated(limits, n_workers=n_workers, own_readers=tuple(own_readers)) as isolated:
        async for step in _begun(root, isolated, limits, n_workers * _AHEAD):
            if isinstance(step, Skipped):
                yield step
                continue
            found, reading = step
            outcome = await asyncio.wrap_future(reading)
            if outcome.reason:
                yield Skipped(name=found.name, reason=outcome.reason, says=outcome.says)
            elif (first := first_of.setdefault(outcome.digest, found.name)) != found.name:
                yield Skipped(name=found.name, reason="same", says=f"it has the same bytes as {first!r}")
            else:
                for document in outcome.documents:
                    yield facts.applied(document, found.name)


def _entered(path: Path) -> tuple[Path, Facts]:
    """Give the folder or file, which may be named by a link, and what the folder says of its documents."""
    return path.resolve() if path.is_file() else path, load_facts(path)


async def _begun(root: Path, isolated: Isolated, limits: Limits, n_ahead: int) -> AsyncIterator[Step]:
    """Begin to read files some way ahead, and give them in order."""
    begun: deque[Step] = deque()
    async for found in _walked(root):
        if isinstance(found, Skipped):
            begun.append(found)
        else:
            large = too_large(found.name, found.size_bytes, limits)
            begun.append(large or (found, isolated.submit(found.path, found.name)))
        if len(begun) > n_ahead:
            yield begun.popleft()
    while begun:
        yield begun.popleft()


async def _walked(root: Path) -> AsyncIterator[Found | Skipped]:
    """Walk through a folder beside the event loop: a disk may be slow."""
    walking: Iterator[Found | Skipped] = walk(root)
    while some := await in_daemon_thread(lambda: list(islice(walking, _WALKED_AT_ONCE))):
        for found in some:
            yield found
