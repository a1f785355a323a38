"""A gateway that is sent SIGHUP serves by the settings that stand there then, and refuses nobody meanwhile."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from mainspring.promotion.members import with_share
from mainspring.promotion.settings_file import SettingsFile
from tests.e2e.gateways import Gateway, House, ask, model
from tests.unit.serve.fronts import Gate, until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        yield House(tmp_path, stack)


def single(base_url: str, name: str) -> str:
    """Write the table of a model at one server."""
    return f'[models.{name}]\nbase_url = "{base_url}"\nmodel = "far"\n'


def promote(house: House, share: float) -> None:
    """Give the tuned model a share of the pool."""
    file = SettingsFile(house.folder / "mainspring.toml")
    assert file.change(lambda models: with_share(models, "near", "tuned", share).models)


async def renewed(gateway: Gateway) -> None:
    """Have the settings read anew."""
    gateway.send(signal.SIGHUP)
    await gateway.said("the models were read anew")


async def test_a_share_that_is_given_and_taken_away_counts_without_a_new_start(house: House) -> None:
    async with Gate() as present, Gate() as tuned:
        house.write(single(present.base_url, "near"), single(tuned.base_url, "tuned"))
        gateway = await house.gateway()
        client = await gateway.client()
        under_way = asyncio.ensure_future(ask(client))
        await until(lambda: present.n_asked == 1)
        promote(house, 0.5)
        await renewed(gateway)
        present.opened.set()
        tuned.opened.set()
        assert (await under_way).choices[0].message.content == "one two"
        for number in range(10):
            reply = await ask(client, extra_headers={"X-Session-Id": f"one {number}"})
            assert reply.choices[0].message.content == "one two"
        assert tuned.n_asked in {4, 5}
        n_tuned = tuned.n_asked
        promote(house, 0.0)
        await renewed(gateway)
        for number in range(5):
            await ask(client, extra_headers={"X-Session-Id": f"other {number}"})
        assert tuned.n_asked == n_tuned


async def test_settings_that_are_broken_leave_everything_as_it_was(house: House) -> None:
    async with Gate() as present:
        present.opened.set()
        house.write(model(present.base_url))
        gateway = await house.gateway()
        house.write("[models.near]\nmembers = []")
        gateway.send(signal.SIGHUP)
        await gateway.said("the models are served as they were")
        assert (await ask(await gateway.client())).choices[0].message.content == "one two"
