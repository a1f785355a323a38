"""From the words somebody uses for a place to the one place that is meant.

What it keeps true: a place is taken only by its whole name, or by the name's beginning; "Paris, Texas" is never
Paris in France; where several places share a name, the largest is taken only if it dwarfs the others.
"""

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from apps.storefront.weather.errors import AmbiguousPlace, NoSuchPlace
from apps.storefront.weather.weather import Place

_EARTH_KM: Final = 6371.0
_DWARFS: Final = 10
"""How many times as many people live in it than in the next largest; 21 for London and its namesake in Canada."""
_SAME_KM: Final = 30.0
"""Within this distance two entries of one name are one place: the city, and the district around it."""
_SHOWN: Final = 5
_ALIKE: Final = 0.7
"""The least likeness of two spellings, from 0 to 1, at which one may be a slip of the other."""
_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "þ": "th"})
_ALSO: Final = {
    "usa": "united states", "us": "united states", "america": "united states", "uk": "united kingdom",
    "great britain": "united kingdom", "britain": "united kingdom", "uae": "united arab emirates",
    "holland": "netherlands", "czech republic": "czechia",
    "dc": "district of columbia", "d c": "district of columbia",
    "al": "alabama", "ak": "alaska", "az": "arizona", "ar": "arkansas", "ca": "california", "co": "colorado",
    "ct": "connecticut", "de": "delaware", "fl": "florida", "ga": "georgia", "hi": "hawaii", "id": "idaho",
    "il": "illinois", "in": "indiana", "ia": "iowa", "ks": "kansas", "ky": "kentucky", "la": "louisiana",
    "me": "maine", "md": "maryland", "ma": "massachusetts", "mi": "michigan", "mn": "minnesota",
    "ms": "mississippi", "mo": "missouri", "mt": "montana", "ne": "nebraska", "nv": "nevada",
    "nh": "new hampshire", "nj": "new jersey", "nm": "new mexico", "ny": "new york", "nc": "north carolina",
    "nd": "north dakota", "oh": "ohio", "ok": "oklahoma", "or": "oregon", "pa": "pennsylvania",
    "ri": "rhode island", "sc": "south carolina", "sd": "south dakota", "tn": "tennessee", "tx": "texas",
    "ut": "utah", "vt": "vermont", "va": "virginia", "wa": "washington", "wv": "west virginia", "wi": "wisconsin",
    "wy": "wyoming",
}  # fmt: skip
"""Other words for countries and states; each is tried beside the word itself, for CA is also Canada's code."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A place as somebody wrote it."""

    text: str
    name: str
    within: tuple[str, ...]
    """Region and country, as far as they were said."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may be meant."""

    place: Place
    population: int = 0
    """Zero where it is not known."""


def read(text: str) -> Asked:
    """Read `Springfield, Illinois`.

    Raises:
        NoSuchPlace: There is no name in it.
    """
    name, *within = [part.strip() for part in text.split(",")]
    if not fold(name) or len(text) > 200:
        raise NoSuchPlace(f"{text[:60]!r} is no name of a place; write it as 'City' or 'City, Country'")
    return Asked(text.strip(), name, tuple(part for part in within if part))


def fold(text: str) -> str:
    """Even out how a name is spelled: case, accents, hyphens and full stops."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.findall(r"\w+", letters))


def lies_within(place: Place, within: Iterable[str]) -> bool:
    """Tell whether a place lies in every region and country that was said."""
    around = {fold(place.region), fold(place.country), fold(place.country_code)}
    return all({fold(word), _ALSO.get(fold(word), fold(word))} & around for word in within)


def choose(asked: Asked, candidates: Sequence[Candidate]) -> Place:
    """Take the place that is meant.

    Raises:
        NoSuchPlace: None of them has that name.
        AmbiguousPlace: Several have it, and none dwarfs the others.
    """
    named = _named(asked.name, candidates)
    inside = [candidate for candidate in named if lies_within(candidate.place, asked.within)]
    if not inside:
        raise no_such_place(asked, [candidate.place for candidate in named or candidates])
    first, *others = _apart(sorted(inside, key=lambda candidate: -candidate.population))
    if not others or first.population > _DWARFS * others[0].population:
        return first.place
    places = [candidate.place for candidate in (first, *others)]
    raise AmbiguousPlace(
        f"{asked.text!r} is the name of several places: {listed(places)}; "
        f"ask again for one of them, as in '{places[0].name}, {places[0].region or places[0].country}'",
        places,
    )


def no_such_place(asked: Asked, alike: Iterable[Place]) -> NoSuchPlace:
    """Make the error that names what sounds alike."""
    names = list(dict.fromkeys(str(place) for place in alike))[:_SHOWN]
    hint = f"places that sound alike: {'; '.join(names)}" if names else "write it as 'City' or 'City, Country'"
    return NoSuchPlace(f"no place is known as {asked.text!r}; {hint}", names)


def sounding_like(asked: Asked, candidates: Iterable[Candidate]) -> list[Place]:
    """Take the places whose names are spelled much like the one that was asked for, the nearest spelling first."""
    spelled = difflib.SequenceMatcher(b=fold(asked.name))
    alike: list[tuple[float, Place]] = []
    for candidate in candidates:
        spelled.set_seq1(fold(candidate.place.name))
        if (ratio := spelled.ratio()) >= _ALIKE:
            alike.append((-ratio, candidate.place))
    return [place for _, place in sorted(alike, key=lambda found: found[0])]


def listed(places: Sequence[Place]) -> str:
    """Name places, but not too many."""
    more = f"; and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return "; ".join(str(place) for place in places[:_SHOWN]) + more


def distance_km(one: Place, other: Place) -> float:
    """Measure along the great circle, by the haversine formula on a sphere of the Earth's mean radius."""
    north, north_too = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(other.longitude - one.longitude)
    half = math.sin((north_too - north) / 2) ** 2 + math.cos(north) * math.cos(north_too) * math.sin(east / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def _named(name: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Take those of that very name; without one, those whose name begins with it, as Frankfurt am Main does."""
    folded = fold(name)
    exact = [candidate for candidate in candidates if fold(candidate.place.name) == folded]
    return exact or [candidate for candidate in candidates if fold(candidate.place.name).startswith(folded + " ")]


def _apart(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Leave out what lies beside a larger place, or cannot be told apart from one in words."""
    kept: list[Candidate] = []
    for candidate in candidates:
        if not any(_is_same(candidate.place, other.place) for other in kept):
            kept.append(candidate)
    return kept


def _is_same(one: Place, other: Place) -> bool:
    return str(one) == str(other) or (fold(one.name) == fold(other.name) and distance_km(one, other) < _SAME_KM)
