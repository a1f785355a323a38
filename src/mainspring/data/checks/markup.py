"""No leftovers of prompts in question or answer: numbers of sentences, JSON, labels, templates, words to a model.

What stands in the cited text may stand in the answer: a manual of templates has braces in it. Words that tell a
model what to do may not, whoever wrote them.
"""

import re
from collections.abc import Iterator
from typing import Final

from mainspring.data.checks.asked import Asked
from mainspring.data.example import Objection

_LEFTOVER: Final = re.compile(
    r"""
    (?P<reference>\[\d{1,3}(?:\s?[,–-]\s?\d{1,3})*\]|\b(?:Sentence|Satz|Passage|Phrase|Oración)\s\d{1,3}\b)
  | (?P<json>^\s*[{\[]\s*["{\[]|"\w+"\s*:\s*["{\[\d])
  | (?P<label>
      ^\s*(?:\#+\s*|\**)
      (?:Question|Answer|Q|A|Frage|Antwort|Réponse|Pregunta|Respuesta|Evidence|Source|Context)\**\s?:
    )
  | (?P<template>\{\{|\}\}|\{%|%\}|\$\{\w+\}|<\w+_placeholder>)
    """,
    re.VERBOSE | re.MULTILINE,
)
_FOR_MODELS: Final = re.compile(
    r"""
    <\|\w+\|> | \[/?INST\] | </?think> | </?s> | <<SYS>>
  | \b(?:ignore|disregard|forget)\s(?:all\s)?(?:the\s|your\s|any\s)?(?:previous|prior|above|earlier|preceding)\b
  | \b(?:output|respond\swith|reply\swith|print)\sonly\b
  | \bas\san?\s(?:AI|artificial\sintelligence|large\slanguage|language)\b(?:\smodel|\sassistant)?
  | \bI(?:['’]m|\sam)\san?\s(?:AI|language\smodel)\b
  | \b(?:system|user)\sprompt\b
  | \bals\s(?:KI|Sprachmodell|KI-Modell)\b | \ben\stant\squ(?:e\s|['’])(?:IA|modèle)\b
  | \bcomo\s(?:modelo\sde\slenguaje|IA)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FENCE: Final = "```"


def objections(asked: Asked) -> Iterator[Objection]:
    """Object to what is left of a prompt, and to words that are meant for a model."""
    for part, text in (("question", asked.example.question), ("answer", asked.example.answer)):
        for says in _leftovers(text, asked.cited):
            yield Objection(check="markup", says=f"the {part} {says}")


def _leftovers(text: str, cited: str) -> Iterator[str]:
    for match in _LEFTOVER.finditer(text):
        if match[0].strip() not in cited:
            yield f"has {match[0].strip()!r} in it, which is left of a prompt: leave it out"
    for match in _FOR_MODELS.finditer(text):
        yield f"has words for a model in it, {match[0]!r}: leave them out"
    if text.count(_FENCE) % 2:
        yield f"opens {_FENCE} and does not close it"
