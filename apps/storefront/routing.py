"""Who answers a customer, by the customer's words.

It is a rule, because it is free, and because a model of a billion parameters chooses by any word. What is plain for
nobody is for sales, which can do no harm: it orders nothing without an address.
"""

import re
from typing import Final, Literal

Role = Literal["service", "weather", "sales"]

_ORDERED: Final = re.compile(
    r"\b(cancel\w*|refund\w*|shipped|arrived|broken|damaged?|track(ing)?|where('s| is| are) (my|the) \w+"
    r"|money back|money for|paid|my (last |latest )?orders?|order O-[0-9a-f]+)\b",
    re.IGNORECASE,
)
"""Words of somebody who has an order."""
_WEATHER: Final = re.compile(
    r"\b(weather|forecast|temperatures?|warm\w*|cold\w*|hot|rain\w*|snow\w*|frost\w*|wind\w*|sunny"
    r"|(has|have) to (stand|resist|survive|withstand)|demands?)\b",
    re.IGNORECASE,
)
_PIECES: Final = re.compile(
    r"\b(chairs?|tables?|desks?|bench(es)?|loungers?|sofas?|shel(f|ves)|bookcases?|lamps?|rugs?|planters?|cushions?"
    r"|[A-Z]{3}-\d{3})\b",
    re.IGNORECASE,
)
_WANTS: Final = re.compile(
    r"\b(buy|(send|get|order|bring) (me|us|\d+|an?|one|two|three|four)|i'd (like|rather))\b", re.IGNORECASE
)
"""Words of somebody who wants more than what was ordered."""
_ASKED_BACK: Final = re.compile(r"\bplease say\b", re.IGNORECASE)
_ORDER: Final = re.compile(r"\bO-[0-9a-f]+\b")


def roles_for(words: str, answer: str = "") -> tuple[Role, ...]:
    """Give who in the team answers, in order: what was ordered comes before what is wanted instead.

    Args:
        words: The customer's last words.
        answer: What the customer was told before them: who was asked something of an order is saying it, unless
            the words are plain for somebody else.
    """
    asks_weather, wants = bool(_WEATHER.search(words)), bool(_WANTS.search(words))
    was_asked = bool(_ASKED_BACK.search(answer) and _ORDER.search(answer))
    if not _ORDERED.search(words) and not (was_asked and not asks_weather and not wants):
        return ("weather",) if asks_weather and not _PIECES.search(words) else ("sales",)
    roles: list[Role] = ["service"]
    if asks_weather:
        roles.append("weather")
    if wants:
        roles.append("sales")
    return tuple(roles)
