"""Climate normals: plausible, known without a network, and never made up."""

from collections import Counter
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from apps.storefront.weather import Normals, NoSuchPlace, NothingKnown, Place
from apps.storefront.weather.climate import City, cities
from mainspring.core import FakeClock
from tests.unit.apps.storefront.weather_recorded import NOON_S

NORMALS = Normals(clock=FakeClock(NOON_S))
POTSDAM = Place("Potsdam", "Brandenburg", "Germany", "DE", 52.4, 13.07, "Europe/Berlin")


@pytest.mark.parametrize("city", cities(), ids=lambda city: city.name)
def test_the_figures_of_a_city_are_possible(city: City) -> None:
    assert all(0 < high - low < 25 for high, low in zip(city.high_c, city.low_c, strict=True))
    assert all(low > -45 and high < 50 for high, low in zip(city.high_c, city.low_c, strict=True))
    for rain_mm, n_days in zip(city.precipitation_mm, city.wet_days, strict=True):
        assert n_days <= rain_mm <= 1000
        assert n_days < 28
        assert n_days > 0 or rain_mm < 10
    assert 0 < city.wind_km_h < 40
    assert 0 < city.sea_km < 3000
    assert -90 <= city.latitude <= 90
    assert -180 <= city.longitude <= 180
    assert ZoneInfo(city.time_zone).key == city.time_zone


@pytest.mark.parametrize("city", [city for city in cities() if abs(city.latitude) > 30], ids=lambda city: city.name)
def test_far_from_the_equator_summer_is_warm_and_on_its_own_side_of_the_year(city: City) -> None:
    january, july = city.high_c[0], city.high_c[6]
    assert (january < july) == (city.latitude > 0)


def test_all_continents_and_many_climates_are_there() -> None:
    zones = Counter(city.time_zone.split("/")[0] for city in cities())
    assert min(zones[part] for part in ("Africa", "America", "Asia", "Australia", "Europe", "Pacific")) >= 3
    assert zones["Antarctica"] == 1
    assert len(cities()) >= 60


def test_no_two_cities_answer_to_one_name() -> None:
    names = Counter(name.casefold() for city in cities() for name in {city.name, *city.also})
    assert [name for name, n_cities in names.items() if n_cities > 1] == []


async def test_what_is_typical_is_said_to_be_that() -> None:
    typical = await NORMALS.at("Berlin", date(2027, 7, 1))
    assert typical.kind == "climate normal"
    assert typical.note == "typical for July in Berlin"
    assert typical.source.attribution.startswith("Approximate")
    assert typical.high is not None
    assert str(typical.high) == "25 °C"


async def test_without_a_day_the_month_is_that_of_the_citys_own_calendar() -> None:
    new_year_s = 1798801200.0  # 1 January 2027, 11:00 UTC, which is still the old year in Honolulu
    normals = Normals(clock=FakeClock(new_year_s - 3 * 3600))
    assert (await normals.at("Honolulu", None)).note == "typical for December in Honolulu"
    assert (await normals.at("Auckland", None)).note == "typical for January in Auckland"


@pytest.mark.parametrize(
    "text", ["München", "munich", "Munich, Germany", "MUENCHEN, DE", "Munich, Bavaria, Germany"]
)
async def test_a_city_is_known_by_its_other_names_too(text: str) -> None:
    assert (await NORMALS.at(text, None)).place.name == "Munich"


@pytest.mark.parametrize("text", ["Paris, Texas", "London, Ontario", "Berlin, New Hampshire"])
async def test_a_namesake_elsewhere_is_not_given_the_citys_climate(text: str) -> None:
    with pytest.raises(NothingKnown):
        await NORMALS.at(text, None)


async def test_an_unknown_city_is_answered_with_known_ones_that_sound_alike() -> None:
    with pytest.raises(NothingKnown, match="Berlin, Germany"):
        await NORMALS.at("Berlim", None)


async def test_words_without_a_name_are_no_place() -> None:
    with pytest.raises(NoSuchPlace):
        await NORMALS.at(" ", None)


def test_the_nearest_known_city_stands_in_by_its_own_name() -> None:
    typical = NORMALS.near(POTSDAM, date(2027, 11, 15))
    assert typical.place.name == "Berlin"
    assert "typical for November in Berlin, 27 km from Potsdam" in typical.note
    assert typical.stands_in_for == POTSDAM
    assert typical.sea is None


def test_a_known_city_is_found_by_its_place_on_the_map() -> None:
    geocoded = Place("Berlin", "State of Berlin", "Germany", "DE", 52.524, 13.411, "Europe/Berlin")
    typical = NORMALS.near(geocoded, date(2027, 11, 15))
    assert typical.note == "typical for November in Berlin"
    assert typical.sea is not None


def test_beyond_a_hundred_kilometres_nothing_is_made_up() -> None:
    outback = Place("Alice Springs", "Northern Territory", "Australia", "AU", -23.7, 133.88, "Australia/Darwin")
    with pytest.raises(NothingKnown, match=r"the nearest known city is Darwin.* km away"):
        NORMALS.near(outback, date(2027, 11, 15))
