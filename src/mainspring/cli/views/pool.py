"""How pools stand, drawn: the pool in a line, then a member in each row, and why it is not well below it.

What it keeps true: nothing is said by colour alone, as each state has a mark and a word; what others wrote (names,
reasons) is harmless for terminals.
"""

import math
from collections.abc import Iterator
from typing import Final

from rich.text import Text

from mainspring.cli.pools.looking import Look, Probed, Rates, Served
from mainspring.cli.pools.probing import ProbedMember, ProbedPool
from mainspring.cli.pools.probing import State as ProbedState
from mainspring.cli.views.facts import Fact, Group, Row, lay_out, wrapped
from mainspring.cli.views.screen import ACCENT, harmless
from mainspring.cli.views.tally import dollars
from mainspring.cli.views.times import clock_text, seconds_text
from mainspring.models.pool.status import MemberStatus, PoolStatus, State

_STATES: Final[dict[State, tuple[str, str]]] = {
    "well": ("●", "green"),
    "returning": ("◐", "cyan"),
    "resting": ("○", "yellow"),
    "ejected": ("✗", "red"),
}
_PROBED_STATES: Final[dict[ProbedState, tuple[str, str, str]]] = {
    "reachable": ("●", "green", "reachable"),
    "unreachable": ("✗", "red", "not reachable"),
    "here": ("●", "green", "file is here"),
    "missing": ("○", "yellow", "file is not here"),
}
_BAR_WIDTH: Final = 8
_SOME_FAILURES: Final = 0.01
_MANY_FAILURES: Final = 0.05
_UNITS: Final = ("", "k", "M", "G", "T")


def pool_lines(look: Look, width: int, above: str = "") -> list[Text]:
    """Draw what was seen in lines that are no wider than that.

    Args:
        look: What was seen.
        width: Columns there are.
        above: What is to be said first.
    """
    if isinstance(look, Served):
        source, groups = look.url, [_served(pool, look.rates) for pool in look.pools]
    else:
        source, groups = "asked from here, without a gateway", [_probed(pool) for pool in look.pools]
    lines = [
        *wrapped(_one_line(above), width, "yellow"),
        *wrapped(f"{_one_line(source)}  {clock_text(look.at)}", width),
    ]
    return [*lines, Text(), *lay_out(groups, width)]


def no_gateway(look: Probed) -> str:
    """Say that there is no gateway, why, and how to start one."""
    return f"no gateway answers at {look.gateway.url}: {look.why}; {look.gateway.start}"


def _served(pool: PoolStatus, rates: Rates) -> Group:
    n_well = sum(member.state in {"well", "returning"} for member in pool.members)
    facts = [_well(n_well, len(pool.members))]
    if pool.waiting:
        facts.append(Text(f"{pool.waiting:,} waiting", "yellow"))
    if pool.hedge_after_s is not None:
        facts.append(Text(f"hedges after {seconds_text(pool.hedge_after_s)}"))
    mine = [rate for (name, _), rate in rates.items() if name == pool.name]
    if mine:
        facts.append(Text(f"{sum(mine):.1f} calls/s"))
    rows = [_member(member, rates.get((pool.name, member.name))) for member in pool.members]
    return Group(_one_line(pool.name), facts, rows)


def _probed(pool: ProbedPool) -> Group:
    n_well = sum(member.is_well for member in pool.members)
    return Group(
        _one_line(pool.name),
        [_well(n_well, len(pool.members))],
        [_probed_member(member) for member in pool.members],
    )


def _well(n_well: int, n: int) -> Text:
    style = "green" if n_well == n else "yellow" if n_well else "bold red"
    return Text(f"{n_well or 'none'} of {n} well", style)


def _member(member: MemberStatus, rate: float | None) -> Row:
    mark, style = _STATES[member.state]
    facts = [*_place(member), *_load(member), *_calls(member, rate), *_used(member)]
    state = Text(_state_text(member), style)
    return Row(Text(mark, style), _one_line(member.name), state, facts, _one_line(member.reason))


def _probed_member(member: ProbedMember) -> Row:
    mark, style, words = _PROBED_STATES[member.state]
    took = "" if member.round_trip_s is None else seconds_text(member.round_trip_s)
    facts = [*_place(member), Fact("round trip", Text(took), f"round trip {took}" if took else "")]
    return Row(Text(mark, style), _one_line(member.name), Text(words, style), facts, _one_line(member.reason))


def _state_text(member: MemberStatus) -> str:
    if member.for_s is None:
        return member.state
    if member.for_s == 0:
        return f"{member.state}, due"
    return f"{member.state} {seconds_text(math.ceil(member.for_s))}"


def _place(member: MemberStatus | ProbedMember) -> Iterator[Fact]:
    yield Fact("tier", Text(f"{member.tier}"), f"tier {member.tier}")
    weight = "" if member.weight == 1 else f"{member.weight:g}"
    yield Fact("weight", Text(weight), f"weight {weight}" if weight else "")


def _load(member: MemberStatus) -> Iterator[Fact]:
    n, most = member.in_flight, member.concurrency
    bar = Text() if most is None else _bar(n, most) + Text(" ")
    cell = Text(f"{n:,}") if most is None else Text(f"{n:,}/{most:,}")
    words = f"{n:,} in flight" if most is None else f"{n:,} of {most:,} in flight"
    yield Fact("in flight", bar + cell, bar + Text(words), is_left=True)
    mean = "" if member.latency_s is None else seconds_text(member.latency_s)
    yield Fact("mean", Text(mean), f"{mean} mean" if mean else "")


def _calls(member: MemberStatus, rate: float | None) -> Iterator[Fact]:
    n_calls = _short(member.calls)
    yield Fact("calls", Text(n_calls), f"{n_calls} call{'' if member.calls == 1 else 's'}", begins=True)
    per_s = "" if rate is None else f"{rate:.1f}"
    yield Fact("/s", Text(per_s), f"{per_s} calls/s" if per_s else "")
    part = member.failures / max(1, member.calls)
    share = _percent(part) if member.failures else "0"
    style = "red" if part > _MANY_FAILURES else "yellow" if part > _SOME_FAILURES else ""
    failed = f"{_short(member.failures)} failed ({share})" if member.failures else "0 failed"
    yield Fact("failed", Text(share, style), Text(failed, style))
    won, sent = _short(member.won), _short(member.hedges)
    yield Fact(
        "hedges",
        Text(f"{won}/{sent}" if member.hedges else ""),
        f"{won} of {sent} hedges won" if member.hedges else "",
    )


def _used(member: MemberStatus) -> Iterator[Fact]:
    read, written = _short(member.input_tokens), _short(member.output_tokens)
    cached = _percent(member.cached_tokens / member.input_tokens) if member.cached_tokens else ""
    yield Fact("tok in", Text(read), f"{read} tokens in{f' ({cached} cached)' if cached else ''}", begins=True)
    yield Fact("cached", Text(cached))
    yield Fact("out", Text(written), f"{written} out")
    cost = "?" if member.cost_usd is None else dollars(member.cost_usd)
    yield Fact("spent", Text(cost), "cost unknown" if member.cost_usd is None else f"{cost} spent")


def _bar(n: int, most: int) -> Text:
    """Draw how full a member is; only a full one looks full, only an empty one empty."""
    n_full = _BAR_WIDTH if n >= most else min(_BAR_WIDTH - 1, max(1 if n else 0, round(_BAR_WIDTH * n / most)))
    style = "yellow" if n >= most else ACCENT
    return Text.assemble(("█" * n_full, style), ("░" * (_BAR_WIDTH - n_full), "dim"))


def _short(number: int) -> str:
    """Write a number in full, or with three digits that count where it is long."""
    if number < 10_000:
        return f"{number:,}"
    rounded = float(f"{number:.3g}")
    power = min(len(_UNITS) - 1, int(math.log10(rounded)) // 3)
    scaled = rounded / 1000**power
    return f"{scaled:.{max(0, 2 - int(math.log10(scaled)))}f}{_UNITS[power]}"


def _percent(part: float) -> str:
    if 0 < part < 0.001:
        return "<0.1 %"
    return f"{part * 100:.1f} %" if part < 0.1 else f"{part * 100:.0f} %"


def _one_line(text: str) -> str:
    return harmless(" ".join(text.split()))
