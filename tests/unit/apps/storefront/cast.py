"""A model that plays a whole team, and a team's moves: what its models say, as functions of what they were told.

Tools, shop, database and inbox are real, so what the models are told here is what any model would be told.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from pydantic import JsonValue

from apps.storefront import team
from apps.storefront.evaluation.conversation import AT_HOME
from apps.storefront.evaluation.world import read_address
from mainspring import Prompt, ScriptedModel, use
from mainspring.core import JsonObject, OnDelta, Reply, Request, ToolCall
from mainspring.models.scripted import Line

Move = Line | Callable[[Request], Line]
Play = Mapping[str, Sequence[Move]]
"""What each agent's model says, one line a call."""
AGENTS = ("sales", "service", "weather", "stylist")
"""Those that ask a model."""
_KINDS = {
    "CHR": "chair",
    "TBL": "table",
    "BNC": "bench",
    "LNG": "lounger",
    "SHF": "shelf",
    "LMP": "lamp",
    "RUG": "rug",
    "PLT": "planter",
    "CSH": "cushion",
}
"""By the beginnings of SKUs."""


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


def order_of(request: Request) -> str:
    """Give the order that was named last."""
    return str(re.findall(r"O-[0-9a-f]{12}", "\n".join(message.text for message in request.messages))[-1])


def weather(month: str, *places: str) -> ToolCall:
    """Ask for the weather itself."""
    return use("weather", places=[*places], when=month)


def desk(wish: str, piece: str = "", *, to: str = "", **fields: JsonValue) -> ToolCall:
    """Ask the desk for something of an order."""
    whereto = address_fields(to) if to else dict.fromkeys(("name", "street", "postal_code", "city"), "")
    form: JsonObject = {"wish": wish, "order": "", "piece": piece, "number": 1, "broken": "", **whereto}
    return use("desk", **{**form, "amount_euro": "", "why": "", **fields})


def asks(skus: str, /, **wanted: int) -> ToolCall:
    """Ask the clerk about pieces."""
    return wants("a room", 0, "", skus, **wanted)


def wants(
    where: str = "a room", max_total_euro: int = 0, look: str = "", skus: str = "", /, **wanted: int
) -> ToolCall:
    """Ask the clerk for furniture for a room, or for `Oslo, a roof`."""
    fields: JsonObject = {"max_total_euro": max_total_euro, "skus": skus, "look": look}
    whereto: JsonObject = {"name": "X", "street": "X", "postal_code": "XXX", "city": "X", "day": "earliest"}
    return use("clerk", wanted=wishes(wanted), **_standing(where), **fields, customer="asks", **whereto)


def orders(call: ToolCall, to: str = AT_HOME, day: str = "earliest") -> ToolCall:
    """Have the clerk order what is wanted."""
    return use("clerk", **{**call.arguments, "customer": "orders", **address_fields(to), "day": day})


def clerk(to: str = AT_HOME, day: str = "earliest", max_total_euro: int = 0, /, **pieces: int) -> ToolCall:
    """Have the clerk order pieces by their SKUs."""
    skus = [sku.replace("_", "-") for sku in pieces]
    kinds = {_KINDS[sku[:3]]: number for sku, number in pieces.items()}
    return orders(wants("a room", max_total_euro, "", ", ".join(skus), **kinds), to, day)


def find(
    where: str, max_total_euro: int = 0, look: str = "", which: str = "best match", skus: str = "", /, **wanted: int
) -> ToolCall:
    """Look for furniture for a room, or for `Oslo, a roof`."""
    fields: JsonObject = {"max_total_euro": max_total_euro, "skus": skus, "look": look, "which": which}
    return use("find_furniture", wanted=wishes(wanted), **_standing(where), **fields)


def _standing(where: str) -> JsonObject:
    """Give where furniture stands as the fields of a call."""
    city, _, roof = where.partition(", ")
    return (
        {"stands": f"outside, {roof}", "terrace_city": city}
        if roof
        else {"stands": "in a room", "terrace_city": ""}
    )


def place(request: Request) -> ToolCall:
    """Place what is reserved, at its total."""
    total = re.findall(r"total\W+([\d,.]+ EUR)", told(request))[-1]
    return use("place_order", order=order_of(request), total=total)


def with_order(tool: str, /, **arguments: JsonValue) -> Callable[[Request], ToolCall]:
    """Call a tool with the order that was named last."""
    return lambda request: use(tool, **{**arguments, "order": order_of(request)})


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
    """Tell who asks, by the instructions."""
    instructions = request.messages[0].text
    return next(agent for words, agent in _prompts().items() if instructions.startswith(words))
