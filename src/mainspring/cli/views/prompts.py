"""How prompts look: tables of which there are and of their versions, a file, a comparison of two."""

from collections.abc import Sequence
from typing import Final

from rich.text import Text

from mainspring.cli.prompt_files.history import Comparison, History, Version
from mainspring.cli.prompt_files.shelves import Shelf
from mainspring.cli.prompt_files.used import Use
from mainspring.cli.views.screen import ACCENT, Screen, harmless
from mainspring.cli.views.tally import count
from mainspring.prompts import Prompt
from mainspring.prompts.front_matter import read_parts

_DIGEST: Final = 12
"""Characters of a digest that tell it from others."""
_FENCE: Final = "---"
_STYLES: Final = {"-": "red", "+": "green", "@": ACCENT}


def draw_shelves(out: Screen, shelves: Sequence[Shelf]) -> None:
    """Draw the table of all prompts, a line for each name of each place."""
    rows = [
        (
            versions[-1].name,
            ", ".join(str(prompt.version) for prompt in versions),
            versions[-1].version_digest[:_DIGEST],
            shelf.room,
            versions[-1].description,
        )
        for shelf in shelves
        for versions in shelf.prompts.values()
    ]
    _table(out, ("prompt", "versions", "digest", "room", "description"), rows)


def draw_prompt(out: Screen, prompt: Prompt) -> None:
    """Draw a prompt's file as it is."""
    front = "" if prompt.path is None else read_parts(prompt.path).front
    if front:
        out.line(f"{_FENCE}\n{front}\n{_FENCE}", style="dim")
    out.line(prompt.body)


def draw_comparison(out: Screen, found: Comparison) -> None:
    """Draw what differs between two prompts: in what they say of themselves, and in their words."""
    for mark, prompt in (("-", found.one), ("+", found.other)):
        name = f"{prompt.name}@{prompt.version}"
        digest = f"  {prompt.version_digest[:_DIGEST]}  {prompt.path}"
        out.line(Text.assemble((f"{mark} ", _STYLES[mark]), (harmless(name), "bold"), (harmless(digest), "dim")))
    for title, lines in (("front matter", found.front_matter), ("words", found.words)):
        out.line()
        out.line(Text.assemble((title, f"bold {ACCENT}"), ("" if lines else "  the same", "dim")))
        for line in lines:
            out.line(line, style=_STYLES.get(line[:1], "dim"))


def draw_history(out: Screen, history: History) -> None:
    """Draw the versions of a prompt, and under each the datasets that were made by it."""
    for version in history.versions:
        _draw_version(out, version)
    if history.others:
        out.line(Text("words that are in none of these files", "yellow"))
        for use in history.others:
            _draw_use(out, use, f"version {use.version}, {use.digest[:_DIGEST]}")


def _draw_version(out: Screen, version: Version) -> None:
    prompt = version.prompt
    facts = f"  {prompt.version_digest[:_DIGEST]}  {count(version.n_words, 'word')}  {prompt.path}"
    out.line(Text.assemble((harmless(f"{prompt.name}@{prompt.version}"), "bold"), (harmless(facts), "dim")))
    if prompt.changes:
        out.line(f"  {prompt.changes}")
    for use in version.uses:
        _draw_use(out, use)


def _draw_use(out: Screen, use: Use, what: str = "") -> None:
    rate = "nothing was made" if use.rate is None else f"{use.accepted:,} of {use.candidates:,} accepted"
    share = "" if use.rate is None else f" ({use.rate:.0%})"
    words = "  ".join(filter(None, (use.dataset, what, f"{rate}{share}")))
    out.line(Text.assemble(("  in ", "dim"), harmless(words)))


def _table(out: Screen, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Draw rows in columns; the last one is cut where the terminal ends."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    room = max(20, out.console.width - sum(widths[:-1]) - 2 * len(widths)) if out.is_terminal else None
    styles = ["bold", "", "dim", ACCENT, ""]
    for place, row in enumerate((titles, *rows)):
        line = Text()
        for cell, width, style in zip(row, (*widths[:-1], 0), styles, strict=True):
            line.append(f"{harmless(cell):<{width}}  ", style="dim" if place == 0 else style)
        line.rstrip()
        if room is not None:
            line.truncate(out.console.width, overflow="ellipsis")
        out.line(line)
