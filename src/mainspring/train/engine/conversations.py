"""Rows to token ids in the words of the base's own chat template, and which of the tokens are learnt.

Where the template says itself what is generated (`{% generation %}`), that is what an assistant's turn says.
Elsewhere the conversation is rendered up to the turn and with it, and what lies between is the turn, its end
included; this asks that the tokens before are the same in both, as they are when the model is served.

A row that cannot be learnt from is left out with its reason. Nothing is cut: half a conversation teaches to stop.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import TemplateError
from transformers.utils.chat_template_utils import render_jinja_template

from mainspring.train.engine.failures import EngineError
from mainspring.train.folder import Row, Turn
from mainspring.train.job import Value

_MARKS: Final = re.compile(r"\{%-?\s*generation\s*-?%\}")


@dataclass(frozen=True, slots=True)
class Conversation:
    """A row as the model reads it."""

    id: str
    ids: tuple[int, ...]
    learnt: tuple[int, ...]
    """Places of the tokens that count in the loss."""


class LeftOut(Value):
    """A row that is not learnt from."""

    id: str
    says: str
    """Why not."""


class Renderer:
    """Renders rows with a tokenizer's chat template.

    Args:
        tokenizer: Of the base, as transformers loads it.
        longest_tokens: The most tokens a conversation may have.

    Raises:
        EngineError: The tokenizer has no chat template.
    """

    def __init__(self, tokenizer: Any, *, longest_tokens: int) -> None:
        template = tokenizer.chat_template
        if not isinstance(template, str) or not template:
            raise EngineError(
                "rows",
                "the base has no chat template, so it is not known how a conversation is put to it; put a "
                "`chat_template.jinja` into the base's folder, or take the instruct version of the base",
            )
        self._tokenizer = tokenizer
        self._template = template
        self._is_marked = _MARKS.search(template) is not None
        self._longest_tokens = longest_tokens
        self._special = frozenset(tokenizer.all_special_ids)

    def conversation(self, row: Row) -> Conversation | LeftOut:
        """Give a row's tokens, or why it is left out."""
        try:
            text, spans = self._render(row, row.messages)
            ids = self._ids(text)
            self._check_tools(row, text)
            if len(ids) > self._longest_tokens:
                return LeftOut(
                    id=row.id,
                    says=f"its {len(ids)} tokens are more than the {self._longest_tokens} that there may be: "
                    "raise `sequence_tokens`, and where the base's own window is shorter, stretch it with `rope`",
                )
            learnt = sorted({place for turn in self._turns(row, text, ids, spans) for place in turn})
        except TemplateError as error:
            return LeftOut(id=row.id, says=f"the chat template refuses it: {error}")
        except _Unclear as error:
            return LeftOut(id=row.id, says=str(error))
        if not any(learnt):
            return LeftOut(id=row.id, says="none of its tokens is learnt; `learn` says whose words count")
        return Conversation(row.id, tuple(ids), tuple(learnt))

    def _turns(self, row: Row, text: str, ids: list[int], spans: list[tuple[int, int]]) -> Iterator[Iterable[int]]:
        """Give the places of each turn that is learnt."""
        marked = iter(self._marked(text, spans))
        for number, turn in enumerate(row.messages):
            generated = next(marked, None) if turn.role == "assistant" else None
            if turn.learn:
                yield self._between(row, number, ids) if generated is None else generated

    def _check_tools(self, row: Row, text: str) -> None:
        """See that the template words the tools of a row and what was called, and does not pass over them."""
        bare = [turn.model_copy(update={"calls": ()}) for turn in row.messages]
        has_calls = bare != [*row.messages]
        if any(tool.name not in text for tool in row.tools) or (has_calls and self._render(row, bare)[0] == text):
            raise _Unclear(
                'the chat template says nothing of tools or of calls: learn in `mode = "structured"`, in which '
                "messages say it, or take a base whose template does"
            )

    def _marked(self, text: str, spans: list[tuple[int, int]]) -> list[list[int]]:
        """Give the places of tokens that overlap each span of characters."""
        if not spans:
            return []
        offsets = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        return [
            [place for place, (start, end) in enumerate(offsets) if end > first and start < last]
            for first, last in spans
        ]

    def _between(self, row: Row, number: int, ids: list[int]) -> range:
        """Give the places that a turn adds to the conversation before it."""
        messages = row.messages
        asked = messages[number].role == "assistant"
        before = self._ids(self._render(row, messages[:number], asked=asked)[0]) if number else []
        upto = self._ids(self._render(row, messages[: number + 1])[0]) if number + 1 < len(messages) else ids
        kept = next((place for place, (a, b) in enumerate(zip(upto, ids, strict=False)) if a != b), len(upto))
        # Some templates end a conversation with a token that is not there when it goes on: no part of the turn.
        if kept < len(before) or ids[: len(before)] != before or self._says_something(upto[kept:]):
            raise _Unclear(
                f"the chat template writes message {number + 1}, or what stands before it, in another way when "
                "more follows, so it cannot be told which tokens are learnt; mark them in the template with "
                "`{% generation %}` and `{% endgeneration %}`"
            )
        return range(len(before), self._end(upto[:kept], len(before)))

    def _end(self, ids: list[int], start: int) -> int:
        """Give the end of a turn: behind its last special token, if only white space follows that."""
        last = next((place for place in range(len(ids) - 1, start - 1, -1) if ids[place] in self._special), None)
        return len(ids) if last is None or self._says_something(ids[last + 1 :]) else last + 1

    def _says_something(self, ids: list[int]) -> bool:
        return bool(str(self._tokenizer.decode(ids, skip_special_tokens=True)).strip())

    def _render(
        self, row: Row, messages: Sequence[Turn], *, asked: bool = False
    ) -> tuple[str, list[tuple[int, int]]]:
        """Give the text of messages of a row, and the spans of it that the template says are generated."""
        texts, spans = render_jinja_template(
            conversations=[[turn.message for turn in messages]],
            tools=row.shown or None,
            chat_template=self._template,
            return_assistant_tokens_mask=self._is_marked,
            add_generation_prompt=asked,
            **self._tokenizer.special_tokens_map,
        )
        n_assistant = sum(turn.role == "assistant" for turn in messages)
        if self._is_marked and len(spans[0]) != n_assistant:
            raise _Unclear(f"the chat template marks {len(spans[0])} generations for {n_assistant} replies")
        return texts[0], [tuple(span) for span in spans[0]] if self._is_marked else []

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])


class _Unclear(Exception):
    """It cannot be told which tokens of a row are learnt."""
