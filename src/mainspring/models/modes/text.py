"""Text: Thought, Action, Action Input and Observation in plain words, for servers that know nothing better.

The form is that of the ReAct paper (Yao et al. 2022, arXiv 2210.03629).
"""

import re
from collections.abc import Mapping
from typing import Final

import orjson

from mainspring.core import Act, Answer, Decision, JsonObject, Message, Options, ToolCall, ToolResult, Unusable
from mainspring.models.lenient import find_json
from mainspring.models.modes.mode import CUT_OFF, ModeName, Written, call_id, template
from mainspring.models.modes.signature import signature

_ACTION: Final = re.compile(r"^[ \t]*Action:\s*`?([\w-]+)", re.MULTILINE)
_INPUT: Final = re.compile(r"^[ \t]*Action Input:(.*)", re.DOTALL | re.MULTILINE)
ANSWER: Final = re.compile(r"^[ \t]*Final Answer:(.*)", re.DOTALL | re.MULTILINE)
THOUGHT: Final = re.compile(r"^[ \t]*Thought:(.*?)(?=^[ \t]*(?:Action|Final Answer):|\Z)", re.DOTALL | re.MULTILINE)
_OBSERVATION: Final = "\nObservation:"


class Plain:
    """Thought, Action, Observation in plain words."""

    name: ModeName = "text"

    def preamble(self, options: Options) -> str:
        """List the tools and show the form."""
        answer = "" if options.answer is None else orjson.dumps(options.answer).decode()
        tools = [] if options.must_answer else [signature(spec) for spec in options.tools]
        return template("text").render({"tools": tools, "answer": answer})

    def fields(self, options: Options) -> Mapping[str, object]:
        """Stop the model before it makes up its own observation."""
        return {"stop": [_OBSERVATION]} if options.tools else {}

    def wire(self, message: Message) -> list[JsonObject]:
        """Say observations as the user, and the model's own words as it wrote them."""
        if message.role == "tool":
            named = len(message.results) > 1
            return [
                {"role": "user", "content": "\n".join(_observed(item, named=named) for item in message.results)}
            ]
        if message.role != "assistant":
            return [{"role": message.role, "content": message.text}]
        words = _rendered(message) if message.raw is None else message.raw
        return [{"role": "assistant", "content": words.partition(_OBSERVATION)[0] if message.calls else words}]

    def decide(self, written: Written, options: Options, turn: int) -> Decision:
        """Read the form; an action comes before an answer the model may have made up after it."""
        text, made_up, _ = written.text.partition(_OBSERVATION) if options.tools else (written.text, "", "")
        is_whole = written.finish_reason != "length"
        thought = match[1].strip() if (match := THOUGHT.search(text)) else ""
        action = None if options.must_answer else _ACTION.search(text)
        given = _INPUT.search(text, action.end()) if action else None
        if action and given and (is_whole or made_up):
            arguments = find_json(given[1])
            if not isinstance(arguments, dict):
                return Unusable(thought=thought, reason="its Action Input was not one JSON object")
            call = ToolCall(id=call_id(turn, 0), name=action[1], arguments=arguments)
            return Act(thought=thought, calls=(call,))
        if not is_whole:
            return Unusable(thought=thought, reason=CUT_OFF)
        answer = ANSWER.search(text)
        if answer is None:
            return Unusable(thought=thought, reason='it had neither an "Action:" nor a "Final Answer:"')
        words = answer[1].strip()
        if options.answer is None:
            return Answer(thought=thought, value=words)
        value = find_json(words)
        if value is None:
            return Unusable(thought=thought, reason="its Final Answer was not JSON of the form that was asked for")
        return Answer(thought=thought, value=value)


def _observed(result: ToolResult, *, named: bool) -> str:
    """Say what came of a call, and of which where there are several."""
    of = f" of {result.name}" if named else ""
    return f"Observation{of}: {'error: ' if result.is_error else ''}{result.text}"


def _rendered(message: Message) -> str:
    if not message.calls:
        return f"Final Answer: {message.text}"
    actions = (
        f"Action: {call.name}\nAction Input: {orjson.dumps(call.arguments).decode()}" for call in message.calls
    )
    return "\n".join((f"Thought: {message.text}", *actions))
