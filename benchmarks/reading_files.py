"""Files for the benchmark of reading: pages of the same prose as PDF, as a web page and as a Word document."""

import ctypes
import io
import random
from collections.abc import Iterator
from typing import Final

import docx
import pypdfium2  # type: ignore[import-untyped]  # it comes without types
from pypdfium2 import raw as pdfium

N_LINES: Final = 45
LINE_WORDS: Final = 13
PROSE: Final = (
    "the level of river is read each morning at seven and written down by whoever has watch together with weather "
    "wind nobody else may write in book it stays gauge stands on left bank near bridge where water runs slowly"
)
WORDS: Final = PROSE.split()


def make_pdf(n_pages: int) -> bytes:
    """Make a PDF with a heading, a running head, a page number and prose on each page."""
    pdf = pypdfium2.PdfDocument.new()
    fonts = {name: pdfium.FPDFText_LoadStandardFont(pdf, name) for name in (b"Helvetica", b"Helvetica-Bold")}
    for number, page_lines in enumerate(_pages(n_pages), start=1):
        page = pdf.new_page(595, 842)

        def write(words: str, y: float, size: float, font: bytes, page: object = page) -> None:
            text = pdfium.FPDFPageObj_CreateTextObj(pdf, fonts[font], size)
            units = (words + "\0").encode("utf-16-le")
            pdfium.FPDFText_SetText(text, (ctypes.c_ushort * (len(units) // 2)).from_buffer_copy(units))
            pdfium.FPDFPageObj_Transform(text, 1, 0, 0, 1, 72, y)
            pdfium.FPDFPage_InsertObject(page, text)

        write("The river office", 810, 9, b"Helvetica")
        write(f"{number}. On the gauge", 780, 16, b"Helvetica-Bold")
        for place, line in enumerate(page_lines):
            write(line, 750 - 15 * place, 10.5, b"Helvetica")
        write(str(number), 40, 9, b"Helvetica")
        page.gen_content()
    file = io.BytesIO()
    pdf.save(file)
    return file.getvalue()


def make_html(n_pages: int) -> bytes:
    """Make a web page with a menu, a footer and a section for each page."""
    menu = "".join(f"<li><a href='/{place}'>Entry number {place}</a></li>" for place in range(200))
    sections = "".join(
        f"<h2>{number}. On the gauge</h2><p>{'</p><p>'.join(_paragraphs(page))}</p>"
        for number, page in enumerate(_pages(n_pages), start=1)
    )
    return (
        f"<!doctype html><html lang=en><title>The gauge</title><body><nav><ul>{menu}</ul></nav>"
        f"<main><h1>The gauge</h1>{sections}</main><footer><ul>{menu}</ul></footer></body></html>"
    ).encode()


def make_docx(n_pages: int) -> bytes:
    """Make a Word document with a heading, prose and a table for each page."""
    word = docx.Document()
    for number, page in enumerate(_pages(n_pages), start=1):
        word.add_heading(f"{number}. On the gauge", 2)
        for paragraph in _paragraphs(page):
            word.add_paragraph(paragraph)
        table = word.add_table(3, 3)
        for row in table.rows:
            for place, cell in enumerate(row.cells):
                cell.text = f"{WORDS[place]} {number}"
    file = io.BytesIO()
    word.save(file)
    return file.getvalue()


def _pages(n_pages: int) -> Iterator[list[str]]:
    """Give the lines of each page, the same ones every time."""
    dice = random.Random(0)
    for _ in range(n_pages):
        yield [" ".join(dice.choices(WORDS, k=LINE_WORDS)).capitalize() + "." for _ in range(N_LINES)]


def _paragraphs(lines: list[str]) -> list[str]:
    return [" ".join(lines[start : start + 5]) for start in range(0, len(lines), 5)]
