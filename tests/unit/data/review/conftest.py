"""What tests of the review share: a folder, and a client of the server that looks at it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from mainspring.core import FakeClock
from mainspring.data.review import Review, review_app
from tests.unit.data.review.datasets import write_folder

TOKEN = "let-me-in"


@dataclass
class Browser:
    """Asks a server as its page does."""

    client: TestClient[Any, Any]
    review: Review

    @property
    def origin(self) -> str:
        """Where the page comes from."""
        return f"http://{self.client.host}:{self.client.port}"

    async def get(self, path: str, **query: str | int) -> Any:
        """Ask for something."""
        response = await self.client.get(f"/{TOKEN}/api/{path}", params=query)
        assert response.status == 200, await response.text()
        return await response.json()

    async def post(self, path: str, body: dict[str, str]) -> ClientResponse:
        """Have something done."""
        headers = {"Origin": self.origin}
        return await self.client.post(f"/{TOKEN}/api/{path}", json=body, headers=headers)

    async def decide(self, example: str, action: str, **words: str) -> Any:
        """Decide on an example."""
        response = await self.post(f"examples/{example}/decision", {"action": action, **words})
        assert response.status == 200, await response.text()
        return await response.json()

    async def questions(self, **query: str) -> list[str]:
        """Give the questions that match."""
        return [row["question"] for row in (await self.get("examples", **query))["rows"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a small dataset."""
    return write_folder(tmp_path / "train")


@pytest.fixture
async def browser(folder: Path) -> AsyncIterator[Browser]:
    """Give a client of the server that looks at the folder."""
    with Review(folder, FakeClock(1_800_000_000)) as review:
        async with TestClient(TestServer(review_app(review, TOKEN))) as client:
            yield Browser(client, review)
