"""Telling that a server refused a conversation as too long, by whatever words it has for that."""

import pytest

from mainspring.agent.outgrown import is_outgrown, outgrown
from mainspring.core import NOTHING, Message, Options, Request, Sampling
from mainspring.core.errors import ModelRefused

REQUEST = Request([Message.user("go")], Options(), Sampling())


@pytest.mark.parametrize(
    "refused",
    [
        ModelRefused("request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it"),
        ModelRefused("This model's maximum context length is 8192 tokens. However, you requested 9000 tokens"),
        ModelRefused("The decoder prompt (length 9000) is longer than the maximum model length of 8192"),
        ModelRefused("prompt is too long: 213462 tokens > 200000 maximum"),
        ModelRefused("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."),
        ModelRefused("no", code="context_length_exceeded"),
    ],
    ids=["llama.cpp", "vllm and openai", "vllm", "anthropic", "gemini", "by its code"],
)
def test_a_conversation_that_is_too_long_comes_to_a_reply_after_which_room_is_made(refused: ModelRefused) -> None:
    reply = outgrown(refused, REQUEST, "m", makes_room=True)
    assert is_outgrown(reply.decision)
    assert reply.usage == NOTHING
    with pytest.raises(ModelRefused, match=r"give the agent a context=Context\(\)") as caught:
        outgrown(refused, REQUEST, "m", makes_room=False)
    assert caught.value.code == refused.code


def test_any_other_refusal_is_passed_on_as_it_is() -> None:
    refused = ModelRefused("answered 401: check the API key", status=401)
    with pytest.raises(ModelRefused) as caught:
        outgrown(refused, REQUEST, "m", makes_room=True)
    assert caught.value is refused
