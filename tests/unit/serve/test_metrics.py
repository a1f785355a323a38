"""`/metrics` is what Prometheus reads, and says what has happened; `/healthz` is what a load balancer asks."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import openai
import pytest

from mainspring.serve.metrics import Histogram
from tests.unit.models.wire import DONE, Serve, broken_stream, chunk, refusal, said, spoken, stream
from tests.unit.serve.fronts import HELLO, USAGE, Front, Gate, Start, at, key, listen, nowhere, until

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
LINE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


class Sample(NamedTuple):
    """A line."""

    name: str
    labels: dict[str, str]
    value: float


def parsed(text: str) -> tuple[dict[str, str], list[Sample]]:
    """Read Prometheus' text form: the kinds of metrics by name, and the samples."""
    assert text.endswith("\n")
    kinds: dict[str, str] = {}
    samples = []
    for line in text.splitlines():
        if line.startswith("#"):
            _, word, name, kind = line.split(" ", 3)
            assert (word, kind in {"counter", "gauge", "histogram"}, name in kinds) == ("TYPE", True, False)
            kinds[name] = kind
            continue
        found = LINE.fullmatch(line)
        assert found, line
        labels = {name: _plain(value) for name, value in re.findall(LABEL, found[2] or "")}
        samples.append(Sample(found[1], labels, float(found[found.re.groups])))
    assert all(_family(sample.name, kinds) for sample in samples)
    assert len({(sample.name, *sorted(sample.labels.items())) for sample in samples}) == len(samples)
    return kinds, samples


def _plain(value: str) -> str:
    return re.sub(r"\\.", lambda found: ESCAPES[found[0]], value)


def _family(name: str, kinds: dict[str, str]) -> bool:
    whole = re.sub(r"_(bucket|sum|count)$", "", name)
    return kinds.get(whole) == "histogram" if whole != name else name in kinds


async def scraped(opened: Front) -> list[Sample]:
    async with opened.http.get(opened.url + "/metrics") as response:
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        return parsed(await response.text())[1]


def value(samples: list[Sample], name: str, **labels: str) -> float:
    """Add up the samples of a name that have these labels."""
    found = [one.value for one in samples if one.name == name and labels.items() <= one.labels.items()]
    assert found, (name, labels)
    return sum(found)


def buckets(samples: list[Sample], name: str, **labels: str) -> Iterator[tuple[float, float]]:
    for one in samples:
        if one.name == f"{name}_bucket" and labels.items() <= one.labels.items():
            yield float(one.labels["le"]), one.value


async def test_requests_tokens_and_dollars_are_counted_by_model_and_key(serve: Serve, front: Start) -> None:
    wire = await serve(
        said("Hi.", usage=USAGE),
        stream(*spoken("Hi"), chunk(usage=USAGE), DONE),
        refusal("400 No"),
        broken_stream(chunk({"content": "He"})),
    )
    price = {"input": "1000", "output": "2000"}
    opened = await front({"near": at(wire, price=price)}, keys={"team": key()})
    client = await opened.client()
    await client.chat.completions.create(model="near", messages=HELLO)
    await listen(client)
    for model, words in (("near", "answered 400"), ("nowhere", "no model")):
        with pytest.raises(openai.APIError, match=words):
            await client.chat.completions.create(model=model, messages=HELLO)
    with pytest.raises(openai.APIError, match="broke off"):
        await listen(client)
    await until(lambda: opened.gateway.pools["near"].members[0].in_flight == 0)
    samples = await scraped(opened)
    chat = {"path": "/v1/chat/completions", "model": "near"}
    name = "mainspring_requests_total"
    assert [value(samples, name, status=status, **chat) for status in ("200", "400", "503")] == [2, 1, 1]
    assert value(samples, name, model="", status="404") == 1
    assert value(samples, "mainspring_tokens_total", key="team", kind="input_tokens") > 14
    assert value(samples, "mainspring_tokens_total", kind="output_tokens") == 5
    assert value(samples, "mainspring_cost_usd_total", model="near", key="team") > 2 * (7 + 2 * 2) / 1000
    assert value(samples, "mainspring_member_calls_total", member="member-0") == 4
    assert value(samples, "mainspring_requests_in_progress") == 1
    found = dict(buckets(samples, "mainspring_request_seconds", **chat))
    assert list(found) == sorted(found)
    assert list(found.values()) == sorted(found.values())
    assert found[float("inf")] == value(samples, "mainspring_request_seconds_count", **chat) == 4
    assert value(samples, "mainspring_first_content_seconds_count", model="near") == 2


async def test_what_a_client_makes_up_is_no_label_of_its_own(serve: Serve, front: Start) -> None:
    opened = await front({"near": at(await serve())})
    for path in ("/a", "/b", "/v1/models/c", "/v1/models/d"):
        await opened.text(path)
    samples = await scraped(opened)
    paths = {sample.labels["path"] for sample in samples if sample.name == "mainspring_requests_total"}
    assert paths == {"", "/v1/models/{name}"}


async def test_names_with_odd_characters_are_escaped(serve: Serve, front: Start) -> None:
    wire, odd = await serve(said("Hi.")), 'a "b"\\n\nc {d="e"} ü'
    opened = await front({odd: at(wire)})
    await (await opened.client()).chat.completions.create(model=odd, messages=HELLO)
    assert value(await scraped(opened), "mainspring_requests_total", model=odd, status="200") == 1


@pytest.mark.parametrize(("seconds", "bucket"), [(0.0, "0.01"), (0.01, "0.01"), (0.011, "0.025"), (301.0, "+Inf")])
def test_a_bucket_holds_what_is_not_above_its_bound(seconds: float, bucket: str) -> None:
    histogram = Histogram()
    histogram.add(seconds)
    lines = list(histogram.lines("x", ()))
    assert next(line for line in lines if line.endswith(" 1")) == f'x_bucket{{le="{bucket}"}} 1'
    assert lines[-2:] == [f"x_sum {seconds:.6f}", "x_count 1"]


async def test_members_in_trouble_are_seen(gate: Gate, front: Start) -> None:
    opened = await front({"near": at(nowhere(), gate)})
    client = await opened.client()
    gate.opened.set()
    await client.chat.completions.create(model="near", messages=HELLO)
    samples = await scraped(opened)
    assert value(samples, "mainspring_member_ejected", member="member-0") == 1
    assert value(samples, "mainspring_member_ejected", member="member-1") == 0
    assert value(samples, "mainspring_member_failures_total", member="member-0") == 1
    assert value(samples, "mainspring_member_ejections_total", model="near") >= 1


async def test_it_is_well_as_long_as_any_member_of_any_model_is(serve: Serve, front: Start) -> None:
    opened = await front({"near": at(await serve()), "far": at(nowhere())})
    with pytest.raises(openai.APIError, match="cannot be reached"):
        await (await opened.client()).chat.completions.create(model="far", messages=HELLO)
    async with opened.http.get(opened.url + "/healthz") as response:
        assert (response.status, await response.json()) == (200, {"status": "ok", "models": ["near"]})


async def test_it_is_not_well_when_no_member_is(front: Start) -> None:
    opened = await front({"far": at(nowhere())})
    async with opened.http.get(opened.url + "/healthz") as response:
        assert response.status == 200
    with pytest.raises(openai.APIError, match="cannot be reached"):
        await (await opened.client()).chat.completions.create(model="far", messages=HELLO)
    async with opened.http.get(opened.url + "/healthz") as response:
        told = await response.json()
    assert (response.status, told) == (503, {"status": "no model has a member that is well", "models": []})
