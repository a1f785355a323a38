"""A member of the team: an agent without tools that does one thing with the sentences it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from mainspring.agent import Agent
from mainspring.agent.job import AnswerForm
from mainspring.core import Message, Model, Usage
from mainspring.data.team.prompts import WrittenPrompt
from mainspring.data.team.wording import Shown
from mainspring.prompts import Prompt

T = TypeVar("T")

_REPAIRS = 1
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
        name: What it is called.
        written: Its prompt file.
        house: What all members are told first.
        model: Whom it asks.
    """

    def __init__(self, name: str, written: WrittenPrompt, house: WrittenPrompt, model: Model) -> None:
        self.name = name
        self.written = written
        self.model = model
        self._agent = Agent(
            name,
            prompt=Prompt(house.prompt.render(), name=house.name, verbatim=True),
            model=model,
            sampling=written.sampling,
            max_repairs=_REPAIRS,
        )

    def __repr__(self) -> str:
        return f"Member({self.name!r}, model={self.model.name!r})"

    async def ask(self, shown: Shown, form: AnswerForm[T], inputs: Mapping[str, object]) -> Said[T]:
        """Show it sentences, and have it do its work.

        Raises:
            ModelError: No usable reply came.
            BudgetError: The budget does not cover the call.
        """
        asked = shown.message(self.written.prompt.render(inputs))
        result = await self._agent.run_for(form, asked, ()).drive()
        return Said(result.output, result.usage, result.messages)

    async def again(self, said: Said[T], form: AnswerForm[T], words: str) -> Said[T]:
        """Tell it something about its reply, and have it reply anew; errors are those of `ask`."""
        result = await self._agent.run_for(form, Message.user(words), said.messages).drive()
        return Said(result.output, result.usage, result.messages)
