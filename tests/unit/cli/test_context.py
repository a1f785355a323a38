"""`mainspring context`: the exact request, and its parts."""

import json
from pathlib import Path

from mainspring.core import Request
from mainspring.models import ChatModel
from mainspring.models.modes import MODES
from tests.unit.cli.conftest import Cli, WriteAgent

SERVED = """
from mainspring import ChatModel

model = ChatModel("m", base_url="http://h/v1", mode={!r})
agent = Agent("served", instructions="You help.", model=model, tools=[add])
"""


def _served(mode: str) -> str:
    return SERVED.format(mode)


def test_json_is_the_exact_body_that_the_model_would_be_sent(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[]", extra=_served("native"))
    result = cli("context", ".", "add", "these", "--json")
    body = json.loads(result.stdout)
    assert body["model"] == "m"
    assert [message["content"] for message in body["messages"]] == ["You help.", "add these"]
    assert body["tools"][0]["function"]["name"] == "add"
    assert result.stderr == ""


def test_the_body_is_byte_for_byte_the_models_own(cli: Cli, write_agent: WriteAgent) -> None:
    from mainspring.cli.load import load_agent

    write_agent("[]", extra=_served("structured"))
    shown = cli("context", ".", "hi", "--json").stdout
    job = load_agent(".").job("hi", str)
    assert isinstance(job.model, ChatModel)
    assert (
        shown.encode()
        == job.model.body(Request(job.messages, job.options, job.sampling), MODES["structured"]) + b"\n"
    )


def test_people_see_the_parts_and_what_they_weigh(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[]", extra=_served("structured"))
    shown = cli("context", ".", "hi").stdout
    assert shown.startswith("served asks m in structured mode\n")
    assert "\ninstructions\n  You help.\n" in shown
    assert "  - add(a: integer, b: integer = 1): Add two numbers." in shown
    assert "\nwords\n  hi\n" in shown
    sizes = {
        line[:24].strip(): int(line[24:33].replace(",", ""))
        for line in shown.splitlines()
        if line[24:33].strip().replace(",", "").isdigit()
    }
    body = len(cli("context", ".", "hi", "--json").stdout.encode()) - 1
    assert sizes["words"] == 2
    assert sizes["beside the words"] == body - 2
    parts = ("instructions", "tools and form", "schema", "settings and brackets")
    assert sum(sizes[part] for part in parts) == sizes["beside the words"]


def test_another_mode_can_be_looked_at(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[]", extra=_served("native"))
    assert "Action Input:" in cli("context", ".", "--mode", "text").stdout


def test_a_scripted_model_is_shown_as_if_it_were_served(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[]")
    result = cli("context", ".", "hi", "--json")
    assert json.loads(result.stdout)["messages"][-1]["content"] == "hi"
    assert "does not speak over the wire" in result.stderr


def test_the_embedded_model_is_neither_fetched_nor_started(cli: Cli) -> None:
    Path("p.prompt.md").write_text("You help.")
    result = cli("context", "p.prompt.md", "hi", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["messages"][-1] == {"role": "user", "content": "hi"}


def test_a_server_that_is_away_is_one_line(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[]", extra=_served("auto").replace("http://h", "http://127.0.0.1:9"))
    result = cli("context", ".", "hi")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: model server http://127.0.0.1:9/v1 cannot be reached")
