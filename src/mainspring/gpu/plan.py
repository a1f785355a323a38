"""How many GPUs of a kind a model needs, and what to change to need fewer.

Keeps true: the count is the smallest of those tried whose high bound fits the usable memory; every smaller count is
listed with what it could carry.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from mainspring.core.errors import ConfigError
from mainspring.gpu.advice import Advice, advise
from mainspring.gpu.catalog import Gpu, find_gpu
from mainspring.gpu.fit import Ask, Room, Verdict, best_split, gpu_counts, measure, most_that_fits, possible_splits
from mainspring.gpu.interval import Breakdown, Interval
from mainspring.gpu.notes import notes_for
from mainspring.gpu.shape import Shape
from mainspring.gpu.split import Split, check_split

COMMON_GPUS = ("RTX 4090", "RTX 5090", "L4", "L40S", "A100 80GB", "H100", "H200", "B200", "MI300X")
"""What a comparison lists."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One number of GPUs and how far it goes."""

    room: Room
    split: Split
    total: Interval
    verdict: Verdict
    most: int
    """Users, or sequences in a micro-batch, that fit."""

    @property
    def n_gpus(self) -> int:
        """GPUs in all."""
        return self.split.n_gpus


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer for one model on one kind of GPU."""

    shape: Shape
    ask: Ask
    room: Room
    split: Split
    breakdown: Breakdown
    """The fullest GPU, term by term."""
    verdict: Verdict
    most: int
    """Users, or sequences in a micro-batch, that fit on these GPUs."""
    fewer: tuple[Rung, ...] = ()
    """Smaller counts, where the count was left to the plan."""
    advice: tuple[Advice, ...] = ()
    """What makes it fit, or fit on the next smaller count."""
    advice_for: int = 1
    """The number of GPUs that the advice is about."""
    notes: tuple[str, ...] = ()

    @property
    def n_gpus(self) -> int:
        """GPUs in all."""
        return self.split.n_gpus


def plan(shape: Shape, gpu: Gpu, ask: Ask, *, on: int | Split | None = None, usable_share: float = 0.9) -> Plan:
    """Find the smallest number of GPUs that does what is asked, or judge a given number.

    Args:
        shape: The model.
        gpu: The kind of GPU.
        ask: A `Workload` to serve or a `TrainingJob`.
        on: A number of GPUs or a split to judge; the smallest number that fits otherwise.
        usable_share: The share of each GPU's memory that may be filled.

    Returns:
        The plan; its verdict is "too big" if no number of GPUs that was tried is enough.

    Raises:
        ConfigError: The given GPUs cannot divide the model.
    """
    room = Room(gpu, usable_share)
    if on is not None:
        return _finish(shape, ask, room, _given(shape, ask, room, on), ())
    chosen, fewer = _smallest(shape, ask, room)
    return _finish(shape, ask, room, chosen, fewer)


def compare(
    shape: Shape, ask: Ask, gpus: Iterable[Gpu] | None = None, *, usable_share: float = 0.9
) -> tuple[Rung, ...]:
    """Tell how many of each kind of GPU are needed, in the order given; the common ones otherwise."""
    rungs = []
    for gpu in gpus or map(find_gpu, COMMON_GPUS):
        room = Room(gpu, usable_share)
        split, _ = _smallest(shape, ask, room)
        rungs.append(_rung(shape, ask, room, split))
    return tuple(rungs)


def _given(shape: Shape, ask: Ask, room: Room, on: int | Split) -> Split:
    if isinstance(on, Split):
        check_split(shape, on)
        return on
    if on < 1:
        raise ConfigError(f"{on} GPUs cannot hold anything; ask for at least 1")
    split = best_split(shape, ask, room, on)
    if split is None:
        raise ConfigError(f"{shape.name} cannot be divided over {on} {room.gpu.name}; try a power of two")
    return split


def _smallest(shape: Shape, ask: Ask, room: Room) -> tuple[Split, tuple[Split, ...]]:
    """Climb the counts until one fits; the last one tried if none does."""
    tried: list[Split] = []
    for count in gpu_counts(room.gpu):
        split = best_split(shape, ask, room, count)
        if split is None:
            continue
        if room.verdict(measure(shape, ask, split)) == "fits":
            return split, tuple(tried)
        tried.append(split)
    if not tried:
        raise ConfigError(f"{shape.name} cannot be divided over any number of {room.gpu.name!r}")
    return tried[-1], ()


def _rung(shape: Shape, ask: Ask, room: Room, split: Split) -> Rung:
    breakdown = measure(shape, ask, split)
    most = most_that_fits(shape, ask, split, room)
    return Rung(room, split, breakdown.total, room.verdict(breakdown), most)


def _most_at(shape: Shape, ask: Ask, room: Room, n_gpus: int, chosen: Split) -> Rung:
    """Find the split of this count that carries the most, which need not be the one nearest to fitting."""
    splits = [s for s in possible_splits(shape, ask, room.gpu, n_gpus) if s.pipeline == chosen.pipeline]
    return max((_rung(shape, ask, room, split) for split in splits or [chosen]), key=lambda rung: rung.most)


def _finish(shape: Shape, ask: Ask, room: Room, split: Split, fewer: tuple[Split, ...]) -> Plan:
    breakdown = measure(shape, ask, split)
    verdict = room.verdict(breakdown)
    advised = split if verdict != "fits" or not fewer else fewer[-1]
    wanted = verdict != "fits" or bool(fewer)
    return Plan(
        shape=shape,
        ask=ask,
        room=room,
        split=split,
        breakdown=breakdown,
        verdict=verdict,
        most=most_that_fits(shape, ask, split, room),
        fewer=tuple(_most_at(shape, ask, room, s.n_gpus, s) for s in fewer[-4:]),
        advice=advise(shape, ask, advised, room, more_gpus=advised is split) if wanted else (),
        advice_for=advised.n_gpus,
        notes=tuple(notes_for(shape, ask, room, split)),
    )
