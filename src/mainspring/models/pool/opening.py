"""From settings to a pool: each member is a model at a server, with a way to find out whether it is well."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from mainspring.models.chat import ChatModel
from mainspring.models.config import EndpointSettings, MemberSettings, ModelSettings, PooledSettings, Settings
from mainspring.models.endpoint import LOCAL_DEADLINE_S, open_endpoint
from mainspring.models.http import get
from mainspring.models.local.embedded import EmbeddedServer
from mainspring.models.pool.member import Member
from mainspring.models.pool.model import PooledModel
from mainspring.models.pool.pool import Pool
from mainspring.models.pool.settings import PoolSettings


def open_pool(name: str, wanted: PooledSettings, settings: Settings) -> PooledModel:
    """Open all members of a pool; none of them is asked anything yet.

    Raises:
        ConfigError: A member's provider is not known, its key is missing, or two were given the same name.
    """
    given = {field: getattr(wanted, field) for field in PoolSettings.model_fields}
    if "deadline_s" not in wanted.model_fields_set and any(one.provider == "local" for one in wanted.members):
        given["deadline_s"] = LOCAL_DEADLINE_S
    alike = {"sampling": wanted.sampling, "progress_s": wanted.progress_s or given["deadline_s"]}
    members: list[Member[ChatModel]] = []
    for one in wanted.members:
        for replica in range(one.replicas):
            members.append(_member(one, replica, alike, settings, {member.name for member in members}))
    return PooledModel(Pool(name, members, PoolSettings(**given)))


def replicas(wanted: ModelSettings) -> PooledSettings | None:
    """Give the pool that several processes of one local model are; None where there is one process."""
    if wanted.replicas == 1:
        return None
    given = {"deadline_s": wanted.deadline_s, "progress_s": wanted.progress_s, "sampling": wanted.sampling}
    members = (MemberSettings(**_endpoint(wanted)),)
    return PooledSettings(members=members, **{name: value for name, value in given.items() if value is not None})


def _member(
    one: MemberSettings, replica: int, alike: dict[str, Any], settings: Settings, taken: set[str]
) -> Member[ChatModel]:
    name = next(free for free in _names(one, replica) if free not in taken or free == one.name)
    alone = ModelSettings(**_endpoint(one), **alike)
    model = open_endpoint(name, alone, settings, replica)
    made = member(model, tier=one.tier, weight=one.weight, concurrency=one.concurrency)
    made.made_of = f"{alone.model_dump_json()} {settings.providers}"
    return made


def member(
    model: ChatModel, *, tier: int = 1, weight: float = 1.0, concurrency: int | None = None
) -> Member[ChatModel]:
    """Make a member of a model: a server elsewhere is probed for its models, one of this machine is started."""
    server = model.server
    local = server if isinstance(server, EmbeddedServer) else None

    async def probe() -> None:
        address = await server.ready()
        if local is None:
            await get(address, "/models")

    return Member(
        model.name,
        model,
        tier=tier,
        weight=weight,
        concurrency=concurrency,
        probe=probe,
        is_up=None if local is None else lambda: local.is_up,
    )


def pool_of(model: ChatModel | PooledModel) -> Pool[ChatModel]:
    """Give the pool of a model; one at a single server becomes a pool of one."""
    if isinstance(model, PooledModel):
        return model.pool
    alone = member(model)
    alone.made_of = f"{id(model)}"  # opened again it counts as another: what it was made of is not known here
    return Pool(model.name, [alone], PoolSettings(deadline_s=model.deadline_s))


def _endpoint(settings: EndpointSettings) -> dict[str, Any]:
    """Give what is said of a model at a server, of whichever kind its settings are."""
    return {name: getattr(settings, name) for name in EndpointSettings.model_fields}


def _names(one: MemberSettings, replica: int) -> Iterator[str]:
    """Give names for a member, the plainest first."""
    place = urlsplit(one.base_url).netloc if one.base_url else one.provider
    plain = one.name or f"{place}:{one.model}"
    if one.replicas == 1:
        yield plain
    number = replica
    while True:
        yield f"{plain}#{number}"
        number += 1
