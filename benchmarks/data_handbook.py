"""Handbooks of invented machines, and somebody who knows all about them: a teacher for the data pipeline.

Each sentence of a handbook states one number of one machine. A teacher is asked with the pipeline's own prompts and
answers from what it is shown, by the form that its reply is held to; a perfect one truthfully, a liar with another
number. Nothing is kept between calls.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from random import Random
from typing import Final

from pydantic import JsonValue

from mainspring.core import Answer, JsonObject, Message, OnDelta, Reply, Request, Usage
from mainspring.data.team.controls import shipped

Speak = Callable[[JsonObject, str], JsonValue]
"""Answers by the JSON schema of the answer and the words it is asked with."""

_SYLLABLES: Final = (
    "kor",
    "mel",
    "vat",
    "rin",
    "dus",
    "tal",
    "bex",
    "lom",
    "nar",
    "pif",
    "sul",
    "zeg",
    "hav",
    "jor",
)
_MACHINES: Final = ("pump", "valve", "winch", "burner", "mixer", "press", "loom", "crane", "kiln", "lathe")
_FACTS: Final = (
    ("weighs", "weigh", "kilograms"),
    ("uses", "use", "watts"),
    ("lasts", "last", "years"),
    ("costs", "cost", "euros"),
    ("turns", "turn", "times a minute"),
    ("holds", "hold", "litres"),
)
_LINE: Final = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)
_SENTENCE: Final = re.compile(r"The ([A-Z]\w+ \w+) (\w+) ([\d,]+) ([\w ]+)\.")
_ABOUT: Final = re.compile(r"^\d+\. (.*?)(?:, about: (.*))?$", re.MULTILINE)
_NAME: Final = re.compile(r"the ([A-Z]\w+ \w+)")
_ASKED: Final = re.compile(r"(?:Answer this question|Somebody was asked): (.*)")
_REFUSAL: Final = "I do not have that information."


def sentences(seed: int = 0) -> Iterator[str]:
    """Give sentences about machines without an end, none about the same thing as another."""
    random = Random(seed)
    for place in count():
        name = "".join(random.choice(_SYLLABLES) for _ in range(4)).capitalize()
        says, _, unit = _FACTS[place % len(_FACTS)]
        yield f"The {name} {random.choice(_MACHINES)} {says} {random.randint(11, 9_999):,} {unit}."


def handbook(n_chapters: int, *, seed: int = 0, n_sentences: int = 24) -> str:
    """Write a handbook in Markdown: chapters that are about one passage long each."""
    source = sentences(seed)
    chapters = []
    for number in range(1, n_chapters + 1):
        lines = [next(source) for _ in range(n_sentences)]
        paragraphs = "\n\n".join(" ".join(lines[start : start + 6]) for start in range(0, n_sentences, 6))
        chapters.append(f"# Chapter {number}\n\n{paragraphs}")
    return "\n\n".join(chapters) + "\n"


def truthful(schema: JsonObject, words: str) -> JsonValue:
    """Say what a perfect member of the team would say."""
    return _said(schema, words, answer=lambda sentence: sentence)


def lying(schema: JsonObject, words: str) -> JsonValue:
    """Say what a liar would say: the right sentence cited, and another number told."""
    return _said(schema, words, answer=lambda sentence: re.sub(r"[\d,]+", "10,017", sentence))


class Teacher:
    """A model that knows the handbooks, without a server.

    Args:
        speak: How it answers.
        name: What it is recorded as.
    """

    def __init__(self, speak: Speak = truthful, name: str = "teacher") -> None:
        self.name = name
        self.n_calls = 0
        self._speak = speak

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Answer."""
        del on_delta
        self.n_calls += 1
        words = "\n".join(message.text for message in request.messages)
        decision = Answer(value=self._speak(request.options.answer or {}, words))
        usage = Usage(input_tokens=len(words) // 4, output_tokens=len(str(decision.value)) // 4, model_calls=1)
        message = Message(role="assistant", parts=decision.parts, label=request.label)
        return Reply(message, decision, usage, "stop", self.name)


def _said(schema: JsonObject, words: str, *, answer: Callable[[str], str]) -> JsonValue:
    fields = schema.get("properties")
    wanted = set(fields) if isinstance(fields, dict) else set()
    shown = [(int(number), sentence) for number, sentence in _LINE.findall(words)]
    if "concepts" in wanted:
        found = [(number, _SENTENCE.fullmatch(sentence)) for number, sentence in shown]
        concepts: list[JsonValue] = [{"about": match[1], "sentence": n} for n, match in found if match]
        return {"concepts": concepts[:: max(1, len(concepts) // 6)][:6]}
    if "questions" in wanted:
        return {"questions": [_question(wish, about, shown) for wish, about in _ABOUT.findall(words)]}
    asked = _ASKED.findall(words)
    question = asked[-1] if asked else ""
    if "supported" in wanted:
        is_good = _is_supported(question, words, shown)
        return {"supported": is_good, "answers": is_good, "stands_alone": True}
    return _answer(question, shown, answer)


def _question(wish: str, about: str, shown: Sequence[tuple[int, str]]) -> str:
    told = [match for _, sentence in shown if (match := _SENTENCE.fullmatch(sentence))]
    if "both parts" in wish:
        return f"What is known of the {told[0][1]} and of the {told[-1][1]}?"
    match = next((match for match in told if match[1] == about), told[0])
    if "do not answer" in wish:
        return f"Who invented the {match[1]}?"
    plain = next(plain for says, plain, unit in _FACTS if (says, unit) == (match[2], match[4]))
    return f"How many {match[4]} does the {match[1]} {plain}?"


def _answer(question: str, shown: Sequence[tuple[int, str]], answer: Callable[[str], str]) -> JsonValue:
    names = _NAME.findall(question)
    cited = [(number, sentence) for number, sentence in shown if any(f"The {name} " in sentence for name in names)]
    if question.startswith("Who") or not cited:
        lie = answer("It was 17.")
        return {"cites": [], "answer": _REFUSAL if lie == "It was 17." else f"Somebody of {lie}"}
    return {"cites": [number for number, _ in cited], "answer": " ".join(answer(sentence) for _, sentence in cited)}


def _is_supported(question: str, words: str, shown: Sequence[tuple[int, str]]) -> bool:
    """Tell whether the answer that is judged is the truth, where the question is about a machine."""
    answered = re.findall(r"They answered: (.*)", words)
    known = {(control.question, control.answer): control.is_good for control in shipped()}
    if answered and (question, answered[-1]) in known:
        return known[question, answered[-1]]
    truth = _answer(question, shown, lambda sentence: sentence)
    assert isinstance(truth, dict)
    return bool(answered) and answered[-1] == truth["answer"]
