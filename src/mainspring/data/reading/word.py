"""The body of a Word document in its own order: paragraphs, lists, tables and footnotes as text.

The elements are walked as they stand in the XML, because paragraphs also stand in content controls, links and
tracked insertions, where python-docx does not look. What a tracked deletion took away is not read.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml

from mainspring.data.reading.composing import LINE, PARAGRAPH, Composer

_UNSEEN: Final = frozenset(
    qn(tag) for tag in ("w:del", "w:moveFrom", "w:pPr", "w:rPr", "w:sectPr", "w:tblPr", "w:tblGrid", "w:instrText")
) | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"}
_SIGNS: Final = {
    qn("w:tab"): "\t",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
}
_PARAGRAPH, _TABLE, _ROW, _CELL = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
_TEXT, _NOTE, _VALUE, _ID = qn("w:t"), qn("w:footnoteReference"), qn("w:val"), qn("w:id")
_IMAGES: Final = frozenset({qn("w:drawing"), qn("w:pict"), qn("w:object")})
_OUTLINE_LEVELS: Final = 9


def compose_word(word: WordDocument, composer: Composer) -> None:
    """Add the text of a Word document to a document."""
    body = _Body(word, composer)
    for block in _blocks(word.element.body):
        if block.tag == _TABLE:
            body.table(block)
        else:
            body.paragraph(block)
    if body.n_images:
        composer.notes.append(f"images that are not read: {body.n_images}")


class _Body:
    def __init__(self, word: WordDocument, composer: Composer) -> None:
        self._composer = composer
        self._levels = _heading_levels(word)
        self._list_styles = _list_styles(word)
        self._numbered = _numbered_lists(word)
        self._footnotes = _footnotes(word)
        self._counts: Counter[tuple[str, int]] = Counter()
        self._was_item = False
        self.n_images = 0

    def paragraph(self, element: Any) -> None:
        """Add a paragraph, and the footnotes that it refers to."""
        words, notes = self._words(element)
        properties = element.find(qn("w:pPr"))
        style = _value(properties, "w:pStyle")
        if not words.strip():
            return
        level = self._levels.get(style, 0) or _own_level(properties)
        if level:
            self._composer.heading(words, level)
            self._was_item = False
        else:
            bullet = self._bullet(properties, style)
            tight = bool(bullet) and self._was_item
            self._composer.add(bullet + words.strip(), LINE if tight else PARAGRAPH)
            self._was_item = bool(bullet)
        for number in notes:
            self._composer.add(f"[{number}] {self._footnotes[number]}", LINE)

    def table(self, element: Any) -> None:
        """Add a table, a line for each row."""
        gap = PARAGRAPH
        for row in _within(element, _ROW):
            cells = [self._cell(cell) for cell in _within(row, _CELL)]
            if any(cells):
                self._composer.add(" | ".join(cells), gap)
                gap = LINE
        self._was_item = False

    def _cell(self, element: Any) -> str:
        return " ".join(" ".join(self._words(block)[0].split()) for block in element.iter(_PARAGRAPH)).strip()

    def _words(self, element: Any) -> tuple[str, list[str]]:
        """Give the words of a paragraph, and the numbers of its footnotes."""
        pieces: list[str] = []
        notes: list[str] = []
        stack = [iter(element)]
        while stack:
            child = next(stack[-1], None)
            if child is None:
                stack.pop()
            elif child.tag in _IMAGES:
                self.n_images += 1
            elif child.tag == _TEXT:
                pieces.append(child.text or "")
            elif child.tag == _NOTE and child.get(_ID) in self._footnotes:
                notes.append(str(child.get(_ID)))
                pieces.append(f"[{notes[-1]}]")
            elif child.tag in _SIGNS:
                pieces.append(_SIGNS[child.tag])
            elif child.tag not in _UNSEEN:
                stack.append(iter(child))
        return "".join(pieces), notes

    def _bullet(self, properties: Any, style: str) -> str:
        """Give what stands before an item of a list; nothing for a paragraph that is none."""
        numbering = None if properties is None else properties.find(qn("w:numPr"))
        if numbering is None and style not in self._list_styles:
            return ""
        number_id, depth = self._list_styles.get(style, ("", 0))
        if numbering is not None:
            number_id = _value(numbering, "w:numId") or number_id
            depth = min(int(_value(numbering, "w:ilvl") or 0), _OUTLINE_LEVELS)
        if number_id == "0":  # This is how an item is taken out of its list.
            return ""
        if (number_id, depth) not in self._numbered:
            return "  " * depth + "- "
        self._counts[number_id, depth] += 1
        for deeper in range(depth + 1, _OUTLINE_LEVELS):
            self._counts.pop((number_id, deeper), None)
        return f"{'  ' * depth}{self._counts[number_id, depth]}. "


def _blocks(body: Any) -> Iterator[Any]:
    """Give paragraphs and tables in order, also those in content controls; the parts of a table stay with it."""
    stack = [iter(body)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        elif child.tag in {_PARAGRAPH, _TABLE}:
            yield child
        elif child.tag not in _UNSEEN:
            stack.append(iter(child))


def _within(element: Any, tag: str) -> Iterator[Any]:
    """Give the rows of a table or the cells of a row, also those in content controls."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag not in _UNSEEN and child.tag not in {_ROW, _CELL}:
            yield from _within(child, tag)


def _value(properties: Any, tag: str) -> str:
    found = None if properties is None else properties.find(qn(tag))
    return "" if found is None else str(found.get(_VALUE) or "")


def _own_level(properties: Any) -> int:
    level = _value(properties, "w:outlineLvl")
    return int(level) + 1 if level.isdigit() and int(level) < _OUTLINE_LEVELS else 0


def _heading_levels(word: WordDocument) -> dict[str, int]:
    """Give the level of each style that is one of headings; built-in styles are in English in every language."""
    levels: dict[str, int] = {}
    for style in word.styles.element.iter(qn("w:style")):
        name = _value(style, "w:name").lower()
        level = _own_level(style.find(qn("w:pPr")))
        if name == "title":
            level = 1
        elif name.startswith("heading ") and name[8:].isdigit():
            level = int(name[8:])
        elif not level:
            level = levels.get(_value(style, "w:basedOn"), 0)
        if level:
            levels[str(style.get(qn("w:styleId")))] = level
    return levels


def _list_styles(word: WordDocument) -> dict[str, tuple[str, int]]:
    """Give the list, and the depth in it, of each style that makes items."""
    styles: dict[str, tuple[str, int]] = {}
    for style in word.styles.element.iter(qn("w:style")):
        numbering = style.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        if numbering is not None:
            depth = _value(numbering, "w:ilvl")
            number_id = _value(numbering, "w:numId")
            styles[str(style.get(qn("w:styleId")))] = (number_id, int(depth) if depth.isdigit() else 0)
    return styles


def _numbered_lists(word: WordDocument) -> set[tuple[str, int]]:
    """Give the lists, each with a depth, whose items are numbered and not marked."""
    part = next((rel.target_part for rel in _relations(word) if rel.reltype.endswith("/numbering")), None)
    if part is None:
        return set()
    numbering = parse_xml(part.blob)
    formats: dict[str, dict[int, str]] = {}
    for abstract in numbering.iter(qn("w:abstractNum")):
        formats[str(abstract.get(qn("w:abstractNumId")))] = {
            int(level.get(qn("w:ilvl")) or 0): _value(level, "w:numFmt") for level in abstract.iter(qn("w:lvl"))
        }
    return {
        (str(number.get(qn("w:numId"))), depth)
        for number in numbering.iter(qn("w:num"))
        for depth, form in formats.get(_value(number, "w:abstractNumId"), {}).items()
        if form not in {"bullet", "none", ""}
    }


def _footnotes(word: WordDocument) -> dict[str, str]:
    part = next((rel.target_part for rel in _relations(word) if rel.reltype.endswith("/footnotes")), None)
    if part is None:
        return {}
    notes: dict[str, str] = {}
    for note in parse_xml(part.blob).iter(qn("w:footnote")):
        words = " ".join("".join(text.text or "" for text in note.iter(_TEXT)).split())
        if words and note.get(qn("w:type")) is None:
            notes[str(note.get(_ID))] = words
    return notes


def _relations(word: WordDocument) -> Iterator[Any]:
    return (relation for relation in word.part.rels.values() if not relation.is_external)
