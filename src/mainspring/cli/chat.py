"""`mainspring chat`: a conversation with an agent, turn by turn."""

import contextlib
import sys
from typing import Final

from mainspring.agent import Agent, run_in_new_loop
from mainspring.cli.asked import AgentName, Inputs, ModelName, checked, read_pairs
from mainspring.cli.load import load_agent
from mainspring.cli.prepare import make_agent_ready
from mainspring.cli.run import follow, starter
from mainspring.cli.views.run import RunView
from mainspring.cli.views.screen import LABEL_WIDTH, Screen, results
from mainspring.core import Message
from mainspring.core.errors import MainspringError

_EXIT: Final = "/exit"
_PROMPT: Final = f"{'you':<{LABEL_WIDTH}}"


def chat(agent: AgentName, *, model: ModelName = None, inputs: Inputs = None) -> None:
    """Talk with AGENT; /exit or Ctrl-D ends, Ctrl-C cancels the turn in progress.

    Without a terminal each line of stdin is a turn.
    """
    with results() as out:
        notes = Screen(stderr=True)
        given = read_pairs(inputs, "input")
        loaded = load_agent(agent, model=model)
        make_agent_ready(loaded, notes)
        loaded.job(
            "", str, inputs=given or None
        )  # inputs that do not fit the prompt are known before anybody types
        if sys.stdin.isatty():
            notes.line(f"{loaded.name} on {loaded.model.name}; /exit or Ctrl-D ends", style="dim")
        _converse(loaded, given, notes, out)


def _converse(agent: Agent, inputs: dict[str, str], notes: Screen, out: Screen) -> None:
    """Take turns until there are no more words."""
    messages: tuple[Message, ...] = ()
    while True:
        try:
            words = _next_words(notes, out)
        except KeyboardInterrupt:
            notes.line("\n/exit or Ctrl-D ends", style="dim")
            continue
        if words is None:
            return
        if not words:
            continue
        try:
            messages = _turn(agent, checked(words), inputs, messages, RunView(notes, out))
        except KeyboardInterrupt:
            notes.line("cancelled; the conversation goes on without that turn", style="dim")
        except MainspringError as error:
            notes.error(str(error))


def _turn(
    agent: Agent, words: str, inputs: dict[str, str], messages: tuple[Message, ...], view: RunView
) -> tuple[Message, ...]:
    """Take one turn, and give the conversation with it."""
    with view as watching:
        start = starter(agent, words, inputs, messages, stream=watching.is_lively)
        return run_in_new_loop(follow(start, watching)).messages


def _next_words(notes: Screen, out: Screen) -> str | None:
    """Read what is said next; None at the end."""
    is_typed = sys.stdin.isatty()
    if is_typed and out.is_terminal:
        line = _typed(notes)
    else:
        if is_typed:
            notes.console.print(_PROMPT, end="")
        line = sys.stdin.readline()
    words = line.strip()
    return None if not line or words == _EXIT else words


def _typed(notes: Screen) -> str:
    """Read a line with editing and history; an empty string at the end."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  # input() uses it once it is there
    prompt = f"\001\033[1;36m\002{_PROMPT}\001\033[0m\002" if notes.is_lively else _PROMPT
    try:
        with contextlib.redirect_stdout(sys.__stdout__):  # input() edits lines on the real one only
            return input(prompt) + "\n"
    except EOFError:
        notes.line()
        return ""
