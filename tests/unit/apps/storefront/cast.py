"""A model that plays a whole team, and a team's moves: what its models say, as functions of what they were told.

Tools, shop, database and inbox are real, so what the models are told here is what any model would be told.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from pydantic import JsonValue

from apps.storefront import team
from apps.storefront.evaluation.conversation import AT_HOME
from apps.storefront.evaluation.world import read_address
from apps.storefront.tasks import Choice
from mainspring import Prompt, ScriptedModel, use
from mainspring.core import Answer, JsonObject, OnDelta, Reply, Request, ToolCall
from mainspring.models.scripted import Line

Move = Line | Callable[[Request], Line]
Play = Mapping[str, Sequence[Move]]
"""What each agent's model says, one line a call."""
AGENTS = ("shop", "weather", "stylist", "clerk")
_SAYS_CHARS = int(Choice.model_json_schema()["properties"]["says"]["maxLength"])


class Cast:
    """A model for a whole team: looks at who asks, and says that one's next line.

    Args:
        play: The lines of each agent.
    """

    name = "cast"

    def __init__(self, play: Play) -> None:
        self._models = {agent: ScriptedModel(play.get(agent, ())) for agent in AGENTS}

    async def ask(self, request: Request, on_delta: OnDelta | None = None) -> Reply:
        """Say the next line of whoever asks."""
        return await self._models[_who(request)].ask(request, on_delta)


def told(request: Request) -> str:
    """Answer with what came of the last call."""
    return request.messages[-1].text


def all_told(request: Request) -> str:
    """Answer with what came of all calls."""
    return "\n".join(message.text for message in request.messages if message.role == "tool")


def report(request: Request) -> Answer:
    """Answer as the weather desk: with needs where they are asked for, else in words."""
    if "furniture_stands" not in request.messages[1].text:
        return Answer(value=told(request))
    return Answer(value={"needs": needs(request), "says": told(request)[:_SAYS_CHARS]})


def choose(request: Request) -> Answer:
    """Answer as the stylist, with the set that was found."""
    found = told(request)
    items = items_of({sku: int(n) for n, sku in re.findall(r"(\d+) x ([A-Z]{3}-\d{3})", found)})
    total = re.findall(r"= ([\d,.]+ EUR)", found)[-1]
    return Answer(value={"items": items, "total": total, "says": found[:_SAYS_CHARS]})


def advise(request: Request) -> Answer:
    """Answer as the stylist, choosing nothing."""
    return Answer(value={"items": [], "total": "", "says": told(request)[:_SAYS_CHARS]})


def prices(request: Request) -> Answer:
    """Answer as the stylist, with what compared pieces cost."""
    compared = json.loads(told(request))
    return Answer(value={"items": [], "total": "", "says": " or ".join(compared["price"])})


def needs(request: Request) -> str:
    """Give the needs of the weather that were said last."""
    heard = [message.text for message in request.messages if message.role != "system"]
    said = [
        found for text in heard for found in re.findall(r"rain \d, frost \d, sun \d, salt (?:\d|unknown)", text)
    ]
    return said[-1] if said else "none"


def order_of(request: Request) -> str:
    """Give the order that was named last."""
    return str(re.findall(r"O-[0-9a-f]{12}", "\n".join(message.text for message in request.messages))[-1])


def weather(place: str, month: str) -> ToolCall:
    """Ask the weather desk for the weather itself."""
    return use("weather", place=place, when=month)


def demands(place: str, stands: str) -> ToolCall:
    """Ask the weather desk what furniture has to stand."""
    roof = "without" if stands == "open" else "with"
    return use("needs", place=place, furniture_stands=f"{roof} a roof above it")


def stylist(
    stands: str, max_total_euro: int = 0, also: str = "", /, **wanted: int
) -> Callable[[Request], ToolCall]:
    """Ask the stylist, with the needs that the weather desk has said."""
    fields: JsonObject = {"stands": stands, "max_total_euro": max_total_euro, "also": also}
    return lambda request: use("stylist", wanted=wishes(wanted), needs=needs(request), **fields)


def find(stands: str, max_total_euro: int = 0, style: str = "", /, **wanted: int) -> Callable[[Request], ToolCall]:
    """Look for furniture that stands what the task says."""
    fields: JsonObject = {"stands": stands, "max_total_euro": max_total_euro, "style": style, "which": "best match"}
    return lambda request: use("find_furniture", wanted=wishes(wanted), needs=needs(request), **fields)


def clerk(to: str = AT_HOME, day: str = "earliest", /, **pieces: int) -> Callable[[Request], ToolCall]:
    """Have the clerk order pieces, or what the stylist has chosen."""
    named = items_of({sku.replace("_", "-"): n for sku, n in pieces.items()})

    def call(request: Request) -> ToolCall:
        items: JsonValue = named or json.loads(told(request))["items"]
        return use("clerk", items=items, day=day, **address_fields(to))

    return call


def reserve(request: Request) -> ToolCall:
    """Reserve what the task says."""
    fields = dict(line.split(": ", 1) for line in request.messages[1].text.splitlines())
    items = json.loads(fields.pop("items"))
    return use("reserve_order", items=items, **fields)


def reserved(request: Request) -> Answer:
    """Answer as the clerk, with what is reserved, or why nothing is."""
    total = re.findall(r"total ([\d,.]+ EUR)", told(request))
    order = order_of(request) if total else ""
    return Answer(value={"order": order, "total": total[-1] if total else "", "says": told(request)[:_SAYS_CHARS]})


def place(request: Request) -> ToolCall:
    """Place what is reserved, at its total."""
    total = re.findall(r"total\W+([\d,.]+ EUR)", told(request))[-1]
    return use("place_order", order=order_of(request), total=total)


RESERVING: tuple[Move, ...] = (reserve, reserved)
"""What the clerk does."""


def with_order(tool: str, /, **arguments: JsonValue) -> Callable[[Request], ToolCall]:
    """Call a tool with the order that was named last."""
    return lambda request: use(tool, order=order_of(request), **arguments)


def address_fields(text: str) -> JsonObject:
    """Give an address as the fields of a call."""
    return read_address(text).model_dump(exclude={"note"})


def items_of(pieces: Mapping[str, int]) -> list[JsonValue]:
    """Give pieces as the items of an order."""
    return [{"sku": sku, "number": number} for sku, number in pieces.items()]


def wishes(wanted: Mapping[str, int]) -> list[JsonValue]:
    """Give kinds of furniture as wishes."""
    return [{"kind": kind, "number": number} for kind, number in wanted.items()]


@cache
def _prompts() -> dict[str, str]:
    folder = Path(team.__file__).parent / "prompts"
    return {Prompt.load(folder / f"{agent}.prompt.md").render(): agent for agent in AGENTS}


def _who(request: Request) -> str:
    """Tell who asks, by the instructions; in the shop's, how to lead a team stands behind."""
    instructions = request.messages[0].text
    return next(agent for words, agent in _prompts().items() if instructions.startswith(words))
