from functools import partial
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from mainspring import tool
from mainspring.core import JsonObject


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    title: str = "Home"


class Person(BaseModel):
    """Somebody."""

    name: str = Field(description="the whole name")
    addresses: list[Address] = []


def titles(schema: object) -> list[str]:
    """Find the titles that are annotations, not properties which have that name."""
    if isinstance(schema, list):
        return [title for item in schema for title in titles(item)]
    if not isinstance(schema, dict):
        return []
    own = [schema["title"]] if isinstance(schema.get("title"), str) else []
    return own + [title for value in schema.values() for title in titles(value)]


def properties(schema: JsonObject) -> JsonObject:
    found = schema["properties"]
    assert isinstance(found, dict)
    return found


def test_hints_give_the_types_and_defaults_make_arguments_optional() -> None:
    @tool
    def order(sku: str, amount: int, price: float = 9.5, express: bool = False) -> str:
        """Order something."""
        return f"{sku}{amount}{price}{express}"

    assert order.spec.parameters == {
        "type": "object",
        "properties": {
            "sku": {"type": "string"},
            "amount": {"type": "integer"},
            "price": {"type": "number", "default": 9.5},
            "express": {"type": "boolean", "default": False},
        },
        "required": ["sku", "amount"],
        "additionalProperties": False,
    }


def test_a_tool_without_arguments_takes_an_empty_object() -> None:
    @tool
    def now() -> str:
        return "noon"

    assert now.spec.parameters == {"type": "object", "properties": {}, "additionalProperties": False}
    assert now.spec.description == ""


def test_the_docstring_up_to_its_first_section_describes_the_tool() -> None:
    @tool
    def order(sku: str) -> str:
        """Order something.

        It is sent the same day: before noon.

        Args:
            sku: What to order.

        Returns:
            The order's number.
        """
        return sku

    assert order.spec.description == "Order something.\n\nIt is sent the same day: before noon."
    assert order.spec.parameters["properties"] == {"sku": {"type": "string", "description": "What to order."}}


@pytest.mark.parametrize("heading", ["Args", "Arguments", "Parameters"])
def test_an_arguments_section_describes_the_parameters(heading: str) -> None:
    def order(sku: str, amount: int = 1, note: str = "") -> str:
        return f"{sku}{amount}{note}"

    order.__doc__ = f"""Order something.

    {heading}:
        sku (str): What to order,
            as a number: not a name.
        amount: How many.
        other: No parameter at all.

    Raises:
        note: is not described here.
    """
    found = properties(tool(order).spec.parameters)
    assert found["sku"] == {"type": "string", "description": "What to order, as a number: not a name."}
    assert found["amount"] == {"type": "integer", "default": 1, "description": "How many."}
    assert found["note"] == {"type": "string", "default": ""}
    assert "other" not in found


def test_annotated_fields_describe_and_constrain_and_win_over_the_docstring() -> None:
    @tool
    def order(
        sku: Annotated[str, Field(description="A stock number.", pattern="^[0-9]+$")],
        amount: Annotated[int, Field(ge=1, le=9)] = 1,
    ) -> str:
        """Order something.

        Args:
            sku: Not this one.
            amount: How many.
        """
        return f"{sku}{amount}"

    assert properties(order.spec.parameters) == {
        "sku": {"type": "string", "description": "A stock number.", "pattern": "^[0-9]+$"},
        "amount": {"type": "integer", "minimum": 1, "maximum": 9, "default": 1, "description": "How many."},
    }


def test_a_field_may_be_the_default_and_is_described_by_the_docstring_all_the_same() -> None:
    @tool
    def order(sku: str = Field(description="A stock number."), amount: int = Field(default=1, ge=1)) -> str:
        """Order something.

        Args:
            sku: Not this one.
            amount: How many.
        """
        return f"{sku}{amount}"

    assert order.spec.parameters["required"] == ["sku"]
    assert properties(order.spec.parameters) == {
        "sku": {"type": "string", "description": "A stock number."},
        "amount": {"type": "integer", "minimum": 1, "default": 1, "description": "How many."},
    }


def test_literals_lists_and_optional_arguments_have_their_schemas() -> None:
    @tool
    def sort(values: list[int], order: Literal["up", "down"] = "up", limit: int | None = None) -> str:
        """Sort."""
        return f"{values}{order}{limit}"

    assert properties(sort.spec.parameters) == {
        "values": {"type": "array", "items": {"type": "integer"}},
        "order": {"type": "string", "enum": ["up", "down"], "default": "up"},
        "limit": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
    }


def test_nested_models_are_described_without_titles_but_keep_a_field_of_that_name() -> None:
    @tool
    def invite(person: Person, title: str, others: list[Person] | None = None) -> str:
        """Invite somebody."""
        return f"{person}{title}{others}"

    schema = invite.spec.parameters
    assert titles(schema) == []
    assert properties(schema)["person"] == {"$ref": "#/$defs/Person"}
    assert properties(schema)["title"] == {"type": "string"}
    defs = schema["$defs"]
    assert isinstance(defs, dict)
    address = defs["Address"]
    assert isinstance(address, dict)
    assert properties(address)["title"] == {"type": "string", "default": "Home"}


@pytest.mark.filterwarnings("error")
def test_arguments_may_have_the_names_of_model_methods() -> None:
    @tool
    def convert(schema: str, json: str, copy: bool = False, dict: str = "", model_name: str = "") -> str:  # noqa: A002 - a name a user may well pick
        """Convert."""
        return f"{schema}{json}{copy}{dict}{model_name}"

    assert list(properties(convert.spec.parameters)) == ["schema", "json", "copy", "dict", "model_name"]


def test_what_a_function_returns_need_not_be_known_to_describe_it() -> None:
    @tool
    def order(sku: str) -> "Receipt":  # type: ignore[name-defined]  # noqa: F821 - known to type checkers only, say
        """Order something."""
        return sku

    assert order.spec.parameters["required"] == ["sku"]


def test_a_bound_method_is_described_without_its_self() -> None:
    class Shop:
        def order(self, sku: str) -> str:
            """Order something."""
            return sku

    made = tool(Shop().order)
    assert made.name == "order"
    assert made.spec.description == "Order something."
    assert list(properties(made.spec.parameters)) == ["sku"]


def test_a_callable_object_is_described_by_its_call() -> None:
    class Order:
        """Orders things."""

        limit: int = 3

        def __call__(self, sku: str) -> str:
            """Order something.

            Args:
                sku: What to order.
            """
            return sku

    made = tool(Order())
    assert made.name == "Order"
    assert made.spec.description == "Order something."
    assert properties(made.spec.parameters) == {"sku": {"type": "string", "description": "What to order."}}


def test_a_callable_object_without_words_at_its_call_is_described_by_its_class() -> None:
    class Order:
        """Orders things."""

        def __call__(self, sku: str) -> str:
            return sku

    assert tool(Order()).spec.description == "Orders things."


def test_a_partial_is_described_by_the_function_it_fills_in() -> None:
    def order(sku: str, shop: str, amount: int = 1) -> str:
        """Order something."""
        return f"{sku}{shop}{amount}"

    made = tool(partial(order, "17"))
    assert made.name == "order"
    assert made.spec.description == "Order something."
    assert list(properties(made.spec.parameters)) == ["shop", "amount"]


@pytest.mark.filterwarnings("error")
def test_a_decorated_function_is_described_by_what_it_wraps() -> None:
    from functools import wraps

    def order(sku: "Address") -> str:
        """Order something."""
        return sku.street

    @wraps(order)
    def logged(*args: object, **kwargs: object) -> object:
        return order(*args, **kwargs)  # type: ignore[arg-type]  # whatever it takes

    assert properties(tool(logged).spec.parameters) == {"sku": {"$ref": "#/$defs/Address"}}
