"""Markdown: front matter taken off and heeded, links reduced to their words, all else as it stands."""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import yaml

from mainspring.data.document import Document, Heading
from mainspring.data.reading.composing import digest_of
from mainspring.data.reading.encoding import decode
from mainspring.data.reading.skipped import no_text
from mainspring.data.reading.tidy import one_line, tidy

_FRONT: Final = re.compile(r"\A(?P<mark>---|\+\+\+)\n(?P<front>.*?)\n(?:(?P=mark)|\.\.\.)(?:\n+|\Z)", re.DOTALL)
_FENCE: Final = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})")
_ATX: Final = re.compile(r"^ {0,3}(?P<marks>#{1,6})[ \t]+(?P<title>.*?)(?:[ \t]+#+)?$")
_SETEXT: Final = re.compile(r"^ {0,3}(?P<mark>=+|-{2,})$")
_NOT_A_TITLE: Final = re.compile(r"^\s*(?:[-*+>|#]|\d+[.)]\s|$)")
_DEFINITION: Final = re.compile(r"^ {0,3}\[(?!\^)[^\]\n]{1,200}\]:[ \t]+\S+.*\n?", re.MULTILINE)
_CODE_OR_LINK: Final = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`)[^\n]*?(?<!`)(?P=ticks)(?!`))"
    r"|!?\[(?P<words>(?:[^\[\]\n]|!?\[[^\[\]\n]{0,200}\](?:\([^()\n]{0,500}\))?){0,500})\]"
    r"(?:\([^()\n]{0,1000}(?:\([^()\n]{0,500}\)[^()\n]{0,500})?\)|\[[^\[\]\n]{0,200}\])"
)
_EMPHASIS: Final = re.compile(r"(\*\*|__|[*_`])(?=\S)(.+?)(?<=\S)\1")
_FIELDS: Final = {
    "title": ("title",),
    "language": ("language", "lang"),
    "licence": ("license", "licence"),
    "source": ("source", "url", "canonical_url"),
}


@dataclass(frozen=True, slots=True)
class MarkdownReader:
    """Reads Markdown, CommonMark and what is near to it."""

    kind: str = "markdown"
    suffixes: frozenset[str] = frozenset({".md", ".markdown", ".mdown", ".mkd", ".mdx", ".qmd", ".rmd"})

    def read(self, raw: bytes, name: str) -> Sequence[Document]:
        """Give the document of a Markdown file."""
        decoded = decode(raw)
        front, body = split_front(tidy(decoded.text))
        text = tidy(_outside_fences(body, _plain_links))
        if not text:
            raise no_text(name)
        headings = headings_of(text)
        return [
            Document(
                name=name,
                kind=self.kind,
                digest=digest_of(raw),
                text=text,
                title=front.get("title", "") or next((one.title for one in headings if one.level == 1), ""),
                headings=headings,
                language=front.get("language", "")[:2].lower(),
                licence=front.get("licence", ""),
                source=front.get("source", ""),
                notes=decoded.notes,
            )
        ]


def split_front(text: str) -> tuple[dict[str, str], str]:
    """Part the front matter from a text; give what it says of title, language, licence and source, and the rest."""
    match = _FRONT.match(text)
    if match is None:
        return {}, text
    try:
        said = tomllib.loads(match["front"]) if match["mark"] == "+++" else yaml.safe_load(match["front"])
    except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError):
        return {}, text
    if not isinstance(said, dict):
        return {}, text
    found: dict[str, str] = {}
    for field, keys in _FIELDS.items():
        value = next((said[key] for key in keys if isinstance(said.get(key), str)), "")
        found[field] = one_line(value)
    return found, text[match.end() :]


def headings_of(text: str) -> tuple[Heading, ...]:
    """Find the headings outside of code fences, both with `#` and underlined."""
    headings = []
    above, above_start = "", 0
    for start, line, is_code in _lines(text):
        atx, setext = _ATX.match(line), _SETEXT.match(line)
        if is_code:
            above = ""
        elif atx and (title := _words(atx["title"])):
            headings.append(Heading(start=start, level=len(atx["marks"]), title=title))
            above = ""
        elif setext and above and not _NOT_A_TITLE.match(above):
            level = 1 if setext["mark"][0] == "=" else 2
            headings.append(Heading(start=above_start, level=level, title=_words(above)))
            above = ""
        else:
            # Underlining makes a heading of a line only where no other line of its paragraph is before it.
            above = line if not above and _ends_paragraph(text, start) else ""
            above_start = start
    return tuple(headings)


def _ends_paragraph(text: str, start: int) -> bool:
    """Whether the line that begins here has no line of a paragraph before it."""
    return start == 0 or text.endswith("\n\n", 0, start) or text[text.rfind("\n", 0, start - 1) + 1] in "#`~"


def _lines(text: str) -> list[tuple[int, str, bool]]:
    """Give each line with its offset, and whether it is of a code fence."""
    lines: list[tuple[int, str, bool]] = []
    start, fence = 0, ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if fence:
            lines.append((start, line, True))
            if match and match["fence"].startswith(fence) and line.strip() == match["fence"]:
                fence = ""
        else:
            fence = match["fence"] if match else ""
            lines.append((start, line, bool(fence)))
        start += len(line) + 1
    return lines


def _outside_fences(text: str, change: Callable[[str], str]) -> str:
    """Change all that is not code in fences."""
    pieces: list[str] = []
    run: list[str] = []
    was_code = False
    for _, line, is_code in _lines(text):
        if is_code != was_code and run:
            pieces.append("\n".join(run) if was_code else change("\n".join(run)))
            run = []
        run.append(line)
        was_code = is_code
    pieces.append("\n".join(run) if was_code else change("\n".join(run)))
    return "\n".join(pieces)


def _plain_links(text: str) -> str:
    """Reduce links and images to their words and drop comments; code between backticks is left alone."""
    return _CODE_OR_LINK.sub(_plain, _DEFINITION.sub("", _without_comments(text)))


def _without_comments(text: str) -> str:
    pieces: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        pieces.append(text[at:start])
        at = end + len("-->")
    return "".join([*pieces, text[at:]])


def _plain(match: re.Match[str]) -> str:
    # An image may be the words of a link.
    return match["code"] or _CODE_OR_LINK.sub(_plain, match["words"])


def _words(title: str) -> str:
    """Give a title without its marks of emphasis and code."""
    return one_line(_EMPHASIS.sub(r"\2", title))
