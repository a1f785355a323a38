"""From words for a time to the day that is meant; names of months and days are English on every machine."""

import re
from datetime import date, timedelta
from typing import Final

from apps.storefront.weather.errors import NoSuchDay

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NOW: Final = ("", "now", "today", "currently", "right now")
"""Words for the present."""
_BEYOND: Final = timedelta(days=30)
"""Further ahead than any forecast."""
_AHEAD: Final = {"tomorrow": 1, "day after tomorrow": 2, "the day after tomorrow": 2}
_IN_DAYS: Final = re.compile(r"in (\d{1,3}) days?")
_DATE: Final = re.compile(
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?(?: of)? )?(?P<month>[a-z]{3,9})(?: (?P<year>\d{4}))?"
)
_MONTH_FIRST: Final = re.compile(r"([a-z]{3,9}) (\d{1,2})(?:st|nd|rd|th)?(?= \d{4}|$)")


def read_day(words: str, today: date) -> date:
    """Read `tomorrow`, `in 3 days`, `saturday`, `2026-11-30`, `30 November`, or a month such as `November`.

    Args:
        words: What somebody said.
        today: The day that it is where the weather is asked for.

    Raises:
        NoSuchDay: The words are none of these.
    """
    plain = " ".join(words.lower().replace(",", " ").split()).removeprefix("on ").removeprefix("next ")
    try:
        day = _days_ahead(plain, today) or _in_calendar(plain, today) or date.fromisoformat(plain)
    except (ValueError, OverflowError) as error:
        raise NoSuchDay(
            f"{words[:60]!r} is no time; write now, tomorrow, saturday, a date like {today}, or a month like "
            f"{MONTHS[today.month - 1]}"
        ) from error
    return day


def typical_day(month: int, today: date) -> date:
    """Give a day in the middle of a month, so far ahead that only what is typical can be told of it."""
    days = (date(today.year + n_years, month, 15) for n_years in range(3))
    return next(day for day in days if day - today > _BEYOND)


def _days_ahead(plain: str, today: date) -> date | None:
    if match := _IN_DAYS.fullmatch(plain):
        return today + timedelta(days=int(match[1]))
    for place, name in enumerate(WEEKDAYS):
        if plain == name.lower():
            return today + timedelta(days=(place - today.weekday() - 1) % 7 + 1)
    return today + timedelta(days=_AHEAD[plain]) if plain in _AHEAD else None


def _in_calendar(plain: str, today: date) -> date | None:
    """Read a day of a month, the next such day if no year is said, or a month alone."""
    match = _DATE.fullmatch(_MONTH_FIRST.sub(r"\2 \1", plain.removeprefix("in ")))
    named = {name[:3].lower(): month for month, name in enumerate(MONTHS, 1)}
    month = named.get(match["month"][:3]) if match else None
    if not match or not month or not MONTHS[month - 1].lower().startswith(match["month"]):
        return None
    if not match["day"]:
        return typical_day(month, today)
    day = date(int(match["year"] or today.year), month, int(match["day"]))
    return day if match["year"] or day >= today else day.replace(year=day.year + 1)
