"""Keys: only their hashes are kept, and each sees what it may use."""

from typing import Any

import pytest

from mainspring.core.errors import ConfigError
from mainspring.serve import gateway_settings, hashed, new_key
from tests.unit.models.wire import Serve, said
from tests.unit.serve.fronts import HELLO, Start, at, key

HASH = hashed("ms-secret")


async def test_a_key_is_known_by_its_hash_and_not_by_anything_like_it(serve: Serve, front: Start) -> None:
    secret = new_key()
    opened = await front({"near": at(await serve(said("Hi.")))}, keys={"team": key(secret)})
    reply = await (await opened.client(secret)).chat.completions.create(model="near", messages=HELLO)
    assert reply.choices[0].message.content == "Hi."
    for wrong in (hashed(secret), secret[:-1], secret.upper(), "team"):
        headers = {"Authorization": f"Bearer {wrong}"}
        async with opened.http.get(opened.url + "/v1/models", headers=headers) as response:
            assert response.status == 401


def test_keys_are_made_of_chance() -> None:
    made = {new_key() for _ in range(100)}
    assert len(made) == 100
    assert min(map(len, made)) > 43


async def test_a_key_sees_the_models_it_may_use_and_no_others(serve: Serve, front: Start) -> None:
    wire = await serve()
    models = {name: at(wire) for name in ("small", "large", "secret")}
    keys = {
        "all": key("ms-all"),
        "two": key("ms-two", models=["small", "large"]),
        "none": key("ms-none", models=[]),
    }
    opened = await front(models, keys=keys)
    for secret, seen in (("ms-all", list(models)), ("ms-two", ["small", "large"]), ("ms-none", [])):
        listed = [model.id async for model in (await opened.client(secret)).models.list()]
        async with opened.http.get(opened.url + "/pool", headers={"Authorization": f"Bearer {secret}"}) as response:
            pools = [pool["name"] for pool in (await response.json())["pools"]]
        assert (listed, pools) == (seen, seen)


async def test_the_pools_are_shown_to_no_stranger(serve: Serve, front: Start) -> None:
    opened = await front({"near": at(await serve())}, keys={"team": key()})
    async with opened.http.get(opened.url + "/pool") as response:
        assert response.status == 401


async def test_the_pools_say_how_their_members_are(serve: Serve, front: Start) -> None:
    wire = await serve(said("Hi."))
    opened = await front({"near": at(wire, concurrency=3)})
    await (await opened.client()).chat.completions.create(model="near", messages=HELLO)
    async with opened.http.get(opened.url + "/pool") as response:
        (pool,) = (await response.json())["pools"]
    (member,) = pool["members"]
    assert (pool["name"], pool["waiting"]) == ("near", 0)
    assert (member["name"], member["state"], member["calls"], member["concurrency"]) == ("member-0", "well", 1, 3)


@pytest.mark.parametrize(("keys", "status"), [({}, 403), ({"team": key()}, 200)])
async def test_a_page_in_a_browser_cannot_use_a_gateway_without_keys(
    keys: dict[str, Any], status: int, serve: Serve, front: Start
) -> None:
    wire = await serve(said("Hi."))
    opened = await front({"near": at(wire)}, keys=keys)
    body = b'{"model": "near", "messages": [{"role": "user", "content": "Hello"}]}'
    headers = {"Origin": "http://evil.example", "Content-Type": "text/plain", "Authorization": "Bearer ms-secret"}
    async with opened.http.post(opened.url + "/v1/chat/completions", data=body, headers=headers) as response:
        assert response.status == status
    assert len(wire.asked) == (status == 200)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", ""])  # noqa: S104 - that it is refused is the point
async def test_without_keys_it_listens_to_its_own_machine_only(host: str, front: Start) -> None:
    with pytest.raises(ConfigError, match="has no keys, and would listen"):
        await front({}, host=host)


async def test_a_key_for_a_model_that_is_not_there_is_told_of_at_the_start(serve: Serve, front: Start) -> None:
    with pytest.raises(ConfigError, match=r"gateway\.keys\.team: there is no model 'neer'; did you mean 'near'\?"):
        await front({"near": at(await serve())}, keys={"team": key(models=["neer"])})


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"keys": {"team": {"sha256": "ms-secret"}}}, "gateway.keys.team.sha256: String should match"),
        ({"keys": {"team": {"sha256": HASH, "key": "ms-secret"}}}, "gateway.keys.team.key: Extra inputs"),
        ({"keys": {"team": {"sha256": HASH, "window": "day"}}}, "a window without a budget limits nothing"),
        (
            {"keys": {"team": {"sha256": HASH, "budget": {"usd": "1"}, "window": "week"}}},
            "'hour', 'day' or 'month'",
        ),
        ({"keys": {"team": {"sha256": HASH, "budget": {"wall_s": 5}}}}, "a request uses no 'wall_s'"),
        ({"keys": {"team": {"sha256": HASH, "budget": {"usd": "-1"}}}}, "greater than or equal to 0"),
        (
            {"keys": {"a": {"sha256": HASH}, "b": {"sha256": HASH}}},
            "gateway: Value error, 'a' and 'b' are the same",
        ),
        ({"port": 70_000}, "gateway.port: Input should be less than or equal to 65535"),
        ({"tls_cert": "chain.pem"}, "gateway: Value error, tls_cert and tls_key belong together"),
        ({"prot": 1}, "gateway.prot: Extra inputs"),
    ],
)
def test_a_table_that_makes_no_sense_is_told_why(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as told:
        gateway_settings(table)
    assert str(told.value).startswith("mainspring.toml: ")
    assert words in str(told.value)
    assert "ms-secret" not in str(told.value)
