"""What the members of a pool weigh, so that one of them gets an exact share of the calls.

A member that is lighter than the heaviest of its tier gets just its part of the tier's weight (docs/pool.md), so a
share is exact as long as somebody is lighter; two of the same weight would share by load. At a whole share the
others stand one tier behind: they are asked only where the one fails. Weights among those others keep their
proportions, so every share can be gone back from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mainspring.core.errors import ConfigError

_DIGITS: Final = 9
_ALIKE: Final = 0.0003
"""Shares that are no further apart are one: nothing is changed for them."""
_LIGHTER: Final = 0.999
"""What a member weighs beside one of weight 1 where both are to get half: equal weights are shared by load."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A member, as far as shares go."""

    name: str
    tier: int = 1
    weight: float = 1.0
    replicas: int = 1
    """How many processes it is; each of them weighs as much."""

    @property
    def total(self) -> float:
        """What all of its processes weigh."""
        return self.weight * self.replicas


def share_of(members: Sequence[Weighed], name: str) -> float:
    """Give the share of calls that a member gets while everybody is well; 0 for one that is not there."""
    asked = [one for one in members if one.weight > 0]
    first = min((one.tier for one in asked), default=1)
    tier = [one for one in asked if one.tier == first]
    own = sum(one.total for one in tier if one.name == name)
    return own / sum(one.total for one in tier) if own else 0.0


def shared(members: Sequence[Weighed], name: str, share: float) -> tuple[Weighed, ...]:
    """Give the members with weights and tiers at which one of them gets a share of the calls.

    Args:
        members: All of them, that one included.
        name: Whose share it is.
        share: From 0 to 1.

    Raises:
        ConfigError: Nobody else has any weight, or the share is none.
    """
    if not 0 <= share <= 1:
        raise ConfigError(f"a share of {share:.0%} is none; it is between 0 and 100 %")
    if abs(share_of(members, name) - share) < _ALIKE:
        return tuple(members)
    one = next(member for member in members if member.name == name)
    others = _abreast([member for member in members if member.name != name], one)
    asked = [member for member in others if member.weight > 0]
    if not asked:
        raise ConfigError(f"{name!r} has no others with a weight beside it that could take the rest")
    first = min(member.tier for member in asked)
    heaviest = max(member.weight for member in asked if member.tier == first)
    others = _over(others, first, heaviest)
    if share == 1:
        behind = [replace(member, tier=member.tier + 1) for member in others]
        return _in_order(members, [*behind, replace(one, tier=first, weight=1.0)])
    rest = sum(member.total for member in others if member.tier == first)
    weight = _rounded(share * rest / (1 - share) / one.replicas)
    if weight <= 1:
        own = _LIGHTER if weight == 1 else weight
        return _in_order(members, [*others, replace(one, tier=first, weight=own)])
    return _in_order(members, [*_over(others, first, weight), replace(one, tier=first, weight=1.0)])


def _abreast(others: Sequence[Weighed], one: Weighed) -> list[Weighed]:
    """Bring the others back beside a member that had everything."""
    asked = [member.tier for member in others if member.weight > 0]
    back = max(0, min(asked, default=one.tier) - one.tier) if one.weight > 0 else 0
    return [replace(member, tier=member.tier - back) for member in others]


def _over(members: Sequence[Weighed], tier: int, weight: float) -> list[Weighed]:
    """Divide what the members of a tier weigh."""
    return [
        replace(member, weight=_rounded(member.weight / weight)) if member.tier == tier else member
        for member in members
    ]


def _in_order(members: Sequence[Weighed], changed: Sequence[Weighed]) -> tuple[Weighed, ...]:
    by_name = {member.name: member for member in changed}
    return tuple(by_name[member.name] for member in members)


def _rounded(weight: float) -> float:
    return round(weight, _DIGITS)
