"""A city that does not exist: the model is told what sounds alike, nothing is made up, and the run goes on."""

from pathlib import Path

from apps.storefront.weather import Normals, WithNormals, weather_tools
from mainspring import use
from mainspring.core import FakeClock, Request
from mainspring.core.events import Finished, ToolReturned
from mainspring.models.scripted import Line
from tests.unit.agent.making import only
from tests.unit.apps.storefront.weather_recorded import NOON_S, asked, open_meteo, recorded
from tests.unit.models.wire import Serve
from tests.unit.runs.making import agent, opened


async def test_a_city_that_does_not_exist_is_an_error_on_record_and_the_next_try_is_answered(
    serve: Serve, tmp_path: Path
) -> None:
    wire = await serve(
        recorded("search_nothing"), recorded("search_hamb"), recorded("search_berlin"), recorded("forecast_berlin")
    )
    source = WithNormals(open_meteo(wire), Normals(clock=FakeClock(NOON_S)))

    def ask_again(request: Request) -> Line:
        assert "'Hambrug'" in request.messages[-1].text
        return use("weather", place="Berlin")

    clerk = agent([use("weather", place="Hambrug"), ask_again, "It rains in Berlin."], *weather_tools(source))
    async with opened(tmp_path / "runs.db") as runs:
        run = await runs.start(clerk, "How is it in Hambrug?")
        await run.result()

    async with opened(tmp_path / "runs.db") as runs:
        events = await (await runs.get(run.id)).events()
    wrong, right = only(ToolReturned, events)
    assert wrong.result.is_error
    assert "Hamburg, Germany" in wrong.result.text
    assert "degrees" not in wrong.result.text  # neither a forecast nor a typical month of a place nobody knows
    assert not right.result.is_error
    assert only(Finished, events)[0].output == "It rains in Berlin."
    assert asked(wire) == ["search", "search", "search", "forecast"]
