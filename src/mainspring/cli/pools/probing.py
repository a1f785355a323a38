"""Ask the members of configured pools directly, as a gateway would when it is to find out whether they are well.

Nothing is started and nothing fetched: of a model of this machine it is only told whether its file is here.
"""

import asyncio
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from mainspring.core.errors import ConfigError, MainspringError
from mainspring.core.threads import in_daemon_thread
from mainspring.models import open_model
from mainspring.models.chat import ChatModel
from mainspring.models.config import MemberSettings, PooledSettings, Settings
from mainspring.models.files.fetch import cached
from mainspring.models.local.embedded import EmbeddedServer
from mainspring.models.pool.member import Member
from mainspring.models.pool.opening import open_pool, pool_of

_DEADLINE_S: Final = 5.0

State = Literal["reachable", "unreachable", "here", "missing"]
"""`here`, `missing`: the file of a model that this machine would serve."""


@dataclass(frozen=True, slots=True)
class ProbedMember:
    """What a member answered."""

    name: str
    state: State
    reason: str = ""
    """Why it cannot be asked."""
    round_trip_s: float | None = None
    """Seconds until it answered, a new connection included; None where it did not."""
    tier: int = 1
    weight: float = 1.0

    @property
    def is_well(self) -> bool:
        """Whether a gateway could use it."""
        return self.state in {"reachable", "here"}


@dataclass(frozen=True, slots=True)
class ProbedPool:
    """A pool whose members were asked."""

    name: str
    members: tuple[ProbedMember, ...]

    @property
    def is_well(self) -> bool:
        """Whether any member can be asked."""
        return any(member.is_well for member in self.members)


def configured(settings: Settings) -> list[str]:
    """Name the models that a gateway would serve."""
    return list(settings.models) or [f"local:{name}" for name in settings.embedded()]


async def probe(settings: Settings, names: Collection[str]) -> tuple[ProbedPool, ...]:
    """Ask all members of these models, side by side."""
    pools = [(name, list(_opened(name, settings))) for name in names]
    async with asyncio.TaskGroup() as group:
        asked = [
            (name, [group.create_task(_probed(member, settings)) for member in members]) for name, members in pools
        ]
    return tuple(ProbedPool(name, tuple(task.result() for task in tasks)) for name, tasks in asked)


def _opened(name: str, settings: Settings) -> Iterator[Member[ChatModel] | ProbedMember]:
    """Give the members of a model; one that cannot be opened, as its key is missing, does not hide the others."""
    wanted = settings.models.get(name)
    try:
        yield from pool_of(open_model(name, settings)).members
    except ConfigError as error:
        if not isinstance(wanted, PooledSettings):
            yield ProbedMember(name, "unreachable", str(error))
            return
        for one in wanted.members:
            yield from _opened_alone(name, one, wanted, settings)


def _opened_alone(
    name: str, one: MemberSettings, pool: PooledSettings, settings: Settings
) -> Sequence[Member[ChatModel] | ProbedMember]:
    try:
        return open_pool(name, pool.model_copy(update={"members": (one,)}), settings).pool.members
    except ConfigError as error:
        known_as = one.name or f"{one.base_url or one.provider}:{one.model}"
        return [ProbedMember(known_as, "unreachable", str(error), tier=one.tier, weight=one.weight)]


async def _probed(member: Member[ChatModel] | ProbedMember, settings: Settings) -> ProbedMember:
    if isinstance(member, ProbedMember):
        return member
    if isinstance(member.endpoint.server, EmbeddedServer):
        return await in_daemon_thread(lambda: _local(member, settings))
    assert member.probe is not None  # noqa: S101 - every member that settings describe has one
    began_s = time.perf_counter()
    try:
        async with asyncio.timeout(_DEADLINE_S):
            await member.probe()
    except (MainspringError, TimeoutError) as error:
        reason = str(error) or f"nothing came within {_DEADLINE_S:g} s"
        return ProbedMember(member.name, "unreachable", reason, tier=member.tier, weight=member.weight)
    took_s = time.perf_counter() - began_s
    return ProbedMember(member.name, "reachable", "", took_s, member.tier, member.weight)


def _local(member: Member[ChatModel], settings: Settings) -> ProbedMember:
    """Say whether the file of a model of this machine is here."""
    model = member.endpoint.model
    entry = settings.embedded().get(model)
    if entry is None:
        is_here, otherwise = Path(model).expanduser().is_file(), f"there is no file {model!r}"
    else:
        is_here, otherwise = cached(entry) is not None, f"fetch it with `mainspring models pull {model}`"
    state: State = "here" if is_here else "missing"
    return ProbedMember(member.name, state, "" if is_here else otherwise, None, member.tier, member.weight)
