"""Remembering: an agent is told what is known of its user, and what that says is kept, without its thinking of it.

    recall -> [the agent answers | what was said is noticed and kept] -> the answer

Both are done side by side, and whatever becomes of remembering, the answer is the agent's. What the user says is
noticed by one call of a small model; what pages and tools say is not.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from mainspring.agent import Agent
from mainspring.agent.child import Child, child_tool
from mainspring.agent.job import AnswerForm
from mainspring.agent.opening import Models
from mainspring.core import Clock, Message
from mainspring.core.errors import ConfigError, NobodyAnswered
from mainspring.memory.note import Scope
from mainspring.memory.recollection import known
from mainspring.memory.store import MemoryStore
from mainspring.memory.tools import told_as_result
from mainspring.models.routine import Routine, RoutineModel, Step, call
from mainspring.teams.handoff import said
from mainspring.teams.noticing import Retention, is_off_the_record, noticing
from mainspring.tools import AnyTool, tool

_RECALL: Final = "recall"
_REMEMBER: Final = "remember"
_N_RECALLED: Final = 5
_ANSWER_CHARS: Final = 1_000_000
"""Of an answer that is passed on: it is the run's, and not to be cut as a tool's result is."""


def remembering(  # noqa: PLR0913 - one keyword for each thing that can be said of a team
    agent: Agent,
    memory: MemoryStore,
    *,
    user: str,
    model: Models | None = None,
    retention: Retention | None = None,
    output: type[Any] = str,
    name: str | None = None,
    clock: Clock | None = None,
) -> Agent:
    """Make an agent that remembers what one user tells it, from conversation to conversation.

    Notes are kept in the scope of agent and user together; told are also those of the agent alone and of the user
    alone. The user is part of the agent: where runs are kept, a run goes on by the agent's name.

    Args:
        agent: Who answers; it is handed the conversation, with what is known before the user's last words.
        memory: Where notes are kept.
        user: Whose words they are.
        model: Says what is worth keeping; a small one will do.
        retention: How long notes are kept, and how many.
        output: The type of the answer, where it is run for one.
        name: What it is called; the agent's name and a digest of the user if not given. It has to differ from user
            to user.
        clock: Tells when notes expire.

    Raises:
        ConfigError: The user has no name, whose notes would be everybody's, or its own is that of the agent, which
            would call itself then.
    """
    if not user:
        raise ConfigError(f"agent {agent.name!r} remembers for one user, and user={user!r} is none")
    scope = Scope(agent=agent.name, user=user)
    team = name or f"{agent.name}_{scope.key[:8]}"
    if team == agent.name:
        raise ConfigError(f"agent {team!r} would call itself; give what remembers for it a name of its own")
    notes = noticing(
        f"{team}_{_REMEMBER}", memory, scope, model=model, retention=retention or Retention(), clock=clock
    )
    answers = Child(agent, AnswerForm(output), hands_over=_with_what_is_known)
    listens = Child(notes, hands_over=_words_to_notice)

    def routine(task: str) -> Routine:
        yield Step((call(_RECALL, query=task),), why="What is known?")
        calls = [call(agent.name, reason="the user asks")]
        if not is_off_the_record(task):
            calls.append(call(_REMEMBER, reason="the user says something"))
        answer, *_ = yield Step(tuple(calls))
        if answer.is_error:
            raise NobodyAnswered(f"{agent.name} came to nothing: {answer.text}")
        return answer.text

    tools = [
        _recall(memory, scope),
        _passed_on(child_tool(answers, agent.name, agent.description or "Answers.")),
        _passed_on(child_tool(listens, _REMEMBER, "Remembers.")),
    ]
    model_of_it = RoutineModel(f"remembering:{agent.name}", routine)
    return Agent(team, model=model_of_it, tools=tools, description=agent.description)


def _recall(memory: MemoryStore, scope: Scope) -> AnyTool:
    async def recall(query: str) -> str:
        """Look up what is known that fits.

        Args:
            query: What the user says.
        """
        return told_as_result(await known(memory, query, scope.reach, _N_RECALLED))

    made: AnyTool = tool(name=_RECALL, effect="none", authority=[], trusted=True)(recall)
    return made


def _passed_on(made: AnyTool) -> AnyTool:
    """Have a hand-over's result go on as it is, to the routine rather than to the user."""
    return replace(made, answers=False, max_result_chars=_ANSWER_CHARS)


def _with_what_is_known(messages: Sequence[Message]) -> Sequence[Message]:
    """Choose what was said, and put what was recalled before the user's last words."""
    spoken = list(said(messages))
    recalled = next((message for message in reversed(messages) if message.role == "tool"), None)
    if recalled is not None and not recalled.results[0].is_error and recalled.text:
        spoken.insert(len(spoken) - 1, Message.user(recalled.text, label=recalled.label))
    return spoken


def _words_to_notice(messages: Sequence[Message]) -> Sequence[Message]:
    """Choose the user's last words, unless they are secret."""
    return [message for message in said(messages)[-1:] if message.label.confidentiality != "secret"]
