"""What weather demands of furniture, on the four scales of the catalogue."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.storefront.weather import SCALES, Conditions, Measure, Normals, Place, Source, Stands, demands
from apps.storefront.weather.climate import cities
from mainspring.core import FakeClock

PLACE = Place("Here", "", "Somewhere", "XX", 0.0, 0.0, "UTC")
STANDS: tuple[Stands, ...] = ("open", "covered", "indoor")


def day(
    rain_mm: float | None = 0, low_c: float = 10, uv: float = 1, wind_km_h: float = 5, sea_km: float | None = None
) -> Conditions:
    return Conditions(
        PLACE,
        "forecast",
        date(2026, 7, 1),
        Source("test", "test"),
        low=Measure(low_c, "°C"),
        precipitation=None if rain_mm is None else Measure(rain_mm, "mm"),
        wind=Measure(wind_km_h, "km/h"),
        uv=Measure(uv, "UV index"),
        sea=None if sea_km is None else Measure(sea_km, "km"),
    )


async def year(city: str) -> list[Conditions]:
    normals = Normals(clock=FakeClock())
    return [await normals.at(city, date(2027, month, 15)) for month in range(1, 13)]


async def levels(city: str, stands: Stands) -> list[int]:
    found = demands(await year(city), stands)
    return [found[scale].level for scale in SCALES]


@pytest.mark.parametrize(
    ("city", "in_the_open", "under_a_roof"),
    [
        ("Berlin", [2, 2, 2, 0], [0, 2, 1, 0]),
        ("Bergen", [3, 2, 1, 2], [1, 2, 0, 2]),
        ("Lisbon", [3, 0, 2, 1], [1, 0, 1, 1]),
        ("Dubai", [1, 0, 3, 2], [0, 0, 2, 2]),
        ("Miami", [3, 0, 3, 3], [1, 0, 2, 3]),
        ("Novosibirsk", [2, 3, 2, 0], [0, 3, 1, 0]),
        ("Cairo", [0, 0, 3, 0], [0, 0, 2, 0]),
    ],
)
async def test_a_typical_year_demands_what_gardeners_there_expect(
    city: str, in_the_open: list[int], under_a_roof: list[int]
) -> None:
    assert await levels(city, "open") == in_the_open
    assert await levels(city, "covered") == under_a_roof


@pytest.mark.parametrize("city", ["Bergen", "Novosibirsk", "Miami", "Dubai"])
async def test_in_a_house_little_is_demanded_anywhere(city: str) -> None:
    assert max(await levels(city, "indoor")) <= 1


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (day(rain_mm=0.1, low_c=3.1, uv=2.9, sea_km=20.1), [0, 0, 0, 0]),
        (day(rain_mm=0.2, low_c=3.0, uv=3.0, sea_km=20), [1, 1, 1, 1]),
        (day(rain_mm=5, low_c=0, uv=6, sea_km=5), [2, 2, 2, 2]),
        (day(rain_mm=20, low_c=-8, uv=8, sea_km=1), [3, 3, 3, 3]),
    ],
)
def test_each_step_of_the_table_begins_where_it_says(conditions: Conditions, expected: list[int]) -> None:
    found = demands([conditions], "open")
    assert [found[scale].level for scale in SCALES] == expected


def test_strong_wind_drives_rain_under_a_roof() -> None:
    assert demands([day(rain_mm=25, wind_km_h=29)], "covered")["rain"].level == 1
    driven = demands([day(rain_mm=25, wind_km_h=30)], "covered")["rain"]
    assert driven.level == 2
    assert "drives rain under a roof" in driven.reason


async def test_the_reason_is_that_of_the_worst_month() -> None:
    found = demands(await year("Berlin"), "open")
    assert found["rain"].reason == "70 millimetres on 10 days in July; it stands in the open"
    assert found["frost"].reason.startswith("nights of -1 degrees Celsius in January")
    assert found["salt air"].reason.startswith("the sea is 170 kilometres away")


def test_what_is_not_known_is_said_to_be_so() -> None:
    found = demands([day(rain_mm=None)], "open")
    assert not found["rain"].is_known
    assert not found["salt air"].is_known
    assert "not known" in found["salt air"].reason
    assert found["frost"].is_known


def test_of_no_conditions_nothing_is_known() -> None:
    assert not any(demand.is_known for demand in demands([], "open").values())


@given(
    st.lists(
        st.builds(
            day,
            rain_mm=st.floats(0, 300),
            low_c=st.floats(-50, 40),
            uv=st.floats(0, 16),
            wind_km_h=st.floats(0, 200),
            sea_km=st.floats(0, 3000),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(STANDS),
)
def test_levels_stay_on_the_scale_and_shelter_never_asks_for_more(days: list[Conditions], stands: Stands) -> None:
    found, in_the_open, of_one = demands(days, stands), demands(days, "open"), demands(days[:1], stands)
    for scale in SCALES:
        assert 0 <= found[scale].level <= 3
        assert found[scale].level <= in_the_open[scale].level
        assert found[scale].level >= of_one[scale].level
        assert found[scale].reason


async def test_every_known_city_has_a_demand_on_every_scale() -> None:
    for city in cities():
        found = demands(await year(city.name), "open")
        assert all(demand.is_known for demand in found.values()), city.name
