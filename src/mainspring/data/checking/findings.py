"""What a check of a dataset found: what is wrong, what to look at, and what the dataset is like.

What it keeps true: however much is wrong, the findings stay readable; of each kind the first so many are told, and
all are counted.
"""

from collections import Counter
from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from mainspring.data.document import Value
from mainspring.data.example import Kind, Split
from mainspring.data.writing import FormatName, JudgeRates

Severity = Literal["error", "warning"]
MOST_TOLD: Final = 20
"""Findings of a check that are told one by one."""


class Finding(Value):
    """Something wrong (`error`), or something that somebody should look at (`warning`)."""

    severity: Severity
    check: str
    """What was looked at: `schema`, `provenance`, `spans`, `duplicates`, `leakage`, ..."""
    says: str
    where: str = ""
    """The file and the line, counted from 1; nothing where it is about the whole."""


class Lengths(Value):
    """How long rows are; by each of these so many hundredths of the rows are no longer."""

    p5: int
    p50: int
    p95: int
    p99: int
    longest: int


class Bar(Value):
    """Rows of about one length."""

    start: int
    """The least length."""
    end: int
    """Above the greatest length."""
    n: int


class Findings(Value):
    """What a dataset is like, and what is wrong with it."""

    VERSION: ClassVar = 1

    format: FormatName
    n_rows: Mapping[Split, int]
    kinds: Mapping[Split, Mapping[Kind, int]]
    """Rows by what they ask."""
    n_candidates: int = 0
    n_accepted: int = 0
    """Candidates to which no check objects."""
    n_decisions: int = 0
    """Examples that a person decided on."""
    left_out: Mapping[str, int] = {}
    """Why the format could not write some accepted examples, and how many."""
    characters: Lengths | None = None
    """All words of a row; None where there are no rows."""
    tokens: Lengths | None = None
    """The same, estimated at four bytes a token."""
    histogram: tuple[Bar, ...] = ()
    """Rows by estimated tokens, each bar twice as wide as the one before it."""
    judge: JudgeRates | None = None
    """How the judge did with controls; None where it was not measured."""
    findings: tuple[Finding, ...] = ()
    """Errors first; of each check only the first so many."""
    n_found: Mapping[str, int] = {}
    """Check to how much it found, told or not."""
    notes: tuple[str, ...] = ()
    """What could not be looked at, and why."""

    @property
    def n_errors(self) -> int:
        """How many errors are told."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def is_sound(self) -> bool:
        """Whether there is no error."""
        return self.n_errors == 0


class Collected:
    """Findings while they are made."""

    def __init__(self) -> None:
        self.n_found: Counter[str] = Counter()
        self._told: Counter[tuple[Severity, str]] = Counter()
        self._findings: list[Finding] = []

    def error(self, check: str, says: str, where: str = "") -> None:
        """Say that something is wrong."""
        self._add("error", check, says, where)

    def warn(self, check: str, says: str, where: str = "") -> None:
        """Say that somebody should look at something."""
        self._add("warning", check, says, where)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those that are told, errors first, in the order in which they were found."""
        return tuple(sorted(self._findings, key=lambda finding: finding.severity))

    def _add(self, severity: Severity, check: str, says: str, where: str) -> None:
        self.n_found[check] += 1
        self._told[severity, check] += 1
        if self._told[severity, check] <= MOST_TOLD:
            self._findings.append(Finding(severity=severity, check=check, says=says, where=where))
