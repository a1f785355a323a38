"""Agents on real embedded models: nothing scripted, nothing faked."""

import os
import signal
from typing import Literal

import pytest
from pydantic import BaseModel

from apps.gpu_sizer.agent import agent as sizer
from apps.gpu_sizer.judge import Question, says
from mainspring import Agent, ChatModel, tool
from mainspring.core import Act, Answer
from mainspring.core.events import ModelCalled, ModelReplied, ToolReturned
from mainspring.models.local.embedded import EmbeddedServer

pytestmark = [pytest.mark.real_model, pytest.mark.timeout(900)]

DEMO = "How many H100 80GB do I need to serve Llama-3.1-70B in bf16 at 32k context for 16 users?"


class Opinion(BaseModel):
    """What a text thinks of its subject."""

    sentiment: Literal["good", "bad"]
    confidence: int


def test_the_sizer_answers_the_demo_question_with_eight_gpus() -> None:
    result = sizer.run_sync(DEMO)

    assert says(result.output, Question(DEMO, 8, "gpus", note=""))
    decisions = [event.decision for event in result.events if isinstance(event, ModelReplied)]
    assert isinstance(decisions[0], Act)
    assert isinstance(decisions[-1], Answer)
    observations = [event.result.text for event in result.events if isinstance(event, ToolReturned)]
    assert any('"gpus_needed":8' in text for text in observations)
    assert result.usage.cost_usd == 0
    assert result.usage.output_tokens > 0


def test_a_second_turn_reads_the_history_from_the_prefix_cache() -> None:
    first = sizer.run_sync("How many bytes of KV cache does one token of Llama-3.1-8B take in bf16?")
    second = sizer.run_sync("And of Llama-3.1-70B?", messages=first.messages)

    assert "131,072" in first.output
    assert "327,680" in second.output
    assert second.usage.cached_tokens > first.usage.input_tokens // 2


def test_a_model_of_135_million_parameters_gives_an_answer_of_the_type_that_was_asked_for() -> None:
    judge = Agent("judge", instructions="You judge reviews.", model="local:smollm2-135m")

    result = judge.run_sync("The chair broke on the first day, a waste of money.", output=Opinion)

    assert result.output.sentiment in {"good", "bad"}
    assert isinstance(result.output.confidence, int)


def test_a_model_of_135_million_parameters_calls_a_tool_with_arguments_that_fit() -> None:
    @tool(effect="none", trusted=True)
    def weather(city: Literal["Oslo", "Bergen"]) -> str:
        """Weather of a city."""
        return f"{city}: rain, 7 degrees"

    agent = Agent("desk", instructions="You tell the weather.", model="local:smollm2-135m", tools=[weather])
    result = agent.run_sync("What is the weather in Bergen? Call the tool.")

    observations = [event.result for event in result.events if isinstance(event, ToolReturned)]
    assert observations
    assert not any(observation.is_error for observation in observations)
    assert result.output


async def test_a_run_survives_the_native_server_being_killed_in_the_middle_of_a_reply() -> None:
    agent = Agent("poet", instructions="You write long poems.", model="local:smollm2-135m")
    model = agent.model
    assert isinstance(model, ChatModel)
    assert isinstance(model.server, EmbeddedServer)
    await model.server.ready()
    server = model.server.process
    assert server is not None
    assert server.pid is not None

    run = agent.start("Write a poem about the sea.")
    async for event in run:
        if isinstance(event, ModelCalled):
            os.kill(server.pid, signal.SIGKILL)
            break

    assert (await run).output
    assert server.restarts == 1
