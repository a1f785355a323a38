"""What a chat model tries again, what it gives up, and how it says so."""

import asyncio
import json
import socket

import pytest

from mainspring import ChatModel
from mainspring.core import Answer
from mainspring.core.errors import ModelRefused, ModelTimeout, ModelUnavailable
from mainspring.models.http import Address
from tests.unit.models.asking import model, request
from tests.unit.models.wire import (
    HANG,
    RESET,
    Serve,
    Step,
    answer,
    completion,
    refusal,
    said,
    spoken,
    stalled_stream,
)

DATE = "Date: Wed, 21 Oct 2015 07:28:00 GMT"


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 529])
async def test_a_status_that_may_pass_is_tried_again(serve: Serve, status: int) -> None:
    wire = await serve(refusal(f"{status} Later"), refusal(f"{status} Later"), said("hi"))
    reply = await model(wire).ask(request())
    assert reply.decision == Answer(value="hi")
    assert wire.bodies == [wire.bodies[0]] * 3


@pytest.mark.parametrize(
    "when", ["0", "0.0", "-5", "Wed, 21 Oct 2015 07:28:00 GMT", "Tue, 20 Oct 2015 07:28:00 GMT"]
)
async def test_a_server_that_asks_for_no_patience_is_asked_again_at_once(serve: Serve, when: str) -> None:
    wire = await serve(refusal("429 Busy", headers=(DATE, f"Retry-After: {when}")), said("hi"))
    assert (await model(wire, retries=1).ask(request())).decision == Answer(value="hi")


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        (("Retry-After: 2.5",), 2.5),
        ((DATE, "Retry-After: Wed, 21 Oct 2015 07:28:30 GMT"), 30.0),
        ((DATE, "Retry-After: Wed, 21 Oct 2015 07:28:30 -0000"), None),
        (("Retry-After: Wed, 21 Oct 2015 07:28:30 GMT",), None),
        (("Retry-After: soon",), None),
        ((DATE, "Retry-After: 32 Foo 2015"), None),
        ((), None),
    ],
)
async def test_an_error_says_how_long_the_server_asked_to_wait(
    serve: Serve, headers: tuple[str, ...], wait_s: float | None
) -> None:
    wire = await serve(refusal("503 Busy", headers=headers))
    with pytest.raises(ModelUnavailable, match="answered 503") as caught:
        await model(wire, retries=0).ask(request())
    assert caught.value.retry_after_s == wait_s


@pytest.mark.parametrize("patience", ["3600", "1e999"])
async def test_a_server_that_asks_for_more_patience_than_there_is_is_given_up_at_once(
    serve: Serve, patience: str
) -> None:
    wire = await serve(refusal("429 Busy", "come back tomorrow", headers=(f"Retry-After: {patience}",)))
    with pytest.raises(ModelUnavailable, match="429: come back tomorrow"):
        await model(wire).ask(request())


async def test_a_reset_connection_is_tried_again(serve: Serve) -> None:
    wire = await serve(RESET, said("hi"))
    assert (await model(wire).ask(request())).decision == Answer(value="hi")
    assert len(wire.asked) == 2


async def test_a_refused_connection_is_tried_again() -> None:
    class Late:
        """Listens from the second time on that somebody wants to know where."""

        def __init__(self, listener: socket.socket) -> None:
            self._listener = listener
            self.n_asked = 0

        async def ready(self) -> Address:
            self.n_asked += 1
            if self.n_asked == 2:
                self._server = await asyncio.start_server(self._serve, sock=self._listener)
            return Address(f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1")

        async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"}")
            writer.write(said("hi"))
            writer.close()

        def close(self) -> None:
            self._server.close()

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        late = Late(listener)
        reply = await ChatModel("m-1", server=late, mode="native").ask(request())
        late.close()
    assert reply.decision == Answer(value="hi")
    assert late.n_asked == 2


async def test_a_server_that_nobody_runs_is_named_with_what_to_check() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailable, match="check that it runs and that the base URL is right") as caught:
            await ChatModel("m-1", base_url=base_url, mode="native", retries=0).ask(request())
    assert base_url in str(caught.value)


@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_what_does_not_pass_is_given_up_after_the_retries(serve: Serve, retries: int) -> None:
    wire = await serve(*[refusal("500 Broken", "no luck")] * 9)
    with pytest.raises(ModelUnavailable, match=r"answered 500: no luck"):
        await model(wire, retries=retries).ask(request())
    assert len(wire.asked) == retries + 1


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        ("400 Bad Request", "no such thing"),
        ("401 Unauthorized", "check the API key"),
        ("403 Forbidden", "the key may not use this model"),
        ("404 Not Found", "ends in /v1"),
        ("413 Too Large", "no such thing"),
        ("422 Unprocessable", "no such thing"),
    ],
)
async def test_what_the_caller_has_to_mend_is_not_tried_again(serve: Serve, status: str, hint: str) -> None:
    wire = await serve(refusal(status, "no such thing"))
    with pytest.raises(ModelRefused, match=f"answered {status[:3]}: no such thing") as caught:
        await model(wire).ask(request())
    assert hint in str(caught.value)
    assert wire.base_url in str(caught.value)
    assert len(wire.asked) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "too long"}}', "too long"),
        (b'{"error": "too long"}', "too long"),
        (b'{"message": "too long"}', "too long"),
        (b'{"detail": "too long"}', "too long"),
        (b'["too long"]', "too long"),
        (b"too long\n", "too long"),
        (b"", "no words"),
        (b"\xff\xfe", "\ufffd"),
    ],
)
async def test_the_words_of_a_refusal_are_found_whatever_form_they_have(
    serve: Serve, body: bytes, words: str
) -> None:
    wire = await serve(answer(body, status="400 Bad Request"))
    with pytest.raises(ModelRefused, match=words):
        await model(wire).ask(request())


async def test_of_a_long_refusal_a_part_is_told(serve: Serve) -> None:
    wire = await serve(refusal("400 Bad Request", "no " * 10_000))
    with pytest.raises(ModelRefused) as caught:
        await model(wire).ask(request())
    assert len(str(caught.value)) < 1_000


NONSENSE: list[tuple[str, Step, str]] = [
    (
        "html",
        answer("<html>Welcome</html>", content_type="text/html"),
        "not JSON .*<html>Welcome.*is the base URL right",
    ),
    ("half", answer(json.dumps(completion("hi"))[:40]), "not JSON"),
    ("empty", answer(b""), "not JSON"),
    ("list", answer(b"[]"), "not an object"),
    ("error", answer({"error": {"message": "model is loading", "code": 1}}), "reported an error: model is loading"),
    ("no choices", answer({"choices": []}), "not a chat completion"),
    ("null choices", answer({"choices": None}), "not a chat completion"),
    ("no message", answer({"choices": [{}]}), "not a chat completion"),
    ("null message", answer({"choices": [{"message": None}]}), "not a chat completion"),
    ("text message", answer({"choices": [{"message": "hi"}]}), "not a chat completion"),
    ("text choices", answer({"choices": "hi"}), "not a chat completion"),
    ("odd calls", answer(completion(None, tool_calls=[{"id": "1"}])), "not a chat completion"),
    ("odd parts", answer({"choices": [{"message": {"content": ["hi"]}}]}), "not a chat completion"),
    ("no http", b"hello?\r\n\r\n", "broke off"),
    ("cut off", answer(completion("hi"))[:-5] + b"", "broke off"),
]


@pytest.mark.parametrize(("step", "words"), [case[1:] for case in NONSENSE], ids=[case[0] for case in NONSENSE])
async def test_nonsense_is_named_as_what_it_is(serve: Serve, step: Step, words: str) -> None:
    assert isinstance(step, bytes)
    if words == "broke off":
        step = step.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    wire = await serve(step)
    with pytest.raises(ModelUnavailable, match=words):
        await model(wire, retries=0).ask(request())


async def test_nonsense_may_pass_and_is_tried_again(serve: Serve) -> None:
    wire = await serve(answer("<html>Starting up</html>", content_type="text/html"), said("hi"))
    assert (await model(wire).ask(request())).decision == Answer(value="hi")


@pytest.mark.parametrize("step", [HANG, stalled_stream(spoken("hi")[0])], ids=["at once", "within a stream"])
async def test_a_server_that_hangs_is_given_up_at_the_deadline(serve: Serve, step: Step) -> None:
    wire = await serve(step)
    with pytest.raises(ModelTimeout, match=r"'m-1' did not answer within 0\.3 s; .*deadline_s"):
        await model(wire, deadline_s=0.3).ask(request(), print if step != HANG else None)
    await wire.hung_up.wait()
    assert len(wire.asked) == 1


async def test_the_deadline_counts_the_retries_too(serve: Serve) -> None:
    wire = await serve(refusal("503 Busy"), HANG)
    with pytest.raises(ModelTimeout):
        await model(wire, deadline_s=0.5).ask(request())
    assert len(wire.asked) == 2
