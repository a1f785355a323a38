"""What a pool sends elsewhere, what it gives up, and against whom it counts."""

import json
import ssl

import pytest
import trustme

from mainspring.core import Answer, FakeClock
from mainspring.core.errors import ModelRefused, ModelTimeout, ModelUnavailable
from mainspring.models.pool.model import PooledModel
from tests.unit.models.asking import KEY, request
from tests.unit.models.pool.playing import is_idle, shown
from tests.unit.models.pool.serving import eventually, full, nobody, pooled
from tests.unit.models.wire import HANG, RESET, Serve, Step, Wire, answer, completion, refusal, said

NO_JSON = answer("<html>Welcome</html>", content_type="text/html")
CASES: dict[str, Step] = {
    **{str(status): refusal(f"{status} Later") for status in (408, 409, 425, 429, 500, 502, 503, 504, 529)},
    "reset": RESET,
    "html": NO_JSON,
    "half json": answer(json.dumps(completion("hi"))[:40]),
    "nothing": answer(b""),
    "an error with 200": answer({"error": {"message": "model is loading", "code": 1}}),
    "no choices": answer({"choices": []}),
    "no http": [b"hello?\r\nConnection: close\r\n\r\n"],
    "cut off": [said("hi").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")[:-5]],
}


async def spoken_by(model: PooledModel) -> object:
    decision = (await model.ask(request())).decision
    assert isinstance(decision, Answer)
    return decision.value


@pytest.mark.parametrize("step", CASES.values(), ids=CASES)
async def test_what_one_member_fails_another_one_answers_at_once(serve: Serve, step: Step) -> None:
    failing, other = await serve(step), await serve(said("hi"))
    model = pooled(failing, other)
    assert await spoken_by(model) == "hi"
    assert (len(failing.asked), len(other.asked)) == (1, 1)
    assert failing.bodies == other.bodies
    assert (shown(model.pool)["a"].failures, shown(model.pool)["b"].failures) == (1, 0)
    assert is_idle(model.pool)


@pytest.mark.parametrize("status", [400, 405, 413, 415, 422, 451])
async def test_what_the_caller_has_to_mend_is_not_sent_again_and_counts_against_nobody(
    serve: Serve, status: int
) -> None:
    wires = [await serve(*[refusal(f"{status} No", "no such thing")] * 12) for _ in range(2)]
    model = pooled(*wires, eject_after=1)
    for n_calls in range(1, 13):
        with pytest.raises(ModelRefused, match=f"answered {status}: no such thing"):
            await model.ask(request())
        assert sum(len(wire.asked) for wire in wires) == n_calls
    assert [(member.state, member.failures) for member in shown(model.pool).values()] == [("well", 0)] * 2
    assert is_idle(model.pool)


async def test_what_the_caller_has_to_mend_does_not_cost_a_session_its_member(serve: Serve) -> None:
    first, other = await serve(said("hi"), refusal("400 No"), said("hi")), await serve(said("hi"))
    model = pooled(first, other)
    await model.ask(request(session="s"))
    with pytest.raises(ModelRefused):
        await model.ask(request(session="s"))
    await model.ask(request(session="s"))
    assert (len(first.asked), len(other.asked)) == (3, 0)


@pytest.mark.parametrize("status", ["401 Unauthorized", "402 Pay", "403 Forbidden", "404 Not Found"])
async def test_a_wrong_key_or_model_of_one_member_is_its_own_trouble(serve: Serve, status: str) -> None:
    wrong, other = await serve(refusal(status, "unknown")), await serve(said("hi"), said("hi"))
    model = pooled(wrong, other)
    assert [await spoken_by(model), await spoken_by(model)] == ["hi", "hi"]
    assert len(wrong.asked) == 1
    assert shown(model.pool)["a"].state == "ejected"
    assert "unknown" in shown(model.pool)["a"].reason


async def test_where_all_keys_are_wrong_that_is_said_after_each_was_tried_once(serve: Serve) -> None:
    wires = [await serve(refusal("401 Unauthorized", f"no key {KEY}")) for _ in range(3)]
    with pytest.raises(ModelRefused, match=r"no key \*\*\* \(check the API key\)") as caught:
        await pooled(*wires).ask(request())
    assert KEY not in str(caught.value)
    assert [len(wire.asked) for wire in wires] == [1, 1, 1]


@pytest.mark.parametrize("wrong_first", [True, False], ids=["wrong key first", "wrong key last"])
async def test_a_wrong_key_keeps_nobody_from_trying_the_others_again(serve: Serve, *, wrong_first: bool) -> None:
    wrong, shaky = await serve(refusal("401 No")), await serve(refusal("500 Broken"), said("hi"))
    assert await spoken_by(pooled(*([wrong, shaky] if wrong_first else [shaky, wrong]))) == "hi"
    assert (len(wrong.asked), len(shaky.asked)) == (1, 2)


async def test_a_member_that_nobody_runs_is_left_out_at_once(serve: Serve) -> None:
    other = await serve(said("hi"), said("hi"))
    with nobody() as base_url:
        model = pooled(base_url, other)
        assert [await spoken_by(model), await spoken_by(model)] == ["hi", "hi"]
    status = shown(model.pool)["a"]
    assert (status.state, status.calls, status.failures) == ("ejected", 1, 1)
    assert "cannot be reached" in status.reason


async def test_a_member_that_takes_no_more_connections_is_left_out_at_once(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mainspring.models.http.CONNECT_TIMEOUT_S", 0.3)
    other = await serve(said("hi"))
    with full() as base_url:
        model = pooled(base_url, other)
        assert await spoken_by(model) == "hi"
    assert shown(model.pool)["a"].state == "ejected"
    assert "cannot be reached" in shown(model.pool)["a"].reason


async def test_a_member_whose_certificate_nobody_knows_is_sent_nothing(serve: Serve) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    other = await serve(said("hi"))
    async with Wire(said("sly"), tls=context) as sly:
        model = pooled(sly, other)
        assert await spoken_by(model) == "hi"
        assert sly.asked == []
    assert shown(model.pool)["a"].state == "ejected"
    assert "certificate" in shown(model.pool)["a"].reason.lower()


async def test_a_member_that_hangs_is_given_up_and_hung_up_on(serve: Serve) -> None:
    hanging, other = await serve(HANG), await serve(said("hi"))
    model = pooled(hanging, other, attempt_s=0.5)
    assert await spoken_by(model) == "hi"
    await hanging.hung_up.wait()
    assert shown(model.pool)["a"].failures == 1
    assert is_idle(model.pool)


async def test_where_all_hang_the_deadline_ends_the_call(serve: Serve) -> None:
    wires = [await serve(HANG) for _ in range(2)]
    model = pooled(*wires, deadline_s=0.3, attempt_s=0.2)
    with pytest.raises(ModelTimeout, match=r"pool 'fast' had no reply within 0\.3 s, from 2 calls .*member 'a'"):
        await model.ask(request())
    for wire in wires:
        await wire.hung_up.wait()
    assert is_idle(model.pool)


async def test_a_call_that_may_be_sent_once_says_who_hung(serve: Serve) -> None:
    with pytest.raises(ModelTimeout, match=r"^member 'a' did not answer within 0\.1 s"):
        await pooled(await serve(HANG), attempts=1, attempt_s=0.1).ask(request())


async def test_everybody_is_tried_before_anybody_is_tried_again_and_the_bound_holds(serve: Serve) -> None:
    wires = [await serve(*[refusal("500 Broken", "no luck")] * 9) for _ in range(2)]
    with pytest.raises(ModelUnavailable, match="answered 500: no luck"):
        await pooled(*wires, attempts=3).ask(request())
    assert [len(wire.asked) for wire in wires] == [2, 1]


async def test_a_member_comes_back_once_it_lists_its_models(serve: Serve) -> None:
    clock = FakeClock(1000.0)
    back = await serve(refusal("404 Not Found"), refusal("503 Loading"), answer({"data": []}), said("back"))
    other = await serve(*[said("other")] * 5)
    model = pooled(back, other, clock=clock, slow_start_s=0)
    assert await spoken_by(model) == "other"
    clock.advance(60)
    assert await spoken_by(model) == "other"
    await eventually(lambda: shown(model.pool)["a"].ejections == 2)
    assert await spoken_by(model) == "other"
    clock.advance(60)
    assert await spoken_by(model) == "other"
    await eventually(lambda: shown(model.pool)["a"].state == "well")
    assert [(asked.method, asked.path) for asked in back.asked[1:]] == [("GET", "/v1/models")] * 2
    assert back.asked[1].headers["authorization"] == f"Bearer {KEY}"
    clock.advance(60)
    assert await spoken_by(model) == "back"
