"""Source code: the file as it stands; its top-level definitions are its headings."""

import ast
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from mainspring.data.document import Document, Heading
from mainspring.data.reading.composing import digest_of
from mainspring.data.reading.encoding import decode
from mainspring.data.reading.skipped import no_text
from mainspring.data.reading.tidy import tidy

_CODING: Final = re.compile(rb"\A(?:[^\n]*\n)?[ \t\f]*#.*?coding[:=][ \t]*(?P<name>[-\w.]+)")
_BRACES: Final = (
    r"(?:(?:export|default|pub|public|private|protected|internal|static|final|abstract|async|unsafe|sealed|open|data|"
    r"inline|extern|virtual|partial|override|declare)(?:\([^)\n]*\))?[ \t]+)*"
    r"(?:class|interface|struct|enum|trait|impl|union|protocol|extension|record|object|namespace|module|mod|type|"
    r"function\*?|func|fun|fn|def|macro_rules!)\b[^\n{;=]*"
)
_C: Final = (
    r"(?!(?:return|else|typedef|using|if|for|while|switch|case)\b)"
    r"[A-Za-z_][\w:<>,*& \t]{0,200}[ \t*&][\w:~]+\([^;\n]*"
)
_SHELL: Final = r"(?:function[ \t]+)?[\w-]+[ \t]*\(\)[ \t]*(?=\{|$)|function[ \t]+[\w-]+"
_SQL: Final = (
    r"(?i:create[ \t]+(?:or[ \t]+replace[ \t]+)?(?:\w+[ \t]+){0,3}"
    r"(?:table|view|function|procedure|index|type|trigger)\b[^\n(;]*)"
)
_TEX: Final = r"\\(?:part|chapter|section|subsection|subsubsection)\*?\{[^}\n]*\}"
_PATTERNS: Final[dict[str, str]] = {
    **dict.fromkeys((".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".cu", ".ino", ".m"), f"{_BRACES}|{_C}"),
    **dict.fromkeys((".sh", ".bash", ".zsh"), _SHELL),
    **dict.fromkeys((".sql",), _SQL),
    **dict.fromkeys((".tex",), _TEX),
    **dict.fromkeys((".json", ".jsonl", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".xml", ".css", ".scss"), ""),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".ts", ".tsx", ".java", ".kt", ".kts", ".cs", ".go", ".rs"), _BRACES),
    **dict.fromkeys((".rb", ".php", ".swift", ".scala", ".dart", ".lua", ".jl", ".ex", ".pl", ".r"), _BRACES),
}
_PYTHON: Final = frozenset({".py", ".pyi", ".pyw"})
_TITLE_CHARS: Final = 120


@dataclass(frozen=True, slots=True)
class CodeReader:
    """Reads source code and settings."""

    kind: str = "code"
    suffixes: frozenset[str] = _PYTHON | frozenset(_PATTERNS)

    def read(self, raw: bytes, name: str) -> Sequence[Document]:
        """Give the document of a file of code."""
        coding = _CODING.match(raw[:1000])
        decoded = decode(raw, coding["name"].decode("ascii", "replace") if coding else "")
        text = tidy(decoded.text)
        if not text:
            raise no_text(name)
        suffix = PurePosixPath(name).suffix.lower()
        headings = _of_python(text) if suffix in _PYTHON else None
        return [
            Document(
                name=name,
                kind=self.kind,
                digest=digest_of(raw),
                text=text,
                title=PurePosixPath(name).name,
                headings=_by_pattern(text, suffix) if headings is None else headings,
                notes=decoded.notes,
            )
        ]


def _of_python(text: str) -> tuple[Heading, ...] | None:
    """Find the classes and functions of a module; None where it is not valid Python of this version."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    headings = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            word = "class" if isinstance(node, ast.ClassDef) else "def"
            headings.append(Heading(start=starts[first - 1], level=1, title=f"{word} {node.name}"))
    return tuple(headings)


def _by_pattern(text: str, suffix: str) -> tuple[Heading, ...]:
    pattern = _PATTERNS.get(suffix, r"(?:async[ \t]+)?(?:class|def)[ \t][^\n:]*")
    if not pattern:
        return ()
    found = re.finditer(rf"^(?:{pattern})", text, re.MULTILINE)
    return tuple(
        Heading(start=match.start(), level=1, title=" ".join(match[0][:_TITLE_CHARS].split())) for match in found
    )
