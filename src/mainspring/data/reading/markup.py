"""The tree of a web page as blocks of text: rows and list items on lines of their own, headings marked."""

import re
from dataclasses import dataclass
from typing import Any, Final

from mainspring.data.reading.composing import LINE, PARAGRAPH
from mainspring.data.reading.extra import data_extra

_UNSEEN_TAGS: Final = "script style noscript template title meta link svg math iframe object select button textarea"
_BLOCK_TAGS: Final = (
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer "
    "form header hr li main nav ol p pre section summary table tbody tfoot thead tr ul h1 h2 h3 h4 h5 h6"
)
_UNSEEN, _BLOCKS = frozenset(_UNSEEN_TAGS.split()), frozenset(_BLOCK_TAGS.split())
_TIGHT: Final = frozenset({"li", "tr", "dt", "dd"})
"""Blocks that follow one another without a blank line."""
_ASIDE: Final = frozenset({"nav", "footer", "aside", "form"})
_LINK_SHARE: Final = 0.8
_CELLS, _LISTS = frozenset({"td", "th"}), frozenset({"ul", "ol"})
_SPACE: Final = re.compile(r"\s+")
_SPACES: Final = re.compile(r" {2,}")
_AROUND_BREAK: Final = re.compile(r" *\n *")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page's text."""

    text: str
    gap: str
    """What stands before it."""
    level: int = 0
    """Of a heading; 0 for what is none."""
    bullet: str = ""
    """What stands before the text of an item."""
    tag: str = ""
    """The element it is of, empty for words between elements."""
    is_aside: bool = False
    """Whether the page itself says that it is a menu, a footer or a remark."""
    is_link: bool = False
    """Whether nearly all of it is links."""


def blocks_of(tree: Any) -> list[Block]:
    """Give the blocks of a tree of lxml, in their order."""
    with data_extra("web pages"):
        from lxml import etree  # type: ignore[import-untyped]  # it comes without types
    writer = _Writer()
    walk = etree.iterwalk(tree, events=("start", "end"))
    for event, element in walk:
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "end":
            if tag not in _UNSEEN:
                writer.end(tag, element)
            if element is not tree:
                writer.words(element.tail)
        elif tag in _UNSEEN:
            walk.skip_subtree()
        else:
            writer.begin(tag, element)
            writer.words(element.text)
    writer.flush()
    return writer.blocks


class _Writer:
    """Collects the words of a block until it ends."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._words: list[str] = []
        self._bullet = ""
        self._lists: list[int | None] = []
        """For each list that is open, the number of its last item, or None where items have no numbers."""
        self._n_rows = 0
        self._n_kept = 0
        """How many elements are open in which white space counts."""
        self._last_tag = ""
        self._n_aside = 0
        self._n_links = 0
        self._linked_chars = 0

    def begin(self, tag: str, element: Any) -> None:
        if tag in _BLOCKS and not (self._n_rows and tag != "tr"):
            self.flush()
        if tag in _LISTS:
            self._last_tag = self._last_tag if self._lists else ""
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self._bullet = self._next_bullet()
        elif tag == "tr" and _is_data(element):
            self._n_rows += 1
        elif tag in _CELLS:
            self._words.append(" | " if any(map(str.strip, self._words)) else "")
        elif tag == "br":
            self._words.append("\n")
        self._n_kept += tag == "pre"
        self._n_aside += tag in _ASIDE
        self._n_links += tag == "a"

    def end(self, tag: str, element: Any) -> None:
        level = _level(tag)
        if self._n_rows and tag != "tr":
            self._words.append(" " if tag in _BLOCKS else "")
        elif level:
            self.flush(tag, level)
        elif tag in _BLOCKS:
            self.flush(tag)
        self._n_kept -= tag == "pre"
        self._n_aside -= tag in _ASIDE
        self._n_links -= tag == "a"
        if tag in _LISTS and self._lists:
            self._lists.pop()
        elif tag == "tr" and _is_data(element):
            self._n_rows -= 1

    def words(self, text: str | None) -> None:
        if text:
            self._words.append(text if self._n_kept else _SPACE.sub(" ", text))
            self._linked_chars += len(text.strip()) if self._n_links else 0

    def flush(self, tag: str = "", level: int = 0) -> None:
        """End the block."""
        text, self._words = "".join(self._words), []
        linked_chars, self._linked_chars = self._linked_chars, 0
        if not self._n_kept:
            text = _AROUND_BREAK.sub("\n", _SPACES.sub(" ", text)).strip()
        if not text.strip():
            return
        tag = "li" if self._bullet else tag
        is_tight = tag in _TIGHT and self._last_tag == tag
        block = Block(
            text,
            gap=LINE if is_tight else PARAGRAPH,
            level=level,
            bullet="" if level else self._bullet,
            tag=tag,
            is_aside=self._n_aside > 0,
            is_link=linked_chars >= _LINK_SHARE * len(text),
        )
        self.blocks.append(block)
        self._last_tag, self._bullet = tag, ""

    def _next_bullet(self) -> str:
        depth = "  " * (len(self._lists) - 1)
        if self._lists and (number := self._lists[-1]) is not None:
            self._lists[-1] = number + 1
            return f"{depth}{number + 1}. "
        return f"{depth}- "


def _level(tag: str) -> int:
    """Give the level of a heading, 0 for what is none."""
    return int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456" else 0


def _is_data(row: Any) -> bool:
    """Whether a row is one of data, and not there to lay a page out."""
    return all(element.tag not in _LISTS | {"table", "pre"} for element in row.iterdescendants())
