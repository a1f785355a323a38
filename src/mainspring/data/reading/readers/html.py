"""Web pages: the main text, without menus and footers, with its headings.

Where next to none of the text is found to be the main text, all of it is taken, with a note.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mainspring.data.document import Document
from mainspring.data.reading.composing import Composer, digest_of
from mainspring.data.reading.encoding import decode
from mainspring.data.reading.extra import data_extra
from mainspring.data.reading.maintext import letters_of, main_blocks
from mainspring.data.reading.markup import Block, blocks_of
from mainspring.data.reading.skipped import Unreadable, no_text
from mainspring.data.reading.tidy import tidy

_CHARSET: Final = re.compile(
    rb"(?:<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*|<\?xml[^>]{0,200}?encoding=[\"'])(?P<name>[-\w.]+)",
    re.IGNORECASE,
)
_MAIN_AT_LEAST: Final = 0.1
"""Share of all text from which on what was found to be the main text is believed to be it."""
_NO_MAIN_TEXT: Final = "no main text was found: menus and footers may be in it"


@dataclass(frozen=True, slots=True)
class HtmlReader:
    """Reads HTML and XHTML."""

    kind: str = "html"
    suffixes: frozenset[str] = frozenset({".html", ".htm", ".xhtml"})

    def read(self, raw: bytes, name: str) -> Sequence[Document]:
        """Give the document of a page."""
        declared = _CHARSET.search(raw[:4096])
        decoded = decode(raw, declared["name"].decode() if declared else "")
        root = _parsed(decoded.text, name)
        composer = _composed(root)
        composer.notes += decoded.notes
        if n_images := sum(1 for _ in root.iter("img")):
            composer.notes.append(f"images that are not read: {n_images}")
        _say_of_itself(root, composer)
        return [composer.document(kind=self.kind, name=name, digest=digest_of(raw))]


def _composed(root: Any) -> Composer:
    """Give the main text of a page, or all of its text where no main text is found."""
    composer = Composer()
    blocks = blocks_of(root)
    main = main_blocks(root, blocks)
    share = _n_letters(main) / max(_n_letters(blocks), 1)
    if share < _MAIN_AT_LEAST:
        composer.notes.append(_NO_MAIN_TEXT)
    for block in main if share >= _MAIN_AT_LEAST else blocks:
        if block.level:
            composer.heading(block.text, block.level)
        else:
            composer.add(block.bullet + block.text, block.gap)
    return composer


def _n_letters(blocks: Sequence[Block]) -> int:
    return sum(len(letters_of(block.text)) for block in blocks)


def _parsed(text: str, name: str) -> Any:
    with data_extra("web pages"):
        from lxml import etree, html  # type: ignore[import-untyped]  # it comes without types
    text = tidy(text)
    if not text:
        raise no_text(name)
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(text.encode(), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise Unreadable("broken", f"{name!r} is not a web page that can be parsed: {error}") from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):  # All that follows is lost.
        raise Unreadable("broken", f"{name!r} is nested too deeply, or holds a piece of 10 million characters")
    return root


def _say_of_itself(root: Any, composer: Composer) -> None:
    """Take over what a page says of its title, language, licence and address."""
    composer.title = root.findtext(".//title") or root.findtext(".//h1") or ""
    language = str(root.get("lang") or root.get("xml:lang") or "")[:2].lower()
    composer.language = language if language.isascii() and language.isalpha() else ""
    for element in root.iter("link", "a", "meta"):
        relations = str(element.get("rel") or element.get("name") or element.get("property") or "").lower().split()
        target = str(element.get("href") or element.get("content") or "").strip()
        if {"license", "dcterms.license", "dc.rights"} & set(relations):
            composer.licence = composer.licence or target
        elif {"canonical", "og:url"} & set(relations) and target.startswith("http"):
            composer.source = composer.source or target
