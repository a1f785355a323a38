"""Which place is meant by a name: the one everybody means, or an error that names the candidates."""

import pytest

from apps.storefront.weather import AmbiguousPlace, NoSuchPlace
from tests.unit.apps.storefront.weather_recorded import asked, open_meteo, query, recorded
from tests.unit.models.wire import Serve


async def test_a_city_that_dwarfs_its_namesakes_is_meant(serve: Serve) -> None:
    wire = await serve(recorded("search_paris"), recorded("forecast_berlin"))
    assert (await open_meteo(wire).at("Paris", None)).place.country == "France"


async def test_a_name_of_several_places_is_answered_with_the_candidates(serve: Serve) -> None:
    wire = await serve(recorded("search_springfield"))

    with pytest.raises(AmbiguousPlace) as caught:
        await open_meteo(wire).at("Springfield", None)

    assert [place.region for place in caught.value.candidates][:3] == ["Missouri", "Massachusetts", "Illinois"]
    assert "Springfield, Illinois, United States" in str(caught.value)
    assert "as in 'Springfield, Missouri'" in str(caught.value)
    assert asked(wire) == ["search"]


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Springfield, Illinois", "Illinois"),
        ("springfield, IL", "Illinois"),
        ("Springfield, Oregon, USA", "Oregon"),
        ("Springfield , massachusetts, United States", "Massachusetts"),
        ("Springfield, Virginia", "Virginia"),
    ],
)
async def test_a_region_or_country_narrows_a_name(serve: Serve, text: str, region: str) -> None:
    wire = await serve(recorded("search_springfield"), recorded("forecast_berlin"))
    assert (await open_meteo(wire).at(text, None)).place.region == region
    assert query(wire, 0)["name"].lower().strip() == "springfield"


async def test_a_city_and_the_district_around_it_are_one_place(serve: Serve) -> None:
    wire = await serve(recorded("search_kyiv"), recorded("forecast_berlin"))
    assert (await open_meteo(wire).at("Kyiv", None)).place.region == "Kyiv City"


async def test_paris_in_texas_is_not_paris_in_france(serve: Serve) -> None:
    wire = await serve(recorded("search_paris"), recorded("forecast_berlin"))
    assert (await open_meteo(wire).at("Paris, Texas", None)).place.region == "Texas"


async def test_a_region_without_such_a_place_is_answered_with_those_there_are(serve: Serve) -> None:
    wire = await serve(recorded("search_paris"))
    with pytest.raises(NoSuchPlace, match="Paris, Texas, United States") as caught:
        await open_meteo(wire).at("Paris, Italy", None)
    assert caught.value.alike[0] == "Paris, Île-de-France, France"


async def test_an_unknown_city_is_answered_with_what_sounds_alike(serve: Serve) -> None:
    wire = await serve(recorded("search_nothing"), recorded("search_hamb"))
    with pytest.raises(NoSuchPlace, match="'Hambrug'") as caught:
        await open_meteo(wire).at("Hambrug", None)
    assert caught.value.alike[0] == "Hamburg, Germany"


async def test_a_name_that_only_resembles_what_was_found_is_not_taken_for_it(serve: Serve) -> None:
    wire = await serve(recorded("search_hamb"))
    with pytest.raises(NoSuchPlace, match="Hamburg, Germany"):
        await open_meteo(wire).at("Hamb", None)


async def test_a_place_without_a_region_lies_in_no_region(serve: Serve) -> None:
    wire = await serve(recorded("search_singapore"), recorded("forecast_berlin"))
    weather = open_meteo(wire)
    with pytest.raises(NoSuchPlace):
        await weather.at("Singapore, Texas", None)
    assert str((await weather.at("Singapore", None)).place) == "Singapore"


async def test_the_beginning_of_a_name_is_enough_where_nothing_has_the_whole(serve: Serve) -> None:
    wire = await serve(recorded("search_frankfurt"), recorded("forecast_berlin"))
    assert (await open_meteo(wire).at("Frankfurt", None)).place.name == "Frankfurt am Main"


@pytest.mark.parametrize("text", ["", " , Germany", "!!", "x" * 201])
async def test_words_without_a_name_are_no_place(serve: Serve, text: str) -> None:
    wire = await serve()
    with pytest.raises(NoSuchPlace, match="write it as"):
        await open_meteo(wire).at(text, None)
    assert wire.asked == []
