"""Does an answer in words say the number that was asked for?"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Unit = Literal["bytes", "parameters", "gpus", "users"]

_NUMBER: Final = r"(?<![\w.-])(\d[\d,]*(?:\.\d+)?)"
_BYTE_UNITS: Final = {
    "bytes": (1, 1), "byte": (1, 1), "b": (1, 1),
    "kb": (1e3, 1024), "kib": (1024, 1024),
    "mb": (1e6, 1024**2), "mib": (1024**2, 1024**2),
    "gb": (1e9, 1024**3), "gib": (1024**3, 1024**3),
    "tb": (1e12, 1024**4), "tib": (1024**4, 1024**4),
}  # fmt: skip
"""A unit's decimal and binary meaning; people write GB for both."""
_COUNT_UNITS: Final = {"billion": 1e9, "b": 1e9, "million": 1e6, "m": 1e6, "": 1}
_COUNTED: Final = {
    "gpus": r"\s*(?:[x×]\s*)?(?:NVIDIA\s+)?(?:GPUs?\b|H100|H200|A100|L40S?|L4\b|RTX|B200)",
    "users": r"\s*(?:concurrent\s+|simultaneous\s+)?(?:users?|sequences?|max_users)\b",
}


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the number its answer must say."""

    ask: str
    expect: float
    unit: Unit
    note: str
    """Where the number comes from."""
    tolerance: float = 0.005
    """Relative; rounding to three figures is always allowed."""


def questions() -> list[Question]:
    """Read the twenty questions."""
    text = (Path(__file__).parent / "questions.toml").read_text(encoding="utf-8")
    return [Question(**fields) for fields in tomllib.loads(text)["question"]]


def says(answer: str, question: Question) -> bool:
    """Tell whether the answer says the expected number in a unit that fits."""
    return any(
        abs(value - question.expect) <= question.tolerance * question.expect
        for value in _values(answer, question.unit)
    )


def _values(answer: str, unit: Unit) -> list[float]:
    """Give every number in the answer that can be meant, in the question's unit."""
    if unit == "bytes":
        found = re.findall(_NUMBER + r"\s*([KMGT]?i?B|bytes?)\b", answer, re.IGNORECASE)
        return [_number(number) * scale for number, name in found for scale in _BYTE_UNITS[name.lower()]]
    if unit == "parameters":
        found = re.findall(_NUMBER + r"\s*(billion|million|[BM]\b)?", answer, re.IGNORECASE)
        return [_number(number) * _COUNT_UNITS[name.lower()] for number, name in found]
    return [_number(number) for number in re.findall(_NUMBER + _COUNTED[unit], answer, re.IGNORECASE)]


def _number(text: str) -> float:
    return float(text.replace(",", ""))
