"""`mainspring run`: what is shown where, what is written as JSON, and how it ends."""

import json
from pathlib import Path

import pytest

from mainspring.core import decode
from mainspring.core.events import Finished, ToolReturned
from tests.unit.cli.conftest import Cli, WriteAgent

ADDING = (
    "[Act(thought='I add.', calls=(replace(use('add', a=2, b=3), id='c'),)), Answer(thought='Done.', value='five')]"
)


def test_the_answer_alone_is_on_stdout_and_the_rest_on_stderr(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent(ADDING)
    result = cli("run", ".", "what is 2 + 3?")
    assert result.exit_code == 0
    assert result.stdout == "five\n"
    assert result.stderr.splitlines()[:4] == [
        "thought  I add.",
        "call     add(a=2, b=3)",
        "result   5",
        "thought  Done.",
    ]


def test_the_last_line_says_what_the_run_used(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent(ADDING)
    last = cli("run", ".", "what is 2 + 3?").stderr.splitlines()[-1]
    assert last.startswith("2 steps · ")
    assert " tokens in, " in last
    assert last.endswith("$0 (local)")


def test_several_words_are_one_question(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[lambda request: request.messages[-1].text]")
    assert cli("run", ".", "two", "words").stdout == "two words\n"


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_words_come_from_stdin(cli: Cli, write_agent: WriteAgent, arguments: list[str]) -> None:
    write_agent("[lambda request: request.messages[-1].text]")
    assert cli("run", ".", *arguments, words="from a pipe, è\n").stdout == "from a pipe, è\n"


@pytest.mark.parametrize("words", ["", " \n", b"\xff\xfe"])
def test_words_that_say_nothing_are_refused(cli: Cli, write_agent: WriteAgent, words: str | bytes) -> None:
    write_agent("['never']")
    result = cli("run", ".", words=words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1


def test_each_event_is_a_line_of_json_that_decodes_back(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent(ADDING)
    result = cli("run", ".", "what is 2 + 3?", "--json")
    assert result.stderr == ""
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    events = [decode(line["event"]) for line in lines]
    assert [line["seq"] for line in lines] == list(range(len(lines)))
    assert len({line["run"] for line in lines}) == 1
    assert all(line["at"] > 0 for line in lines)
    assert [type(event).__name__ for event in events][:2] == ["RunStarted", "ModelCalled"]
    assert isinstance(events[-1], Finished)
    assert events[-1].output == "five"


def test_a_tool_that_prints_does_not_get_into_the_answer(cli: Cli, write_agent: WriteAgent) -> None:
    extra = """
        @tool
        def chatty() -> str:
            '''Print.'''
            print("printed by a tool")
            return "done"

        print("printed by the file")
        agent = Agent("chatty", model=ScriptedModel([use("chatty"), "answered"]), tools=[chatty])
    """
    write_agent("[]", extra=extra)
    result = cli("run", ".", "go")
    assert result.stdout == "answered\n"
    assert "printed by a tool" in result.stderr
    assert all(json.loads(line) for line in cli("run", ".", "go", "--json").stdout.splitlines())


def test_a_long_result_is_cut_with_a_note(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[use('long', n_lines=500), 'read']")
    shown = cli("run", ".", "go").stderr
    assert "line 7" in shown
    assert "line 8" not in shown
    assert "more characters: --json shows all of them]" in shown
    events = [decode(json.loads(line)["event"]) for line in cli("run", ".", "go", "--json").stdout.splitlines()]
    assert any("line 499" in event.result.text for event in events if isinstance(event, ToolReturned))


def test_results_of_calls_side_by_side_say_whose_they_are(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[[use('add', a=1), use('fail')], 'both']")
    shown = cli("run", ".", "go").stderr.splitlines()
    assert "result   add: 2" in shown
    assert "error    fail: it broke" in shown


def test_a_run_without_an_answer_exits_1_with_one_line(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[use('add', a=1), 'late']")
    result = cli("run", ".", "go", "--max-steps", "1")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith("error: agent 'helper' took 1 step without an answer")
    assert "Traceback" not in result.stderr


def test_a_failed_run_as_json_ends_with_its_failure(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[]")
    result = cli("run", ".", "go", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout.splitlines()[-1])["event"]["type"] == "failed"
    assert result.stderr.startswith("error: the script of 'scripted'")


def test_debug_shows_the_stack_trace_above_the_error(
    cli: Cli, write_agent: WriteAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINSPRING_DEBUG", "1")
    write_agent("[]")
    result = cli("run", ".", "go")
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("error: the script")


def test_an_error_that_is_a_bug_keeps_its_stack_trace(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[lambda request: 1 / 0]")
    assert isinstance(cli("run", ".", "go").exception, ZeroDivisionError)


def test_escape_sequences_in_what_others_wrote_are_made_visible(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[Act(thought='red \\x1b[31m', calls=(replace(use('add', a=1), id='c'),)), 'ok']")
    shown = cli("run", ".", "go").stderr
    assert "\x1b" not in shown
    assert "red ␛[31m" in shown


def test_another_model_can_be_named(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("['never']")
    result = cli("run", ".", "go", "--model", "openai:gpt-5-mini")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: model 'openai:gpt-5-mini' needs a key")
    assert result.stderr.count("\n") == 1


def test_inputs_fill_in_the_prompt(cli: Cli, write_agent: WriteAgent) -> None:
    Path("p.prompt.md").write_text("---\ninputs:\n  who: whom it helps\n---\nYou help {{ who }}.")
    extra = "agent = Agent('p', prompt='p.prompt.md', model=ScriptedModel([lambda r: r.messages[0].text]))"
    write_agent("[]", extra=extra)
    assert cli("run", ".", "go", "--input", "who=Ada = Byron").stdout == "You help Ada = Byron.\n"


@pytest.mark.parametrize(
    "inputs",
    [["who"], ["=x"], ["who=a", "who=b"], ["whom=x"], []],
    ids=["no value", "no name", "twice", "unknown", "none"],
)
def test_inputs_that_do_not_fit_are_refused(cli: Cli, write_agent: WriteAgent, inputs: list[str]) -> None:
    Path("p.prompt.md").write_text("---\ninputs:\n  who: whom it helps\n---\nYou help {{ who }}.")
    write_agent("[]", extra="agent = Agent('p', prompt='p.prompt.md', model=ScriptedModel(['never']))")
    result = cli("run", ".", "go", *(part for pair in inputs for part in ("--input", pair)))
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")


def test_an_answer_of_the_form_a_prompt_asks_for_is_json(cli: Cli, write_agent: WriteAgent) -> None:
    Path("p.prompt.md").write_text("---\noutput: {type: object, properties: {n: {type: integer}}}\n---\nCount.")
    write_agent(
        "[]", extra="agent = Agent('p', prompt='p.prompt.md', model=ScriptedModel([Answer(value={'n': 3})]))"
    )
    assert json.loads(cli("run", ".", "go").stdout) == {"n": 3}


def test_what_the_loop_told_the_model_is_shown(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[use('add', a=1), use('add', a=1), 'done']")
    assert "note     told the model: You have made the same call before" in cli("run", ".", "go").stderr


@pytest.mark.parametrize(
    ("cost", "says"),
    [
        ("None", "cost unknown"),
        ("0", "$0 (local)"),
        ("'0.01234'", "$0.0123"),
        ("'1e-8'", "$0.00000001"),
        ("'12.5'", "$12.50"),
    ],
)
def test_the_cost_is_said_where_it_is_known(cli: Cli, write_agent: WriteAgent, cost: str, says: str) -> None:
    extra = f"""
        from decimal import Decimal

        class Priced(ScriptedModel):
            async def ask(self, request, on_delta=None):
                reply = await super().ask(request, on_delta)
                cost = {cost}
                usage = replace(reply.usage, cached_tokens=1, cost_usd=None if cost is None else Decimal(cost))
                return replace(reply, usage=usage)

        agent = Agent("priced", model=Priced(["done"]))
    """
    write_agent("[]", extra=extra)
    last = cli("run", ".", "go").stderr.splitlines()[-1]
    assert last.endswith(f" s · {says}")
    assert "tokens in (1 cached)" in last


def test_a_call_that_was_never_answered_makes_the_cost_unknown(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[]")
    assert " · cost unknown\n" in cli("run", ".", "go").stderr
