"""The benchmark of lessons, with a clerk of whom it is known what he can learn."""

import re

from benchmarks.reflection import FIRST, ONCE, REPEATED, SECOND, as_document, measured
from benchmarks.reflection_office import Office, tasks
from mainspring import ScriptedModel, use
from mainspring.core import Answer, Request
from mainspring.models.scripted import Line

N_EACH = 2


def learns(request: Request) -> Line:
    """Work as a clerk who heeds every lesson, and learns whatever he is told."""
    said = request.messages[-1].text
    if request.options.answer is not None:
        (problem,) = re.findall("What was wrong: (.*)", said)
        (task,) = re.findall("The task: (.*)", said)
        return Answer(value={"when": re.sub(r"\d+", "", task)[:60], "lesson": problem})
    number = re.search(r"order (\d+)", said)
    payment = re.match(r"Pay (\d+) euro to (\w+)", said)
    booking = re.match(r"Book a table for (\w+) on (\w+) (\d+)", said)
    if number:
        written = f"ORD-{number[1]}" if "ORD-999" in said else number[1]
        return use("order_status", number=written)
    if payment:
        return use("pay", customer=payment[2], amount=int(payment[1]) * (100 if "cents" in said else 1))
    assert booking
    month = ["February", "March", "April", "May"].index(booking[2]) + 2
    date = f"{int(booking[3]):02}.{month:02}.2026" if "31.12.2024" in said else f"2026-{month:02}-{booking[3]}"
    return use("book_table", guest=booking[1], date=date)


async def test_a_clerk_who_learns_needs_one_attempt_with_the_lessons_of_the_first_pass_and_fails_without() -> None:
    model = ScriptedModel([learns] * 1000)
    taken, lessons = await measured(model, attempts=2, n_each=N_EACH)
    document = as_document(taken, lessons)
    assert [document[name]["passed"] for name in (ONCE, REPEATED, FIRST, SECOND)] == [0, 0, 6, 6]
    assert [document[name]["attempts"] for name in (ONCE, REPEATED, FIRST, SECOND)] == [6, 12, 9, 6]
    assert [document[name]["model_calls"] for name in (ONCE, REPEATED, FIRST, SECOND)] == [6, 12, 12, 6]
    assert document[FIRST]["passed_by_family"] == {"orders": 2, "payments": 2, "bookings": 2}
    assert document[SECOND]["pass_rate"] == 1.0
    assert len(model.requests) == 12 + 12 + 6  # the first attempts are those of `repeated`
    assert len(lessons) == 3


def test_the_office_judges_by_what_was_done() -> None:
    office = Office()
    order, payment, booking = tasks(0, 1)
    status, pay, book = office.tools
    assert office.check(order)("order ORD-17 was shipped") == "the tool order_status was not used"
    assert status(number="17") == "there is no order '17'"
    assert office.check(order)("") == order.hint
    status(number="ORD-17")
    assert office.check(order)("") is None
    pay(customer="Ada", amount=12)
    assert office.check(payment)("") == payment.hint
    pay(customer="Ada", amount=1200)
    assert office.check(payment)("") is None
    assert book(guest="Ada", date="2026-05-03") == "the calendar cannot read the date '2026-05-03'"
    assert office.check(booking)("") == booking.hint
    book(guest="Ada", date="03.05.2026")
    assert office.check(booking)("") is None


def test_the_second_pass_has_the_same_families_and_no_task_of_the_first() -> None:
    first, second = tasks(0), tasks(1)
    assert [task.family for task in first] == [task.family for task in second]
    assert len({task.words for task in (*first, *second)}) == 24
