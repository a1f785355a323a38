"""Measures what reading documents takes: pages of PDF, characters of web pages and Word documents, per CPU second.

Needs the `data` extra, and Linux. `--folder` reads files of one's own instead of those it makes. Beside it stand
bare PDFium, which is the floor, and `pypdf` where it is installed.
"""

import argparse
import asyncio
import io
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.environments import machine
from benchmarks.reading_files import make_docx, make_html, make_pdf
from mainspring.data import Document
from mainspring.data.reading import language_of, read_bytes, read_folder

N_PAGES: Final = 60
N_REPEATS: Final = 5
N_FILES: Final = 40
KINDS: Final = {".pdf": "pdf", ".html": "html", ".docx": "docx"}

Figures = dict[str, float]


def main() -> None:
    """Measure, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--folder", type=Path, help="measure the PDF, HTML and DOCX files of a folder")
    arguments = parser.parse_args()
    files = of_folder(arguments.folder) if arguments.folder else made()
    document: dict[str, object] = {**figures(files), "peers": peers(files), "machine": machine()}
    document |= asyncio.run(isolated(files["made.html"])) if not arguments.folder else {}
    if arguments.json:
        print(json.dumps(document, indent=2))
        return
    table = Table("", "figure", title="reading")
    for key, value in document.items():
        table.add_row(key, str(value))
    Console(width=120).print(table)


def made() -> dict[str, bytes]:
    """Make a file of each kind."""
    return {
        "made.pdf": make_pdf(N_PAGES),
        "made.html": make_html(N_PAGES),
        "made.docx": make_docx(N_PAGES),
    }


def of_folder(folder: Path) -> dict[str, bytes]:
    """Take the files of a folder whose kinds are measured."""
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in KINDS}


def figures(files: dict[str, bytes]) -> Figures:
    """Measure each kind in this process, and what finding the language takes."""
    documents = {name: read(name, raw) for name, raw in files.items()}  # What is imported is not counted.
    found: Figures = {}
    for suffix, kind in KINDS.items():
        names = [name for name in files if name.endswith(suffix)]
        if not names:
            continue
        taken_s = sum(cpu_s(partial(read, name, files[name])) for name in names)
        found[f"{kind}_chars_per_cpu_s"] = round(sum(len(documents[name].text) for name in names) / taken_s)
        if kind == "pdf":
            found["pdf_pages_per_cpu_s"] = round(sum(len(documents[name].pages) for name in names) / taken_s, 1)
    text = max((document.text for document in documents.values()), key=len) * 10
    found["language_ms"] = round(1000 * cpu_s(partial(language_of, text)), 2)
    return found


def peers(files: dict[str, bytes]) -> dict[str, Figures]:
    """Measure what others take for the same PDF files, as far as they are installed."""
    raws = [raw for name, raw in files.items() if name.endswith(".pdf")]
    ways = {"pypdfium2": by_pdfium, "pypdf": by_pypdf}
    return {name: pages_per_s(raws, way) for name, way in ways.items() if raws and find_spec(name)}


def pages_per_s(raws: list[bytes], extract: Callable[[bytes], int]) -> Figures:
    """Measure a function that gives how many pages it has read."""
    n_pages = sum(map(extract, raws))
    return {"pdf_pages_per_cpu_s": round(n_pages / sum(cpu_s(partial(extract, raw)) for raw in raws), 1)}


def by_pdfium(raw: bytes) -> int:
    """Take the bare text of all pages, as PDFium gives it: the floor."""
    import pypdfium2  # type: ignore[import-untyped]  # it comes without types

    with pypdfium2.PdfDocument(raw) as pdf:
        for page in pdf:
            page.get_textpage().get_text_range()
        return len(pdf)


def by_pypdf(raw: bytes) -> int:
    """Take the text of all pages with pypdf."""
    import pypdf  # type: ignore[import-not-found]  # it is measured only where somebody has installed it

    pages = pypdf.PdfReader(io.BytesIO(raw)).pages
    return sum(1 for page in pages if page.extract_text() is not None)


async def isolated(raw: bytes) -> Figures:
    """Measure the CPU time that reading in another process adds to a file, and that of its start."""
    alone_s = cpu_s(lambda: read("a.html", raw))
    one_s, many_s = [await folder_cpu_s(raw, n_files) for n_files in (1, N_FILES)]
    each_s = (many_s - one_s) / (N_FILES - 1)
    return {
        "isolated_cpu_ms_per_file": round(1000 * (each_s - alone_s), 2),
        "isolated_start_cpu_s": round(one_s, 2),
    }


async def folder_cpu_s(raw: bytes, n_files: int) -> float:
    """Read a folder of files that differ by a comment; give the CPU time of this process and of its children."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), raw, n_files)
        started_s = all_cpu_s()
        async with aclosing(read_folder(folder, n_workers=1)) as reading:
            n_read = len([item async for item in reading if isinstance(item, Document)])
        assert n_read == n_files, f"{n_read} of {n_files} files were read"
        return all_cpu_s() - started_s


def write(folder: Path, raw: bytes, n_files: int) -> None:
    """Write a file so many times, each with a comment of its own."""
    for number in range(n_files):
        (folder / f"{number}.html").write_bytes(raw + b"<!-- %d -->" % number)


def all_cpu_s() -> float:
    """Give the CPU time of this process and of all its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def read(name: str, raw: bytes) -> Document:
    """Read one file in this process."""
    return read_bytes(raw, name)[0]


def cpu_s(act: Callable[[], object]) -> float:
    """Give the median CPU time of some calls."""
    taken: list[float] = []
    for _ in range(N_REPEATS):
        started_s = time.process_time()
        act()
        taken.append(time.process_time() - started_s)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
