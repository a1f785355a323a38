"""What a run looks like to a person: a line for each thought, call, result and answer, and one for the whole.

On a terminal the reply that is being written, or what is being waited for, moves below those lines; it is gone
when the line it becomes is there.
"""

from decimal import Decimal
from typing import Final

from pydantic import JsonValue
from pydantic_core import to_json
from rich.console import Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from mainspring.agent import Run
from mainspring.cli.screen import ACCENT, Screen, harmless, shorten
from mainspring.cli.writing import said_so_far
from mainspring.core import Delta, Event, ToolCall, Usage
from mainspring.core.events import (
    Cancelled,
    Corrected,
    Finished,
    ModelCalled,
    ModelReplied,
    ToolCalled,
    ToolReturned,
)

MAX_RESULT_LINES: Final = 8
MAX_RESULT_CHARS: Final = 800
MAX_ARGUMENT_CHARS: Final = 200


class RunView:
    """Shows runs as they go; a context manager, as what moves has to be stopped.

    Args:
        notes: Where everything but the answer is shown.
        out: Where the answer goes.
    """

    def __init__(self, notes: Screen, out: Screen) -> None:
        self._notes = notes
        self._out = out
        self._written = ""
        self._waiting = "thinking"
        self._open: dict[str, str] = {}
        self._n_side_by_side = 0
        self._spinner = Spinner("dots", style=ACCENT)
        self._live: Live | None = None

    @property
    def is_lively(self) -> bool:
        """Whether replies can be shown as they are written."""
        return self._notes.is_lively

    def __enter__(self) -> "RunView":
        if self._notes.is_lively:
            console = self._notes.console
            self._live = Live(get_renderable=self._moving, console=console, transient=True, refresh_per_second=10)
            self._live.start(refresh=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def show(self, item: Event | Delta, run: Run[object]) -> None:  # noqa: ARG002 - as other watchers have it
        """Show what happened."""
        match item:
            case Delta(text=text):
                self._written += text
            case ModelCalled():
                self._waiting, self._n_side_by_side = "thinking", 0
            case ModelReplied(decision=decision):
                self._written = ""
                if decision.thought:
                    self._notes.say("thought", decision.thought, style="dim" if decision.type != "act" else "")
            case ToolCalled(call=call):
                self._called(call)
            case ToolReturned():
                self._returned(item)
            case Corrected(message=message):
                self._notes.say("note", f"told the model: {message.text}", style="dim")
            case Cancelled():
                self._notes.say("stopped", "the run was cancelled", label_style="yellow")
            case Finished(output=output):
                self._stop()
                show_answer(self._out, output)
            case _:
                pass

    def end(self, run: Run[object]) -> None:
        """Show what the run used."""
        self._stop()
        self._notes.line(summary(run), style="dim")

    def _called(self, call: ToolCall) -> None:
        self._open[call.id] = call.name
        self._n_side_by_side += 1
        self._waiting = f"calling {', '.join(self._open.values())}"
        self._notes.say("call", call_text(call))

    def _returned(self, item: ToolReturned) -> None:
        result = item.result
        self._open.pop(result.call_id, None)
        self._waiting = f"calling {', '.join(self._open.values())}" if self._open else "thinking"
        shown, n_left_out = shorten(result.text, MAX_RESULT_LINES, MAX_RESULT_CHARS)
        label, label_style = ("error", "red") if result.is_error else ("result", "dim")
        text = Text(harmless(shown) or "(nothing)", style="dim")
        if self._n_side_by_side > 1:
            text = Text.assemble((f"{result.name}: ", ACCENT), text)
        if n_left_out:
            text.append(f"\n[{n_left_out:,} more characters: --json shows all of them]", style="dim italic")
        self._notes.say(label, text, label_style=label_style)

    def _moving(self) -> Group:
        """Give what is below the lines: the end of what is being written, and what is being waited for."""
        said = said_so_far(self._written)
        lines: list[Text] = []
        if said.thought:
            lines += self._notes.lines("thought", said.thought, style="dim" if said.answer else "")
        if said.answer:
            lines += self._notes.lines("answer", said.answer, label_style=ACCENT)
        room = max(1, self._notes.console.height - 3)
        self._spinner.update(text=Text(f" {self._waiting}", style="dim"))
        return Group(*lines[-room:], self._spinner)

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


class JsonLines:
    """Writes every event of a run as a line of JSON: run, seq, at and the event."""

    def __init__(self, out: Screen) -> None:
        self._file = out.console.file
        self._n_written = 0

    def __enter__(self) -> "JsonLines":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, item: Event | Delta, run: Run[object]) -> None:
        """Write what was recorded since the last time."""
        if isinstance(item, Delta):
            return
        self._file.write(to_json(run.entry(self._n_written)).decode() + "\n")
        self._n_written += 1
        self._file.flush()

    def end(self, run: Run[object]) -> None:
        """Write nothing more: the events say it all."""


def show_answer(out: Screen, output: JsonValue) -> None:
    """Show an answer: labelled for people, alone for programs."""
    text = output if isinstance(output, str) else to_json(output, indent=2).decode()
    if out.is_terminal:
        out.say("answer", text, label_style=f"bold {ACCENT}")
        return
    out.console.file.write(text.rstrip("\n") + "\n")
    out.console.file.flush()


def call_text(call: ToolCall) -> Text:
    """Write a call the way Python would."""
    text = Text(call.name, style=ACCENT)
    text.append("(", style="dim")
    for place, (name, value) in enumerate(call.arguments.items()):
        written = harmless(to_json(value).decode())
        if len(written) > MAX_ARGUMENT_CHARS:
            written = f"{written[:MAX_ARGUMENT_CHARS]}[{len(written) - MAX_ARGUMENT_CHARS:,} more]"
        text.append(f"{', ' if place else ''}{harmless(name)}=", style="dim")
        text.append(written)
    return text.append(")", style="dim")


def summary(run: Run[object]) -> str:
    """Say what a run used."""
    entries, usage = run.entries, run.usage
    n_steps = sum(isinstance(entry.event, ModelReplied) for entry in entries)
    n_unanswered = sum(isinstance(entry.event, ModelCalled) for entry in entries) - n_steps
    seconds = entries[-1].at - entries[0].at if entries else 0.0
    cached = f" ({usage.cached_tokens:,} cached)" if usage.cached_tokens else ""
    return " · ".join(
        (
            f"{n_steps} step{'' if n_steps == 1 else 's'}",
            f"{usage.input_tokens:,} tokens in{cached}, {usage.output_tokens:,} out",
            f"{seconds:.1f} s",
            _cost(usage) if not n_unanswered else "cost unknown",
        )
    )


def _cost(usage: Usage) -> str:
    if usage.cost_usd is None:
        return "cost unknown"
    if not usage.cost_usd:
        return "$0 (local)"
    return f"${usage.cost_usd:.2f}" if usage.cost_usd >= 1 else f"${Decimal(f'{usage.cost_usd:.3g}'):f}"
