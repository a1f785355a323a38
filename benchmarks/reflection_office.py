"""The office of `reflection.py`: tools with house rules that nobody is told, tasks, and a check of what was done.

A rule shows only in what came of breaking it, and there by an example or a hint. What a tool says is the answer, so
that an attempt is one model call.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from mainspring.tools import AnyTool, tool

_ORDERS: Final = ((17, 230, 8, 451), (36, 705, 4, 912))
_PAYMENTS: Final = (
    (("Ada", 12), ("Grace", 40), ("Alan", 7), ("Edsger", 95)),
    (("Ken", 15), ("Barbara", 60), ("Niklaus", 9), ("Donald", 120)),
)
_BOOKINGS: Final = (
    (("Ada", "May", 3, 5), ("Grace", "February", 14, 2), ("Alan", "September", 9, 9), ("Edsger", "July", 21, 7)),
    (("Ken", "April", 6, 4), ("Barbara", "March", 17, 3), ("Niklaus", "October", 8, 10), ("Donald", "June", 25, 6)),
)
_ORDER: Final = re.compile(r"ORD-\d+")
_DATE: Final = re.compile(r"\d{2}\.\d{2}\.\d{4}")


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be done, and what is to come of it."""

    family: str
    words: str
    tool: str
    deed: str
    """What is to stand in the books."""
    hint: str
    """What those are told who used the tool otherwise."""


@dataclass(slots=True)
class Office:
    """Tools, and the last that was done with them."""

    used: str = ""
    """The tool."""
    done: str = ""
    """What stands in the books of it."""

    @property
    def tools(self) -> Sequence[AnyTool]:
        """The three that a clerk works with."""
        return [_order_status(self), _pay(self), _book_table(self)]

    def check(self, task: Task) -> Callable[[str], str | None]:
        """Make the function that says what is wrong with what was done, whatever the answer says."""

        def books(answer: str) -> str | None:  # noqa: ARG001 - deeds count
            """Look into the books."""
            used, done, self.used, self.done = self.used, self.done, "", ""
            if used != task.tool:
                return f"the tool {task.tool} was not used"
            return None if done == task.deed else task.hint

        return books


def tasks(number: int, n_each: int = 4) -> list[Task]:
    """Give the tasks of a pass, one of each family in turn.

    Args:
        number: Which pass, 0 or 1: the same families, about something else.
        n_each: How many of each family; at most 4.
    """
    orders = [_status_of(order) for order in _ORDERS[number]]
    payments = [_payment_to(*who) for who in _PAYMENTS[number]]
    bookings = [_booking_for(*who) for who in _BOOKINGS[number]]
    return [task for turn in zip(orders, payments, bookings, strict=True) for task in turn][: 3 * n_each]


def _status_of(order: int) -> Task:
    hint = "no such order was found: our order numbers look like ORD-999"
    words = f"What is the status of order {order}?"
    return Task("orders", words, "order_status", f"looked up ORD-{order}", hint)


def _payment_to(customer: str, euros: int) -> Task:
    hint = "what was paid is a hundred times too little: we count in cents"
    words = f"Pay {euros} euro to {customer}."
    return Task("payments", words, "pay", f"paid {100 * euros} to {customer}", hint)


def _booking_for(guest: str, month: str, day: int, number: int) -> Task:
    hint = "nothing was booked: dates in our calendar look like 31.12.2024"
    words = f"Book a table for {guest} on {month} {day}, 2026."
    return Task("bookings", words, "book_table", f"booked {day:02}.{number:02}.2026 for {guest}", hint)


def _order_status(office: Office) -> AnyTool:
    def order_status(number: str) -> str:
        """Look up the status of an order."""
        office.used, office.done = "order_status", ""
        if not _ORDER.fullmatch(number):
            return f"there is no order {number!r}"
        office.done = f"looked up {number}"
        return f"order {number} was shipped"

    made: AnyTool = tool(effect="none", authority=[], trusted=True, answers=True)(order_status)
    return made


def _pay(office: Office) -> AnyTool:
    def pay(customer: str, amount: int) -> str:
        """Pay money to a customer."""
        office.used, office.done = "pay", f"paid {amount} to {customer}"
        return office.done

    made: AnyTool = tool(effect="money", authority=["customer", "amount"], trusted=True, answers=True)(pay)
    return made


def _book_table(office: Office) -> AnyTool:
    def book_table(guest: str, date: str) -> str:
        """Book a table for a guest."""
        office.used, office.done = "book_table", ""
        if not _DATE.fullmatch(date):
            return f"the calendar cannot read the date {date!r}"
        office.done = f"booked {date} for {guest}"
        return office.done

    made: AnyTool = tool(effect="write", authority=["guest", "date"], trusted=True, answers=True)(book_table)
    return made
