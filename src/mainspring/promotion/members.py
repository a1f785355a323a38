"""The members of a pool as they stand in `mainspring.toml`: plain tables in, plain tables out.

A model at one server becomes a pool of one that works as it did; a candidate is a member that goes by the name of
its model, with a share. Nothing here reads or writes a file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from mainspring.core.errors import ConfigError
from mainspring.models.config import FILE_NAME, EndpointSettings, nearest
from mainspring.promotion.shares import Weighed, share_of, shared

Table = Mapping[str, Any]
"""A table of TOML."""

_OF_A_SERVER: Final = frozenset({*EndpointSettings.model_fields, "url"})
_ALIKE: Final = frozenset({"sampling", "deadline_s", "progress_s"})
"""What is said of a model, and in a pool of all members."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to stand under `[models]`, and what that does to the pool."""

    models: dict[str, Any]
    before: tuple[Weighed, ...]
    after: tuple[Weighed, ...]


def with_share(models: Table, pool: str, model: str, share: float, *, kept_as: str = "") -> Change:
    """Give the models with a candidate in a pool that gets a share of its calls.

    Args:
        models: All that stands under `[models]`.
        pool: The pool, or a model at one server that becomes one.
        model: The candidate, as an agent would name it.
        share: From 0 to 1.
        kept_as: A name under which those that were there before can be asked alone, as for an escalation.

    Raises:
        ConfigError: One of them is not there, the candidate is a pool itself, or nobody is there beside it.
    """
    present = _named(models, pool)
    made = _pooled(present)
    members = [dict(member) for member in made["members"]]
    before = _weighed(members)
    own = next((member for member in members if member.get("name") == model), None)
    if own is None:
        own = {"name": model, "weight": 0.0}
        members.append(own)
    _replace_server(own, _candidate(models, pool, model))
    after = shared(_weighed(members), model, share)
    for member, weighed in zip(members, after, strict=True):
        _set(member, "weight", weighed.weight, 1.0)
        _set(member, "tier", weighed.tier, 1)
    changed = {**models, pool: {**made, "members": members}}
    if kept_as and kept_as not in models:
        others = [dict(member) for member in made["members"] if member.get("name") != model]
        changed[kept_as] = {**made, "members": others} if "members" in present else dict(present)
    return Change(changed, before, after)


def without(models: Table, pool: str, model: str) -> dict[str, Any]:
    """Give the settings of a pool as it is without a candidate."""
    present = _named(models, pool)
    if "members" not in present:
        return dict(present)
    members = [member for member in present["members"] if member.get("name") != model]
    if not any(member.get("weight", 1.0) > 0 for member in members):
        raise ConfigError(f"pool {pool!r} has nobody but {model!r}")
    return {**present, "members": members}


def present_share(models: Table, pool: str, model: str) -> float:
    """Give the share of a pool's calls that a member gets."""
    return share_of(_weighed(_pooled(_named(models, pool))["members"]), model)


def _named(models: Table, name: str) -> Table:
    if name not in models:
        known = list(models)
        raise ConfigError(f"there is no model {name!r} in {FILE_NAME}{nearest(name, known)}; add [models.{name}]")
    table: Table = models[name]
    return table


def _pooled(table: Table) -> dict[str, Any]:
    """Make a pool of a model at one server, which works as that one did."""
    if "members" in table:
        return dict(table)
    member = {key: value for key, value in table.items() if key in _OF_A_SERVER}
    pool = {key: value for key, value in table.items() if key in _ALIKE}
    if "retries" in table:
        pool["attempts"] = table["retries"] + 1
    return {**pool, "members": [member]}


def _candidate(models: Table, pool: str, model: str) -> dict[str, Any]:
    """Give the server of a candidate."""
    if model == pool:
        raise ConfigError(f"{model!r} cannot be a member of itself")
    if model in models:
        if "members" in models[model]:
            raise ConfigError(f"{model!r} is a pool; promote one of its members, named on its own")
        return {key: value for key, value in models[model].items() if key in _OF_A_SERVER}
    provider, colon, name = model.partition(":")
    if not colon or not name:
        raise ConfigError(
            f"there is no model {model!r} in {FILE_NAME}{nearest(model, list(models))}; "
            "`mainspring models add` adds one"
        )
    return {"provider": provider, "model": name}


def _replace_server(member: dict[str, Any], server: Mapping[str, Any]) -> None:
    for key in _OF_A_SERVER & member.keys():
        del member[key]
    member.update(server)


def _weighed(members: Sequence[Table]) -> tuple[Weighed, ...]:
    found: list[Weighed] = []
    for number, member in enumerate(members):
        name = _called(member)
        if any(one.name == name for one in found):
            name = f"{name} ({number + 1})"
        found.append(
            Weighed(name, member.get("tier", 1), float(member.get("weight", 1.0)), member.get("replicas", 1))
        )
    return tuple(found)


def _called(member: Table) -> str:
    """Give what a member is called: its name, or its place and model."""
    if "name" in member:
        return str(member["name"])
    url = member.get("url") or member.get("base_url")
    return f"{urlsplit(url).netloc if url else member.get('provider')}:{member.get('model')}"


def _set(member: dict[str, Any], key: str, value: float, usual: float) -> None:
    """Write a number where it is not the usual one, or where one stands already."""
    if value != usual or key in member:
        member[key] = value
