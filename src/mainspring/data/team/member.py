"""A member of the team: it does one thing with the sentences it is shown, by a prompt file, in one model call.

What an agent's run would keep beside that, events and doors, is not needed here: it has no tools, and what its
model says is kept by the request. A reply that cannot be read goes back once with what is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pydantic import JsonValue

from mainspring.agent.job import AnswerForm
from mainspring.core import (
    NOTHING,
    Answer,
    Conversation,
    Decision,
    Message,
    Model,
    Options,
    Request,
    Unusable,
    Usage,
)
from mainspring.core.errors import ModelReplyError
from mainspring.data.team.prompts import PromptSet
from mainspring.data.team.wording import Shown

T = TypeVar("T")

_REPAIRS: Final = 1
"""How often a reply that cannot be read goes back to the model."""


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """What a member said."""

    value: T
    usage: Usage
    messages: tuple[Message, ...]
    """What was said, its reply last."""


class Member:
    """Asks a model by a prompt file.

    Args:
        name: What it is called; its prompt file is of that name.
        prompts: The prompt files of the team.
        model: Whom it asks.
    """

    def __init__(self, name: str, prompts: PromptSet, model: Model) -> None:
        self.name = name
        self.model = model
        self._prompt = prompts[name].prompt
        self._house = Message.system(prompts["house"].prompt.render())
        self._mender = prompts["reply_mender"].prompt
        self._options: dict[AnswerForm[Any], Options] = {}

    def __repr__(self) -> str:
        return f"Member({self.name!r}, model={self.model.name!r})"

    async def ask(self, shown: Shown, form: AnswerForm[T], inputs: Mapping[str, object]) -> Said[T]:
        """Show it sentences, and have it do its work.

        Raises:
            ModelError: No usable reply came.
            BudgetError: The budget does not cover the call.
        """
        return await self._said([self._house, shown.message(self._prompt.render(inputs))], form)

    async def again(self, said: Said[T], form: AnswerForm[T], words: str) -> Said[T]:
        """Tell it something about its reply, and have it reply anew; errors are those of `ask`."""
        return await self._said([*said.messages, Message.user(words)], form)

    async def _said(self, messages: Sequence[Message], form: AnswerForm[T]) -> Said[T]:
        conversation, used = Conversation(messages), NOTHING
        for turn in range(_REPAIRS + 1):
            options, sampling = self._options_for(form), self._prompt.sampling
            reply = await self.model.ask(Request(conversation, options, sampling, conversation.label, turn))
            used += reply.usage
            conversation.add(reply.message)
            try:
                return Said(form.read(_answered(reply.decision)), used, tuple(conversation))
            except ValueError as error:
                problem = str(error)
            conversation.add(Message.user(self._mender.render({"problem": problem})))
        raise ModelReplyError(
            f"model {self.model.name!r} wrote {_REPAIRS + 1} replies in a row that {self.name} could not use "
            f"(the last: {problem})"
        )

    def _options_for(self, form: AnswerForm[T]) -> Options:
        """Give the options of a form, the same ones each time: what is encoded for them is encoded once."""
        known = self._options.get(form)
        if known is None:
            known = self._options[form] = Options(answer=form.schema)
        return known


def _answered(decision: Decision) -> JsonValue:
    """Give the answer of a reply.

    Raises:
        ValueError: It is none.
    """
    match decision:
        case Answer(value=value):
            return value
        case Unusable(reason=reason):
            raise ValueError(reason)
        case _:
            raise ValueError("it calls a tool, and there is none")
