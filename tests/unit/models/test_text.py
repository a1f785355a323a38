import pytest
from pydantic import JsonValue

from mainspring.core import (
    Act,
    Answer,
    FinishReason,
    Label,
    Message,
    Options,
    ToolCall,
    ToolResult,
    ToolSpec,
    Unusable,
)
from mainspring.models.modes import MODES, Written

PLAIN = MODES["text"]
LOOKUP = ToolSpec("lookup", "Look a city up.", {"type": "object", "properties": {"city": {"type": "string"}}})
TOOLS = Options(tools=(LOOKUP,))
TYPED = Options(tools=(LOOKUP,), answer={"type": "array", "items": {"type": "integer"}})
STEP = 'Thought: look it up\nAction: lookup\nAction Input: {"city": "Oslo"}'


def written(text: str, finish_reason: FinishReason = "stop") -> Written:
    return Written(text, (), finish_reason)


def oslo(turn: int = 0) -> Act:
    call = ToolCall(id=f"call_{turn}_0", name="lookup", arguments={"city": "Oslo"})
    return Act(thought="look it up", calls=(call,))


@pytest.mark.parametrize(
    "text",
    [
        STEP,
        STEP + "\n",
        "\n\n  " + STEP.replace("\n", "\n  "),
        STEP.replace("lookup\n", "`lookup`\n"),
        STEP.replace("Input: ", "Input:\n```json\n") + "\n```",
        STEP.replace("Action: ", "Action:"),
        STEP + "\n\nI wait for the observation.",
    ],
)
def test_thought_action_and_input_make_a_call(text: str) -> None:
    assert PLAIN.decide(written(text), TOOLS, 0) == oslo()


def test_a_tool_with_a_dash_in_its_name_is_called_by_its_whole_name() -> None:
    decision = PLAIN.decide(written(STEP.replace("lookup", "look-up")), TOOLS, 0)
    assert isinstance(decision, Act)
    assert decision.calls[0].name == "look-up"


@pytest.mark.parametrize("finish_reason", ["stop", "length"])
def test_an_observation_the_model_made_up_is_cut_off_with_all_behind_it(finish_reason: FinishReason) -> None:
    made_up = STEP + "\nObservation: sunshine\nThought: so\nFinal Answer: the sun shi"
    assert PLAIN.decide(written(made_up, finish_reason), TOOLS, 4) == oslo(turn=4)


def test_an_observation_the_model_made_up_is_not_sent_back_to_it() -> None:
    message = Message(
        role="assistant", parts=oslo().parts, label=Label(), raw=STEP + "\nObservation: sunshine\nMore."
    )
    assert PLAIN.wire(message) == [{"role": "assistant", "content": STEP}]


def test_the_model_is_stopped_before_it_makes_an_observation_up() -> None:
    assert PLAIN.fields(TOOLS) == {"stop": ["\nObservation:"]}
    assert PLAIN.fields(Options()) == {}


def test_an_action_counts_before_an_answer_the_model_made_up_behind_it() -> None:
    assert PLAIN.decide(written(STEP + "\nFinal Answer: sunshine"), TOOLS, 0) == oslo()


def test_an_answer_is_all_behind_its_mark() -> None:
    text = "Thought: I know.\nStill.\nFinal Answer: It rains.\n\nA lot.\n"
    assert PLAIN.decide(written(text), TOOLS, 0) == Answer(thought="I know.\nStill.", value="It rains.\n\nA lot.")


def test_without_tools_an_answer_may_speak_of_observations() -> None:
    text = "Final Answer: Report\nObservation: it rains."
    assert PLAIN.decide(written(text), Options(), 0) == Answer(value="Report\nObservation: it rains.")


@pytest.mark.parametrize(
    ("words", "value"), [("[1, 2]", [1, 2]), ("```json\n[1, 2]\n```", [1, 2]), ('{"a": 1}', {"a": 1})]
)
def test_a_typed_answer_is_read_as_json(words: str, value: JsonValue) -> None:
    assert PLAIN.decide(written(f"Final Answer: {words}"), TYPED, 0) == Answer(value=value)


def test_a_typed_answer_that_is_no_json_is_unusable() -> None:
    decision = PLAIN.decide(written("Final Answer: one and two"), TYPED, 0)
    assert isinstance(decision, Unusable)
    assert "Final Answer" in decision.reason


def test_a_model_that_must_answer_is_not_told_of_tools_again_and_its_action_is_no_answer() -> None:
    options = Options(tools=(LOOKUP,), must_answer=True)
    assert "lookup" not in PLAIN.preamble(options)
    assert isinstance(PLAIN.decide(written(STEP), options, 0), Unusable)
    assert PLAIN.decide(written(STEP + "\nFinal Answer: rain"), options, 0) == Answer(
        thought="look it up", value="rain"
    )


def test_the_preamble_shows_the_form_the_tools_and_the_schema_of_the_answer() -> None:
    shown = PLAIN.preamble(TYPED)
    for words in (
        "- lookup(city: string (optional)): Look a city up.",
        "Action Input:",
        "Observation",
        '"integer"',
    ):
        assert words in shown
    assert "Action" not in PLAIN.preamble(Options())


def test_one_result_is_the_observation_and_several_are_named() -> None:
    rain = ToolResult(call_id="1", name="lookup", text="rain")
    lost = ToolResult(call_id="2", name="find", text="no map", is_error=True)
    assert PLAIN.wire(Message(role="tool", parts=(rain,), label=Label())) == [
        {"role": "user", "content": "Observation: rain"}
    ]
    assert PLAIN.wire(Message(role="tool", parts=(rain, lost), label=Label())) == [
        {"role": "user", "content": "Observation of lookup: rain\nObservation of find: error: no map"}
    ]
