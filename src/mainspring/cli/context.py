"""`mainspring context`: exactly what an agent sends to its model in the first call, and how much of what it is."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import orjson
import typer
from rich.text import Text

from mainspring.agent import Agent, run_in_new_loop
from mainspring.cli.asked import AgentName, Inputs, ModelName, checked, read_pairs
from mainspring.cli.load import answer_type, load_agent
from mainspring.cli.prepare import endpoints
from mainspring.cli.views.screen import ACCENT, Screen, results
from mainspring.core import Message, Request
from mainspring.models import ChatModel
from mainspring.models.local.embedded import EmbeddedServer
from mainspring.models.modes import EMBEDDED, MODES, Mode
from mainspring.models.probe import probed_mode

BYTES_PER_TOKEN: Final = 4
"""What a token is taken for; true of English, too kind to code and other languages."""
_SCHEMAS: Final = ("response_format", "grammar", "tools", "tool_choice")
_Mode = Literal["structured", "native", "text"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request, and the parts it is made of."""

    body: bytes
    agent: str
    model: str
    mode: Mode
    instructions: str
    preamble: str
    words: str

    @property
    def fields(self) -> dict[str, Any]:
        """The body as JSON."""
        fields: dict[str, Any] = orjson.loads(self.body)
        return fields

    @property
    def schema(self) -> dict[str, Any]:
        """The fields that say what the model may do."""
        return {name: value for name, value in self.fields.items() if name in _SCHEMAS}

    @property
    def settings(self) -> dict[str, Any]:
        """The other fields, messages apart."""
        return {name: value for name, value in self.fields.items() if name not in (*_SCHEMAS, "messages")}


def context(
    agent: AgentName,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", help="What it is asked.", show_default=False)
    ] = None,
    *,
    model: ModelName = None,
    inputs: Inputs = None,
    mode: Annotated[
        _Mode | None, typer.Option(help="Show this mode instead of the model's own.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The exact body of the request on stdout.")] = False,
) -> None:
    """Show exactly what AGENT sends to its model, were it asked WORDS."""
    with results() as out:
        given = read_pairs(inputs, "input")
        loaded = load_agent(agent, model=model)
        sent = _sent(loaded, checked(" ".join(words or ())), given, mode)
        if as_json:
            out.console.file.write(sent.body.decode() + "\n")
        else:
            _draw(out, sent)


def _sent(agent: Agent, words: str, inputs: dict[str, str], mode_name: _Mode | None) -> Sent:
    job = agent.job(words, answer_type(agent), inputs=inputs or None)
    model = next(iter(endpoints(job.model)), None)
    if model is None:
        name = job.model.name
        Screen(stderr=True).line(f"{name!r} does not speak over the wire; shown as if it did", style="dim")
        model = ChatModel(name, base_url="http://localhost/v1", mode=mode_name or "structured")
    mode = _mode_of(model, mode_name)
    request = Request(job.messages, job.options, job.sampling, Message.user(words).label)
    return Sent(
        body=model.body(request, mode),
        agent=agent.name,
        model=model.name,
        mode=mode,
        instructions=next((message.text for message in job.messages if message.role == "system"), ""),
        preamble=mode.preamble(job.options),
        words=words,
    )


def _mode_of(model: ChatModel, wanted: _Mode | None) -> Mode:
    """Give the model's mode, found out where that is still to do."""
    modes = EMBEDDED if isinstance(model.server, EmbeddedServer) else MODES
    name = wanted or model.mode
    if not isinstance(name, str):
        return name
    if name == "auto":
        return modes[run_in_new_loop(asyncio.wait_for(probed_mode(model.server, model.model), timeout=60.0))]
    return modes[name]


def _draw(out: Screen, sent: Sent) -> None:
    out.line(
        Text.assemble((sent.agent, "bold"), " asks ", (sent.model, ACCENT), f" in {sent.mode.name} mode", "\n")
    )
    if sent.instructions:
        _part(out, "instructions", sent.instructions)
    if sent.preamble:
        _part(out, "tools and form, behind the instructions", sent.preamble)
    if sent.schema:
        _part(out, "schema", orjson.dumps(sent.schema).decode())
    _part(out, "settings", orjson.dumps(sent.settings).decode())
    _part(out, "words", sent.words or "(none given)")
    _draw_sizes(out, sent)


def _part(out: Screen, title: str, text: str) -> None:
    out.line(title, style=ACCENT)
    out.block(text)
    out.line()


def _draw_sizes(out: Screen, sent: Sent) -> None:
    """Show what each part weighs; a schema that the server holds the reply to is not read by the model."""
    read = {
        "instructions": _weight(sent.instructions),
        "tools and form": _weight(sent.preamble),
        "schema": _weight_of_fields(sent.schema),
    }
    n_words = _weight(sent.words)
    rest = len(sent.body) - n_words - sum(read.values())
    is_held = sent.mode.name == "structured"
    out.line(Text(f"{'part':<24}{'bytes':>9}{'tokens':>9}", style="dim"))
    for name, n_bytes in read.items():
        tokens = "-" if name == "schema" and is_held else f"{_tokens(n_bytes):,}"
        out.line(f"{name:<24}{n_bytes:>9,}{tokens:>9}")
    out.line(f"{'settings and brackets':<24}{rest:>9,}{'-':>9}")
    beside = len(sent.body) - n_words
    n_tokens = sum(_tokens(size) for name, size in read.items() if not (name == "schema" and is_held))
    out.line(Text(f"{'beside the words':<24}{beside:>9,}{n_tokens:>9,}", style="bold"))
    out.line(f"{'words':<24}{n_words:>9,}{_tokens(n_words):>9,}")
    held = "; the schema is held by the server, not read" if is_held else ""
    out.line(f"\ntokens are estimated at {BYTES_PER_TOKEN} bytes each{held}", style="dim")


def _weight(text: str) -> int:
    """Count the bytes that text takes inside a JSON string."""
    return len(orjson.dumps(text)) - 2


def _weight_of_fields(fields: dict[str, Any]) -> int:
    return len(orjson.dumps(fields)) - 2 if fields else 0


def _tokens(n_bytes: int) -> int:
    return -(-n_bytes // BYTES_PER_TOKEN)
