"""A run as a page for people: one HTML file that needs nothing else and runs no scripts.

What is shown is made of the run's events; how it looks is said in `page.html.jinja` and `page.css`. Whatever a
model, a tool or a user wrote is escaped, and its control characters are made visible.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mainspring.core import Budget, Entry
from mainspring.core.events import BudgetRaised, Failed, Finished, HumanAsked, ModelReplied
from mainspring.models.modes.signature import signature
from mainspring.pages import Fact, html_template
from mainspring.runs.definition import Definition
from mainspring.runs.export.timeline import Timeline, timeline
from mainspring.runs.export.views import steps_view
from mainspring.runs.export.words import Meter, cost, count, meters, moment, pretty, seconds
from mainspring.runs.history import History

Status = Literal["finished", "failed", "cancelled", "waiting for a human", "not over"]


def page(entries: Sequence[Entry], definition: Definition) -> str:
    """Write a run as an HTML page.

    Args:
        entries: All events of the run.
        definition: What it works under.

    Raises:
        JournalError: The run has no beginning.
    """
    history, drawn = History(entries), timeline(entries)
    started, submitted = history.started, history.submitted
    own = f"run:{entries[0].run}"
    return html_template(Path(__file__).parent, "page.html.jinja").render(
        run=entries[0].run,
        agent=started.agent,
        began=moment(entries[0].at),
        status=_status(history),
        asked=started.messages[-1].text if started.messages else "",
        outcome=_outcome(history),
        facts=_facts(entries, history, drawn),
        meters=_meters(entries, history),
        shared=[name for name in (submitted.budgets if submitted else ()) if name != own],
        parent=submitted.parent if submitted else None,
        forked_from=submitted.forked_from if submitted else None,
        timeline=drawn,
        instructions="\n\n".join(message.text for message in started.messages if message.role == "system"),
        earlier=[message for message in started.messages[:-1] if message.role != "system"],
        definition=definition,
        sampling=definition.sampling.model_dump(exclude_none=True, exclude_defaults=True),
        tools=[signature(spec) for spec in definition.tools],
        view=steps_view(entries),
        offsets={entry.seq: seconds(entry.at - entries[0].at) for entry in entries},
    )


def _status(history: History) -> Status:
    if history.ended is not None:
        return history.ended.type
    return "waiting for a human" if _questions(history) else "not over"


def _questions(history: History) -> list[str]:
    return [entry.event.question for entry in history.pending if isinstance(entry.event, HumanAsked)]


def _outcome(history: History) -> str:
    match history.ended:
        case Finished(output=output):
            return pretty(output)
        case Failed(error=error, message=message):
            return f"{error}: {message}"
        case None:
            return "\n".join(_questions(history))
        case _:
            return ""


def _facts(entries: Sequence[Entry], history: History, drawn: Timeline | None) -> list[Fact]:
    usage = history.usage
    replies = [entry.event for entry in entries if isinstance(entry.event, ModelReplied)]
    models = dict.fromkeys(reply.model for reply in replies) or {history.started.model: None}
    is_fork = history.submitted is not None and history.submitted.forked_from is not None
    work = "" if drawn is None else f"{drawn.work} at work{', what is shared included' if is_fork else ''}"
    prefix = f", {usage.cached_tokens:,} of those in from a prefix cache" if usage.cached_tokens else ""
    return [
        Fact("Model", ", ".join(models), count(len(replies), "reply", "replies")),
        Fact("Steps", f"{len({reply.turn for reply in replies}):,}", count(usage.tool_calls, "tool call")),
        Fact(
            "Tokens",
            f"{usage.input_tokens + usage.output_tokens:,}",
            f"{usage.input_tokens:,} in, {usage.output_tokens:,} out{prefix}",
        ),
        Fact("Cost", cost(usage), ""),
        Fact("Time", seconds(entries[-1].at - entries[0].at), work),
    ]


def _meters(entries: Sequence[Entry], history: History) -> tuple[Meter, ...]:
    """Set the limits of the run's own budget, as they are last, against what was used."""
    own: Budget | None = None if history.submitted is None else history.submitted.budget
    if own is None:
        return ()
    raised = [entry.event.budget for entry in entries if isinstance(entry.event, BudgetRaised)]
    return meters(raised[-1] if raised else own, history.usage)
