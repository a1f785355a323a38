"""A check of a dataset drawn: how many rows of which kind, how long they are, how the judge did, what is wrong.

What it keeps true: nothing is said by colour alone; what stands in documents and rows is harmless for terminals.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.text import Text

from mainspring.cli.views.facts import wrapped
from mainspring.cli.views.screen import ACCENT, harmless
from mainspring.cli.views.tally import count
from mainspring.data.checking import Finding, Findings, Lengths

_BAR: Final = "█"
_BAR_AT_MOST: Final = 40
_BAR_PARTS: Final = " ▏▎▍▌▋▊▉"
_MARKS: Final = {"error": ("✗", "red"), "warning": ("!", "yellow")}
_INDENT: Final = 4


def findings_lines(found: Findings, width: int) -> Iterator[Text]:
    """Draw a check, no wider than that where lines can be wrapped."""
    yield from _head(found)
    yield from _kinds(found)
    yield from _histogram(found, width)
    yield from _judge(found)
    yield from _wrong(found, width)
    for note in found.notes:
        yield from wrapped(harmless(note), width)
    yield _verdict(found)


def _head(found: Findings) -> Iterator[Text]:
    facts = [f"{n:,} {split}" for split, n in found.n_rows.items()]
    yield Text.assemble(
        (count(sum(found.n_rows.values()), "row"), "bold"), f" of {found.format}: {', '.join(facts)}"
    )
    said = f"{found.n_accepted:,} of {count(found.n_candidates, 'candidate')} accepted by the checks"
    yield Text(f"{said}; {count(found.n_decisions, 'decision')} of a person", "dim")
    for why, n in found.left_out.items():
        yield Text(f"{n:,} left out: {why}", "dim")


def _kinds(found: Findings) -> Iterator[Text]:
    kinds = sorted({kind for counts in found.kinds.values() for kind in counts})
    if kinds:
        yield Text()
        rows = [[kind, *(f"{counts.get(kind, 0):,}" for counts in found.kinds.values())] for kind in kinds]
        yield from _table(["kind", *found.kinds], rows)


def _histogram(found: Findings, width: int) -> Iterator[Text]:
    if found.tokens is None or found.characters is None:
        return
    yield Text()
    yield from _table(
        ["length", "5 %", "half", "95 %", "99 %", "longest"],
        [["tokens, about", *_numbers(found.tokens)], ["characters", *_numbers(found.characters)]],
    )
    yield Text()
    labels = [f"{bar.start:,} to {bar.end:,}" for bar in found.histogram]
    label_width = max(map(len, labels))
    most = max(bar.n for bar in found.histogram)
    room = max(8, min(_BAR_AT_MOST, width - label_width - len(f"{most:,}") - 6))
    yield Text(f"{'tokens':>{label_width}}  rows", "dim")
    for label, bar in zip(labels, found.histogram, strict=True):
        yield Text.assemble(f"{label:>{label_width}}  ", (_bar(bar.n / most * room), ACCENT), f" {bar.n:,}")


def _judge(found: Findings) -> Iterator[Text]:
    yield Text()
    judge = found.judge
    if judge is None:
        yield Text("judge: not measured", "dim")
        return
    counted = "its verdicts counted" if judge.counts else "its verdicts did not count"
    yield Text.assemble(
        f"judge {harmless(judge.model)}: ",
        f"let {_share(judge.false_accept_rate)} of {count(judge.n_bad, 'bad example')} pass, ",
        f"refused {_share(judge.false_reject_rate)} of {judge.n_good:,} good; ",
        (counted, "" if judge.counts else "yellow"),
    )


def _wrong(found: Findings, width: int) -> Iterator[Text]:
    if found.findings:
        yield Text()
    for finding in found.findings:
        mark, style = _MARKS[finding.severity]
        yield Text.assemble((mark, style), " ", (f"{finding.severity}: {finding.check}", style), _where(finding))
        yield from wrapped(harmless(finding.says), width, "", indent=_INDENT)
    told = _told(found.findings)
    for check, n in found.n_found.items():
        if n > told.get(check, 0):
            yield Text(f"  {n - told.get(check, 0):,} more of {check}", "dim")


def _verdict(found: Findings) -> Text:
    if not found.findings:
        return Text("sound: nothing is wrong", "green")
    n_warnings = len(found.findings) - found.n_errors
    parts = [count(n, noun) for n, noun in ((found.n_errors, "error"), (n_warnings, "warning")) if n]
    return Text(("sound: " if found.is_sound else "") + " and ".join(parts), "yellow" if found.is_sound else "red")


def _where(finding: Finding) -> Text:
    return Text(f"  {harmless(finding.where)}", "dim") if finding.where else Text()


def _told(findings: Sequence[Finding]) -> Mapping[str, int]:
    checks = [finding.check for finding in findings]
    return {check: checks.count(check) for check in checks}


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Text]:
    """Draw columns: the first aligned at the left, the others at the right."""
    widths = [max(len(row[place]) for row in (titles, *rows)) for place in range(len(titles))]
    for row, style in ((titles, "dim"), *((row, "") for row in rows)):
        first, *others = [
            f"{cell:<{n}}" if place == 0 else f"{cell:>{n}}"
            for place, (cell, n) in enumerate(zip(row, widths, strict=True))
        ]
        yield Text("  ".join([first, *others]), style)


def _numbers(lengths: Lengths) -> list[str]:
    return [f"{n:,}" for n in (lengths.p5, lengths.p50, lengths.p95, lengths.p99, lengths.longest)]


def _bar(length: float) -> str:
    """Draw a bar of so many columns, the last one in eighths; what is not nothing shows."""
    eighths = max(1, round(length * 8)) if length else 0
    return _BAR * (eighths // 8) + _BAR_PARTS[eighths % 8].strip()


def _share(share: float | None) -> str:
    return "an unknown share" if share is None else f"{share:.0%}"
