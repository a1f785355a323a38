"""Rows of facts: a table where there is room for it, a block of lines for each row where there is not.

What it keeps true: no line is wider than there is room, whatever names and reasons are like; of a name that is too
long the middle is left out, as names tell themselves apart at both ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

_NAME: Final = "member"
_STATE: Final = "state"
_NAME_AT_LEAST: Final = 20
"""Columns that a name keeps in a table; with less room there are blocks."""
_GAP: Final = "  "
_INDENT: Final = 4
_BETWEEN: Final = " · "


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known of a row."""

    title: str
    """What its column is called."""
    cell: Text
    """What stands in the column; a column without anything is left out."""
    words: str | Text = ""
    """What a block says; nothing if empty."""
    begins: bool = False
    """Whether a block begins a line with it."""
    is_left: bool = False
    """Whether its column is aligned at the left."""


@dataclass(frozen=True, slots=True)
class Row:
    """One of those that a table is of; all have the same facts, in the same order."""

    mark: Text
    name: str
    state: Text
    facts: Sequence[Fact]
    reason: str = ""
    """Said below, where something is wrong."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows below a name and what is known of all of them."""

    name: str
    facts: Sequence[Text]
    rows: Sequence[Row]


def lay_out(groups: Sequence[Group], width: int) -> list[Text]:
    """Lay groups out in lines.

    Args:
        groups: What is to be shown.
        width: Columns there are.
    """
    rows = [row for group in groups for row in group.rows]
    table, blocks = _Table(rows, width), _Blocks(rows, width)
    lines = [table.titles] if table.fits else []
    for place, group in enumerate(groups):
        if place:
            lines.append(Text())
        lines += _joined(Text(_middle_cut(group.name, width), "bold"), group.facts, width)
        for row in group.rows:
            lines += [table.line(row)] if table.fits else blocks.lines(row)
            lines += wrapped(row.reason, width, indent=_INDENT)
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def wrapped(text: str, width: int, style: str = "dim", *, indent: int = 0) -> Iterator[Text]:
    """Put a text into lines; nothing makes none."""
    room = max(1, width - indent)
    for line in Text(text, style=style).wrap(Console(width=room), room) if text else ():
        yield _line(Text.assemble(" " * indent, line))


class _Table:
    """The columns that rows share."""

    def __init__(self, rows: Sequence[Row], width: int) -> None:
        facts = [fact for row in rows for fact in row.facts]
        cells = {
            fact.title: max(other.cell.cell_len for other in facts if other.title == fact.title) for fact in facts
        }
        self._widths = {title: max(cell_len(title), n) for title, n in cells.items() if n}
        self._left = {fact.title for fact in facts if fact.is_left}
        self._state_width = max((row.state.cell_len for row in rows), default=0)
        longest = max((cell_len(row.name) for row in rows), default=0)
        others = [self._state_width, *self._widths.values()]
        room = width - _INDENT - sum(others) - len(_GAP) * len(others)
        self._name_width = min(max(longest, len(_NAME)), room)
        self.fits = bool(rows) and room >= min(longest, _NAME_AT_LEAST)

    @property
    def titles(self) -> Text:
        """The line above all rows."""
        parts = [Text(_NAME.ljust(self._name_width)), Text(_STATE.ljust(self._state_width))]
        parts += [self._aligned(title, Text(title)) for title in self._widths]
        return _line(Text.assemble(" " * _INDENT, Text(_GAP).join(parts), style="dim"))

    def line(self, row: Row) -> Text:
        """Lay a row out in a line."""
        cells = {fact.title: fact.cell for fact in row.facts}
        state = row.state + Text(" " * (self._state_width - row.state.cell_len))
        parts = [Text(_padded(row.name, self._name_width)), state]
        parts += [self._aligned(title, cells.get(title, Text())) for title in self._widths]
        return _line(Text.assemble("  ", row.mark, " ", Text(_GAP).join(parts)))

    def _aligned(self, title: str, cell: Text) -> Text:
        space = Text(" " * (self._widths[title] - cell.cell_len))
        return cell + space if title in self._left else space + cell


class _Blocks:
    """Rows of several lines: the name and the state, then the facts."""

    def __init__(self, rows: Sequence[Row], width: int) -> None:
        self._width = width
        longest = max((cell_len(row.name) for row in rows), default=0)
        states = max((row.state.cell_len for row in rows), default=0)
        self._name_width = max(_NAME_AT_LEAST // 2, min(longest, width - _INDENT - len(_GAP) - states))

    def lines(self, row: Row) -> Iterator[Text]:
        """Lay a row out in lines."""
        yield _line(Text.assemble("  ", row.mark, " ", _padded(row.name, self._name_width), _GAP, row.state))
        said: list[list[Text]] = [[]]
        for fact in row.facts:
            said += [[]] if fact.begins else []
            said[-1] += [Text.assemble(fact.words)] if fact.words else []
        for parts in said:
            yield from _joined(Text(" " * _INDENT), parts, self._width)


def _joined(head: Text, parts: Sequence[Text], width: int) -> Iterator[Text]:
    """Put parts behind a head, as many into a line as fit; the further lines are indented."""
    line, between = head, _GAP if head.plain.strip() else ""
    for part in parts:
        if line.cell_len + len(between) + part.cell_len > width and between:
            yield _line(line)
            line, between = Text(" " * _INDENT), ""
        line = Text.assemble(line, (between, "dim"), part)
        between = _BETWEEN
    if between:
        yield _line(line)


def _middle_cut(text: str, width: int) -> str:
    """Shorten text to a width, leaving out its middle."""
    if cell_len(text) <= width:
        return text
    head, tail = max(0, width // 2), max(0, (width - 1) // 2)
    return f"{set_cell_size(text, head)}…{set_cell_size(text[::-1], tail)[::-1]}"


def _padded(name: str, width: int) -> str:
    return set_cell_size(_middle_cut(name, width), width)


def _line(text: Text) -> Text:
    text.rstrip()
    text.no_wrap = True
    return text
