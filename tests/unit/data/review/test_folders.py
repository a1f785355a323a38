"""Folders that are no dataset, or a broken one: clear words."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession

from mainspring.core.errors import ConfigError, DocumentError
from mainspring.data.review import Review, serving
from tests.unit.data.review.datasets import SYRUP, write_folder


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        Review(tmp_path / "train")


async def test_a_foreign_folder(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").touch()
    with pytest.raises(ConfigError, match=r"is no dataset, or is not ready.*mainspring data build"):
        Review(tmp_path)


async def test_a_dataset_without_examples(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nothing to look at"):
        Review(write_folder(tmp_path / "train", []))


@pytest.mark.parametrize("line", [b"{", b'{"example": {}}', b"\xff\xfe"])
async def test_a_broken_line_is_named(folder: Path, line: bytes) -> None:
    with (folder / "candidates.jsonl").open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(
        DocumentError, match=r"candidates\.jsonl', line 7 is no candidate: .*build the dataset again"
    ):
        Review(folder)


async def test_an_example_whose_text_is_gone_is_shown_without_it(folder: Path) -> None:
    for text in (folder / "texts").iterdir():
        text.unlink()
    with Review(folder) as review:
        shown = review.example(SYRUP.example.id)
    assert shown is not None
    assert (shown.excerpts, shown.misquoted) == ([], [])


async def test_a_port_that_is_taken(folder: Path) -> None:
    with Review(folder) as review:
        async with serving(review) as address:
            port = urlsplit(address.url).port or 0
            with pytest.raises(ConfigError, match=f"port {port}.*give it another"):
                async with serving(review, port):
                    pass


async def test_every_server_has_its_own_token(folder: Path) -> None:
    with Review(folder) as review:
        async with serving(review) as one, serving(review) as other:
            assert one.url.startswith("http://127.0.0.1:")
            paths = {urlsplit(found).path for at in (one, other) for found in (at.url, at.opening)}
            assert len(paths) == 4
            assert all(len(path) >= 32 for path in paths)


async def test_what_the_browser_is_started_with_leads_to_the_page_once(folder: Path) -> None:
    with Review(folder) as review:
        async with serving(review) as address, ClientSession() as client:
            async with client.get(address.opening) as first:
                assert (first.status, str(first.url)) == (200, address.url)
            async with client.get(address.opening) as second:
                assert second.status == 404
