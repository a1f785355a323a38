"""What the suites over stores share: events of every kind, things to append, places that stores are opened at."""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import psycopg

from mainspring.core import (
    NOTHING,
    ONE_TOOL_CALL,
    Act,
    Budget,
    Event,
    Label,
    Message,
    Sampling,
    Summary,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)
from mainspring.core.events import (
    Attempted,
    BudgetExceeded,
    BudgetRaised,
    CancelAsked,
    Cancelled,
    ChildCalled,
    ChildEnded,
    Compacted,
    Corrected,
    DoubtFound,
    EffectFailed,
    Escalated,
    Failed,
    Finished,
    HumanAnswered,
    HumanAsked,
    ModelCalled,
    ModelReplied,
    Resumed,
    RunStarted,
    Submitted,
    TimerRang,
    TimerSet,
    ToolCalled,
    ToolReturned,
)
from mainspring.runs.journal import Append, Lease, NewRun, Store

_OF_ROWS = {"agent", "parent", "priority", "due_at", "budgets"}
CALL = ToolCall(
    id="call_0", name="lookup", arguments={"city": "Tromsø", "nul": "\x00", "deep": [1, None, {"a": 0.5}]}
)
USAGE = Usage(input_tokens=7, output_tokens=3, model_calls=1, cost_usd=Decimal("0.0000123"))
ASKED = HumanAsked(key="ask", kind="approval", question="May it?", call=CALL, within_s=3600.0)
ANSWERED = HumanAnswered(key="ask", digest=ASKED.digest, verdict="edit", arguments={"city": "Oslo"}, by="ada")


def returned(text: str, turn: int = 0) -> ToolReturned:
    """Make the outcome of a tool call."""
    result = ToolResult(call_id="call_0", name="lookup", text=text)
    return ToolReturned(turn=turn, result=result, usage=ONE_TOOL_CALL, duration_s=0.25)


EVERY_KIND: Sequence[Event] = (
    Submitted(definition="d" * 64, budget=Budget(usd=Decimal("0.10")), budgets=("run:1", "team"), parent="run_0"),
    RunStarted(
        agent="clerk",
        agent_digest="a" * 64,
        model="small",
        messages=(
            Message.system("Be brief."),
            Message.user("Wie spät ist es? 🕰"),
            Message.user("Wie spät ist es? 🕰"),
        ),
        answer_schema={"type": "object"},
    ),
    Attempted(driver="host:1", code="0.1.0", changed=("prompt",)),
    ModelCalled(
        turn=0,
        model="small",
        n_messages=3,
        request_digest="r" * 64,
        prompt_digest="p" * 64,
        sampling=Sampling(temperature=0.5, stop=("END",)),
    ),
    ModelReplied(
        turn=0,
        model="small",
        decision=Act(thought="look it up", calls=(CALL,)),
        label=Label(integrity="untrusted", sources=("model:small",)),
        raw="<raw>",
        finish_reason="tool_calls",
        usage=USAGE,
        duration_s=1.5,
        first_token_s=0.25,
    ),
    ToolCalled(turn=0, call=CALL),
    returned("short"),
    returned("long and umlauted: ü" * 500),
    EffectFailed(key="model:1", error="ModelTimeout", message="too slow"),
    Corrected(
        turn=1,
        reason="unusable",
        problem="no JSON",
        message=Message(role="user", parts=(Text(text="Again."),), label=Label()),
    ),
    Escalated(
        turn=1,
        from_model="small",
        to_model="large",
        reason="unusable",
        problem="no JSON",
        from_usd=Decimal("0.00001"),
        to_usd=Decimal("0.0025"),
    ),
    Compacted(
        turn=2,
        reason="full",
        n_replaced=9,
        n_shortened=1,
        tokens_before=6200,
        tokens_after=1900,
        size_bytes=7400,
        by="clerk-summarizer",
        message=Message(role="user", parts=(Summary(text="ü, 9 messages", stays=(0,), kept=4),), label=Label()),
    ),
    ASKED,
    ANSWERED,
    TimerSet(key="timer:0", seconds=60.0),
    TimerRang(key="timer:0"),
    ChildCalled(key="child:0", agent="helper", input="add"),
    ChildEnded(key="child:0", run="run_2", output={"sum": 3}, usage=USAGE),
    DoubtFound(key="tool:0:call_0", policy="ask"),
    BudgetExceeded(
        key="model:2", model="small", budget="team", field="usd", needed="0.2", left="0.1", action="degrade"
    ),
    BudgetRaised(id="run:1", budget=Budget(usd=Decimal(1), tool_calls=0), by="ada"),
    Resumed(by="ada"),
    CancelAsked(by="ada"),
    Cancelled(usage=NOTHING),
    Failed(error="Stuck", message="round and round", usage=USAGE),
    Finished(output=["done", 1, None], n_steps=2, usage=USAGE),
)


@dataclass(frozen=True)
class Place:
    """A database that several stores can be opened on."""

    open: Callable[[], Awaitable[Store]]
    execute: Callable[[str], list[tuple[object, ...]]]
    """Executes SQL behind the stores' back; a table is written `{events}`."""
    mark_newer: str
    """SQL after which a newer Mainspring has written it."""
    mark_first: Sequence[str]
    """SQL after which it has had the first step of its tables, and no other."""


def sqlite_execute(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Execute SQL on a file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return db.execute(sql.format_map(_Names("{}"))).fetchall()


def postgres_execute(url: str, sql: str) -> list[tuple[object, ...]]:
    """Execute SQL on a database."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=mainspring,public") as db:
        done = db.execute(sql.format_map(_Names("mainspring.{}")).encode())
        return done.fetchall() if done.description else []


class _Names(dict[str, str]):
    def __init__(self, form: str) -> None:
        self._form = form

    def __missing__(self, key: str) -> str:
        return self._form.format(key)


def new(run: str, *events: Event, **what: object) -> Append:
    """Make the append that begins a run at time 1; words that are not `Append`'s are its row's."""
    row = {"agent": "clerk"} | {key: value for key, value in what.items() if key in _OF_ROWS}
    rest = {key: value for key, value in what.items() if key not in _OF_ROWS}
    created = NewRun(**row)  # type: ignore[arg-type]  # a test's own words
    return Append(run=run, expected=0, at=1.0, events=timed(1.0, *events), create=created, **rest)  # type: ignore[arg-type]  # a test's own words


def more(run: str, expected: int, *events: Event, **what: object) -> Append:
    """Make an append to a run at time 2."""
    return Append(**({"run": run, "expected": expected, "at": 2.0, "events": timed(2.0, *events)} | what))  # type: ignore[arg-type]  # a test's own words


def timed(at: float, *events: Event) -> tuple[tuple[float, Event], ...]:
    """Put a time beside events."""
    return tuple((at, event) for event in events)


def attempt(driver: str) -> Attempted:
    """Make the event that goes with a claim."""
    return Attempted(driver=driver, code="0.1.0")


def lease(driver: str, now: float = 10.0, *, take_from: str | None = None) -> Lease:
    """Make a lease of 30 seconds."""
    return Lease(driver=driver, now=now, until=now + 30.0, take_from=take_from)


async def claim(
    store: Store, run: str, driver: str, now: float = 10.0, *, take_from: str | None = None
) -> int | None:
    """Claim a run for 30 seconds."""
    return await store.claim(run, attempt(driver), lease(driver, now, take_from=take_from))
