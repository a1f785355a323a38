"""What a build keeps in the store of runs besides its runs: documents, its spec, and what came of each assignment.

All of it stands under keys made of what it depends on, beside the replies of models, so that whoever opens the
store finds what is done already, on whichever machine it was done.
"""

import zlib
from typing import Final, TypeVar

from mainspring.core import Clock
from mainspring.core.errors import JournalError
from mainspring.data.calls import key_of
from mainspring.data.document import Document, Value
from mainspring.runs.journal import Responses

ValueT = TypeVar("ValueT", bound=Value)

_LEVEL: Final = 1
"""Of zlib: text becomes a third, for less time than writing the rest would take."""


class Archive:
    """Keeps values.

    Args:
        responses: Where.
        clock: Tells when.
    """

    def __init__(self, responses: Responses, clock: Clock) -> None:
        self.responses = responses
        self._clock = clock

    async def keep(self, key: str, value: Value) -> None:
        """Keep a value; one that is there already stays."""
        packed = zlib.compress(value.model_dump_json().encode(), _LEVEL)
        await self.responses.store_response(key, packed, self._clock.now())

    async def find(self, key: str, kind: type[ValueT]) -> ValueT | None:
        """Give a kept value; None where there is none."""
        packed = await self.responses.response(key)
        return None if packed is None else kind.model_validate_json(zlib.decompress(packed))

    async def take(self, key: str, kind: type[ValueT]) -> ValueT:
        """Give a value that was kept.

        Raises:
            JournalError: There is none.
        """
        found = await self.find(key, kind)
        if found is None:
            raise JournalError(f"the store holds no {kind.__name__} under {key}; was it the one of this build?")
        return found

    async def keep_document(self, document: Document) -> None:
        """Keep a document."""
        await self.keep(_document_key(document.id), document)

    async def document(self, id: str) -> Document:  # noqa: A002 - it is one
        """Give a document that was kept.

        Raises:
            JournalError: There is none of that id.
        """
        return await self.take(_document_key(id), Document)


def _document_key(id: str) -> str:  # noqa: A002 - it is one
    return key_of("document", id)
