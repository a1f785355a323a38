"""Who may ask the server, and what the page may do."""

from collections.abc import Mapping

import pytest

from tests.unit.data.review.conftest import TOKEN, Browser
from tests.unit.data.review.datasets import SYRUP


async def status(browser: Browser, path: str, headers: Mapping[str, str] | None = None) -> int:
    return (await browser.client.get(path, headers=headers)).status


@pytest.mark.parametrize("path", ["/", "/api/standing", "/wrong/api/standing", f"/{TOKEN}x/", "/%ED%A0%80/", "//"])
async def test_nothing_is_told_without_the_token(browser: Browser, path: str) -> None:
    response = await browser.client.get(path)
    assert response.status == 404
    assert "whole address" in (await response.json())["error"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "", "["])
async def test_no_other_name_may_point_here(browser: Browser, host: str) -> None:
    assert await status(browser, f"/{TOKEN}/api/standing", {"Host": host}) in {400, 403}


@pytest.mark.parametrize("host", ["localhost:9000", "127.0.0.1:80", "[::1]:9000"])
async def test_a_tunnel_may_have_another_port(browser: Browser, host: str) -> None:
    assert await status(browser, f"/{TOKEN}/api/standing", {"Host": host}) == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "null", None])
async def test_only_the_page_itself_may_decide(browser: Browser, origin: str | None) -> None:
    response = await browser.client.post(
        f"/{TOKEN}/api/examples/{SYRUP.example.id}/decision",
        json={"action": "drop"},
        headers={} if origin is None else {"Origin": origin},
    )
    assert response.status == 403
    assert (await browser.get("standing"))["n_looked_at"] == 0


async def test_another_page_may_not_read(browser: Browser) -> None:
    assert await status(browser, f"/{TOKEN}/api/standing", {"Origin": "http://evil.example"}) == 403


@pytest.mark.parametrize("path", ["", "page.css", "page.js", "api/standing", "api/nothing"])
async def test_every_response_lets_the_page_load_nothing_from_elsewhere(browser: Browser, path: str) -> None:
    headers = (await browser.client.get(f"/{TOKEN}/{path}")).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert (headers["Referrer-Policy"], headers["X-Content-Type-Options"]) == ("no-referrer", "nosniff")
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("document", ["..%2F..%2Fsecret", "..%2Fdocuments", "%2Fetc%2Fpasswd", "x"])
async def test_no_file_but_a_documents_text_is_given(browser: Browser, document: str) -> None:
    (browser.review.folder / "secret.txt").write_text("secret")
    assert await status(browser, f"/{TOKEN}/api/texts/{document}?start=0&end=9") == 404


@pytest.mark.parametrize("query", ["checks=perhaps", "decision=1", "colour=red"])
async def test_a_filter_that_is_none_is_refused_in_words(browser: Browser, query: str) -> None:
    response = await browser.client.get(f"/{TOKEN}/api/examples?{query}")
    assert response.status == 400
    assert (await response.json())["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"action": "burn"}', b'{"action": "keep", "more": 1}'])
async def test_a_decision_that_is_none_is_refused_in_words(browser: Browser, body: bytes) -> None:
    path = f"/{TOKEN}/api/examples/{SYRUP.example.id}/decision"
    response = await browser.client.post(path, data=body, headers={"Origin": browser.origin})
    assert response.status == 400
    assert (await response.json())["error"]
