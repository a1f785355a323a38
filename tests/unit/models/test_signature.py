from typing import Annotated, Literal

from pydantic import BaseModel, Field

from mainspring import tool
from mainspring.core import ToolSpec
from mainspring.models.modes.signature import signature


class Point(BaseModel):
    """A place."""

    x: int
    towards: list["Point"] = []


def test_a_tool_is_said_in_one_line() -> None:
    @tool
    def order(sku: str, amount: int, price: float = 9.5, express: bool = False, hue: str = "red") -> str:
        """Order
        something.
        """
        return f"{sku}{amount}{price}{express}{hue}"

    assert signature(order.spec) == (
        'order(sku: string, amount: integer, price: number = 9.5, express: boolean = false, hue: string = "red"): '
        "Order something."
    )


def test_a_described_argument_has_a_line_of_its_own() -> None:
    @tool
    def order(sku: str, amount: Annotated[int, Field(description="How many.")] = 1) -> str:
        """Order something.

        Args:
            sku: What to order.
            amount: Not this.
        """
        return f"{sku}{amount}"

    assert signature(order.spec).splitlines() == [
        "order(sku: string, amount: integer = 1): Order something.",
        "  sku: What to order.",
        "  amount: How many.",
    ]


def test_choices_lists_models_and_optional_arguments_have_their_signs() -> None:
    @tool
    def draw(
        points: list[Point],
        style: Literal["solid", "dotted"],
        kind: Literal["line"],
        size: int | None = None,
        scale: int | float = 1,
        notes: list[str] | None = None,
    ) -> str:
        """Draw."""
        return f"{points}{style}{kind}{size}{scale}{notes}"

    assert signature(draw.spec) == (
        'draw(points: {x: integer, towards: Point[] = []}[], style: "solid"|"dotted", kind: "line", '
        "size: integer|null (optional), scale: integer|number = 1, notes: string[]|null (optional)): Draw."
    )


def test_a_tool_without_arguments_or_words_has_a_signature_too() -> None:
    assert signature(ToolSpec("now", "", {"type": "object"})) == "now(): "


def test_a_schema_that_nobody_typed_is_said_as_any() -> None:
    spec = ToolSpec("put", "Put.", {"type": "object", "properties": {"value": {}, "values": {"type": "array"}}})
    assert signature(spec) == "put(value: any (optional), values: any[] (optional)): Put."
