"""`mainspring tools`: looking at tools, and calling one."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Cli, WriteAgent


def test_the_list_says_what_a_tool_takes_and_may_do(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[]")
    shown = cli("tools", "list", ".").stdout
    assert "add(a: integer, b: integer = 1)\n  Add two numbers.\n  a: The first.\n" in shown
    assert "  effect none · authority none · not trusted · 60 s" in shown
    assert "  effect not declared · authority all" in shown


def test_the_list_as_json_has_the_schemas(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[]")
    listed = json.loads(cli("tools", "list", ".", "--json").stdout)
    assert [tool["name"] for tool in listed] == ["add", "long", "fail", "hang"]
    assert listed[0]["parameters"]["required"] == ["a"]
    assert listed[0]["authority"] == []
    assert listed[1]["authority"] is None


def test_an_agent_without_tools_is_said_to_have_none(cli: Cli) -> None:
    Path("p.prompt.md").write_text("Hi.")
    result = cli("tools", "list", "p.prompt.md")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "the agent has no tools\n")


@pytest.mark.parametrize("arguments", [['{"a": 2, "b": 3}'], ["a=2", "b=3"]])
def test_a_call_prints_the_observation(cli: Cli, write_agent: WriteAgent, arguments: list[str]) -> None:
    write_agent("[]")
    result = cli("tools", "call", ".", "add", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "5\n", "")


def test_a_value_for_a_string_stays_a_string(cli: Cli, write_agent: WriteAgent) -> None:
    extra = """
        @tool
        def echo(text: str, tags: list[int]) -> str:
            '''Say it back.'''
            return f"{text!r} {tags!r}"

        agent = Agent("echo", model=ScriptedModel([]), tools=[echo])
    """
    write_agent("[]", extra=extra)
    assert cli("tools", "call", ".", "echo", "text=5", "tags=[1, 2]").stdout == "'5' [1, 2]\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fail"], "it broke\n"),
        (["add"], "Wrong arguments for add: a: Field required."),
        (["add", "a=x"], "Wrong arguments for add: a: Input should be a valid integer"),
        (["add", "a=1", "c=1"], "Wrong arguments for add: c: Extra inputs are not permitted"),
    ],
)
def test_a_failed_call_exits_1_with_what_the_model_would_be_told(
    cli: Cli, write_agent: WriteAgent, arguments: list[str], says: str
) -> None:
    write_agent("[]")
    result = cli("tools", "call", ".", *arguments)
    assert result.exit_code == 1
    assert result.stdout.startswith(says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["sub"], "error: there is no tool 'sub'; the agent has add, long, fail, hang\n"),
        (["add", "{broken"], "error: the arguments are not a JSON object: "),
        (["add", "2"], "error: argument '2' is not NAME=VALUE\n"),
        (["add", "a=1", "a=2"], "error: argument 'a' is given twice\n"),
    ],
)
def test_a_call_that_cannot_be_read_exits_2(
    cli: Cli, write_agent: WriteAgent, arguments: list[str], says: str
) -> None:
    write_agent("[]")
    result = cli("tools", "call", ".", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(says)
