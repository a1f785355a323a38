import pytest

from mainspring import Message, ScriptedModel, use
from mainspring.core import Act, Answer, Label, Request, ToolCall, Unusable
from mainspring.core.errors import ModelError, ModelTimeout
from tests.unit.models.asking import request


async def test_a_line_is_an_answer_a_call_or_a_decision() -> None:
    unusable = Unusable(reason="no", written="hm")
    model = ScriptedModel(
        ["hi", use("lookup", city="Oslo"), [use("a"), use("b")], unusable, Answer(value={"n": 1})]
    )
    decisions = [(await model.ask(request(turn=turn))).decision for turn in range(5)]
    assert decisions == [
        Answer(value="hi"),
        Act(calls=(ToolCall(id="call_1_0", name="lookup", arguments={"city": "Oslo"}),)),
        Act(
            calls=(ToolCall(id="call_2_0", name="a", arguments={}), ToolCall(id="call_2_1", name="b", arguments={}))
        ),
        unusable,
        Answer(value={"n": 1}),
    ]


async def test_a_tool_may_have_an_argument_called_tool() -> None:
    assert use("lookup", tool="hammer", name="x").arguments == {"tool": "hammer", "name": "x"}


async def test_a_function_is_given_the_request_and_says_the_line() -> None:
    def echo(asked: Request) -> str:
        return asked.messages[-1].text.upper()

    def fail(asked: Request) -> Exception:
        return ModelTimeout(asked.messages[-1].text)

    model = ScriptedModel([echo, fail])
    assert (await model.ask(request())).decision == Answer(value="HELLO")
    with pytest.raises(ModelTimeout, match="hello"):
        await model.ask(request())


async def test_an_error_in_the_script_is_raised_and_the_script_goes_on() -> None:
    model = ScriptedModel([ModelTimeout("slow"), "hi"])
    with pytest.raises(ModelTimeout, match="slow"):
        await model.ask(request())
    assert (await model.ask(request())).decision == Answer(value="hi")


async def test_a_script_that_is_over_says_so() -> None:
    model = ScriptedModel(["hi"], name="short")
    await model.ask(request())
    with pytest.raises(ModelError, match="'short' has 1 lines and was asked for one more"):
        await model.ask(request())


@pytest.mark.parametrize("text", ["hi", "hi there,  you ", " \n two\nlines\n", "", " "])
async def test_deltas_join_to_the_text(text: str) -> None:
    deltas: list[str] = []
    await ScriptedModel([text]).ask(request(), deltas.append)
    assert "".join(deltas) == text
    assert len(deltas) >= len(text.split())


async def test_requests_are_remembered_as_they_were() -> None:
    messages = [Message.user("hello")]
    asked = Request(messages, request().options, request().sampling)
    model = ScriptedModel(["hi", "there"])
    await model.ask(asked)
    messages.append(Message.user("more"))
    await model.ask(asked)
    assert [[said.text for said in told.messages] for told in model.requests] == [["hello"], ["hello", "more"]]


async def test_a_reply_is_no_better_than_what_was_asked_and_its_tokens_are_counted() -> None:
    untrusted = Label(sources=("tool:web",))
    asked = Request([Message.user("x" * 40)], request().options, request().sampling, untrusted)
    reply = await ScriptedModel(["y" * 20]).ask(asked)
    assert reply.message.label == untrusted
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.model_calls) == (10, 5, 1)
    assert reply.usage.cost_usd == 0
