"""Which blocks of a web page are its main text, and which are menus, footers and notices.

trafilatura knows where the main text is, but drops much of it: lists, headings, the ends of sections. So its words
only say where the main text begins and ends; what is between is taken, without what is nothing but links.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from mainspring.data.reading.extra import data_extra
from mainspring.data.reading.markup import Block

_NO_LETTERS: Final = re.compile(r"[\W_]+")
_LONG_LETTERS: Final = 25
"""A shorter block may stand in the main text by chance."""
_PARTS: Final = frozenset({"li", "tr", "pre", "dt", "dd"})
"""Elements of blocks that belong to the text before them."""


def main_blocks(root: Any, blocks: Sequence[Block]) -> list[Block]:
    """Give those of a page's blocks that are of its main text; none where there is none."""
    letters = letters_of(_main_text(root))
    found = [place for place, block in enumerate(blocks) if _is_sure(block, letters)]
    if not found:
        return []
    first, end = found[0], found[-1] + 1
    while first > 0 and blocks[first - 1].level:
        first -= 1
    while end < len(blocks) and blocks[end].tag in _PARTS and not _is_menu(blocks[end]):
        end += 1
    titles = [block for block in blocks if block.level == 1]
    title = titles if len(titles) == 1 and titles[0] in blocks[:first] else []
    return [*title, *(block for block in blocks[first:end] if not _is_menu(block))]


def letters_of(text: str) -> str:
    """Give the letters and digits of a text and nothing else, for comparing."""
    return _NO_LETTERS.sub("", text)


def _is_sure(block: Block, letters: str) -> bool:
    own = letters_of(block.text)
    return not block.level and not _is_menu(block) and len(own) >= _LONG_LETTERS and own in letters


def _is_menu(block: Block) -> bool:
    return block.is_aside or (block.is_link and not block.level)


def _main_text(root: Any) -> str:
    with data_extra("web pages"):
        from trafilatura import bare_extraction
    try:
        found = bare_extraction(root, include_comments=False, include_tables=True)
    except Exception:  # noqa: BLE001  # It is one of two ways to the text, and fails in ways of its own.
        return ""
    return str(getattr(found, "text", "") or "")
