"""What a contender of `pool_policy.py` is: something that has a call served by one of several servers.

All of them may send a call six times, and none is told what the servers are like.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from benchmarks.pool_servers import Servers

ATTEMPTS: Final = 6
"""How often one call may be sent."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A policy that is ready to be asked."""

    call: Callable[[], Awaitable[object]]
    """Has one call served."""
    failures: tuple[type[Exception], ...]
    """What it raises where it gives up."""


Connect = Callable[[Servers, Random], Contender]
"""Makes a contender over some servers, in the loop that it will run in; its choices are drawn from the chance."""
