"""Text: Thought, Action, Action Input and Observation in plain words, for servers that know nothing better.

The form is that of the ReAct paper (Yao et al. 2022, arXiv 2210.03629).
"""

import re
from collections.abc import Mapping
from typing import Final

import orjson

from mainspring.core import Act, Answer, Decision, JsonObject, Message, Options, ToolCall, Unusable
from mainspring.models.lenient import find_json
from mainspring.models.modes.mode import CUT_OFF, ModeName, Written, call_id, template
from mainspring.models.modes.signature import signature

_ACTION: Final = re.compile(r"^\s*Action:\s*`?(\w+)`?.*?^\s*Action Input:\s*(.*)", re.DOTALL | re.MULTILINE)
_ANSWER: Final = re.compile(r"^\s*Final Answer:\s*(.*)", re.DOTALL | re.MULTILINE)
_THOUGHT: Final = re.compile(r"^\s*Thought:\s*(.*?)(?=^\s*(?:Action|Final Answer):|\Z)", re.DOTALL | re.MULTILINE)


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
        return {"stop": ["\nObservation:"]} if options.tools else {}

    def wire(self, message: Message) -> list[JsonObject]:
        """Say observations as the user, and the model's own words as it wrote them."""
        if message.role == "tool":
            lines = [f"Observation: {'error: ' if item.is_error else ''}{item.text}" for item in message.results]
            return [{"role": "user", "content": "\n".join(lines)}]
        if message.role != "assistant":
            return [{"role": message.role, "content": message.text}]
        return [{"role": "assistant", "content": message.raw or _rendered(message)}]

    def decide(self, written: Written, options: Options, turn: int) -> Decision:
        """Read the form; an action comes before an answer the model may have made up after it."""
        text = written.text.partition("\nObservation:")[0]
        thought = match[1].strip() if (match := _THOUGHT.search(text)) else ""
        if not options.must_answer and (action := _ACTION.search(text)):
            arguments = find_json(action[2])
            if not isinstance(arguments, dict):
                return Unusable(thought=thought, reason="its Action Input was not one JSON object")
            call = ToolCall(id=call_id(turn, 0), name=action[1], arguments=arguments)
            return Act(thought=thought, calls=(call,))
        if written.finish_reason == "length":
            return Unusable(thought=thought, reason=CUT_OFF)
        answer = _ANSWER.search(text)
        if answer is None:
            return Unusable(thought=thought, reason='it had neither an "Action:" nor a "Final Answer:"')
        words = answer[1].strip()
        if options.answer is None:
            return Answer(thought=thought, value=words)
        value = find_json(words)
        if value is None:
            return Unusable(thought=thought, reason="its Final Answer was not JSON of the form that was asked for")
        return Answer(thought=thought, value=value)


def _rendered(message: Message) -> str:
    if not message.calls:
        return f"Final Answer: {message.text}"
    call = message.calls[0]
    return f"Thought: {message.text}\nAction: {call.name}\nAction Input: {orjson.dumps(call.arguments).decode()}"
