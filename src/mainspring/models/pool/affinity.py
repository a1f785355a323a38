"""Which member a session was last served by: its prefix cache holds the conversation there."""

from collections import OrderedDict
from typing import Final

_SESSIONS: Final = 10_000
SLACK: Final = 2.0
"""How many times the best member's expected time the session's own may have: a cached prefix saves most of the
reading, and a busy server costs more than that soon."""


class Affinity:
    """The last so many sessions and their members, by name."""

    def __init__(self) -> None:
        self._members: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._members)

    def get(self, session: str) -> str | None:
        """Give the member of a session."""
        return self._members.get(session) if session else None

    def keep(self, session: str, member: str) -> None:
        """Remember who served a session."""
        if not session:
            return
        self._members[session] = member
        self._members.move_to_end(session)
        if len(self._members) > _SESSIONS:
            self._members.popitem(last=False)

    def give_up(self, session: str, member: str) -> None:
        """Forget a member that failed its session."""
        if self._members.get(session) == member:
            del self._members[session]
