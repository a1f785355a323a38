"""One reader for each kind of file; the libraries they need are imported when the first such file is read."""

from mainspring.data.reading.readers.code import CodeReader
from mainspring.data.reading.readers.csv import CsvReader
from mainspring.data.reading.readers.docx import DocxReader
from mainspring.data.reading.readers.html import HtmlReader
from mainspring.data.reading.readers.mail import MailReader
from mainspring.data.reading.readers.markdown import MarkdownReader
from mainspring.data.reading.readers.pdf import PdfReader
from mainspring.data.reading.readers.text import TextReader

__all__ = [
    "CodeReader",
    "CsvReader",
    "DocxReader",
    "HtmlReader",
    "MailReader",
    "MarkdownReader",
    "PdfReader",
    "TextReader",
]
