"""What an agent can be called by on the command line."""

from pathlib import Path

import pytest

from mainspring.cli.load import load_agent
from mainspring.core.errors import ConfigError
from tests.unit.cli.conftest import Cli, WriteAgent

TWO = "other = Agent('other', model=ScriptedModel(['from other']))"


@pytest.mark.parametrize("spec", ["there", "there/", "there/agent.py", "there:agent", "there/agent.py:agent"])
def test_a_folder_or_a_file_names_its_agent(write_agent: WriteAgent, spec: str) -> None:
    write_agent("[]", "there/agent.py")
    assert load_agent(spec).name == "helper"


def test_of_several_agents_the_one_called_agent_is_taken(write_agent: WriteAgent) -> None:
    write_agent("[]", extra=TWO)
    assert load_agent(".").name == "helper"
    assert load_agent("agent.py:other").name == "other"


def test_the_only_agent_of_a_file_may_have_any_name(write_agent: WriteAgent) -> None:
    write_agent("[]", extra="helper = agent\ndel agent")
    assert load_agent(".").name == "helper"


def test_a_module_is_imported_from_the_working_directory(write_agent: WriteAgent) -> None:
    write_agent("[]", "made_package/inner.py")
    assert load_agent("made_package.inner:agent").name == "helper"


def test_a_file_of_a_package_keeps_its_relative_imports(write_agent: WriteAgent) -> None:
    write_agent("[]", "made_whole/agent.py", extra="from .names import NAME\nagent.name = NAME")
    Path("made_whole/__init__.py").write_text("")
    Path("made_whole/names.py").write_text("NAME = 'relative'")
    assert load_agent("made_whole").name == "relative"


def test_a_file_finds_the_modules_beside_it(write_agent: WriteAgent) -> None:
    write_agent("[]", "there/agent.py", extra="import made_sibling\nagent.name = made_sibling.NAME")
    Path("there/made_sibling.py").write_text("NAME = 'sibling'")
    assert load_agent("there").name == "sibling"


def test_a_prompt_file_is_an_agent_without_tools() -> None:
    Path("summary-short.prompt.md").write_text("---\nmodel: local:smollm2-135m\n---\nSummarise.")
    agent = load_agent("summary-short.prompt.md")
    assert agent.name == "summary_short"
    assert not agent.tools
    assert agent.model.name == "local:smollm2-135m"


def test_overrides_keep_the_rest_of_the_agent(write_agent: WriteAgent) -> None:
    write_agent("[]")
    agent = load_agent(".", model="local:smollm2-135m", max_steps=3)
    assert (agent.name, agent.prompt.body, agent.limits.max_steps) == ("helper", "You help.", 3)
    assert list(agent.tools) == ["add", "long", "fail", "hang"]
    assert agent.model.name == "local:smollm2-135m"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("nowhere", "there is no agent 'nowhere'"),
        ("nowhere.py", "there is no agent 'nowhere.py'"),
        ("", "there is no agent ''"),
        ("empty", "has no agent.py"),
        ("no.such.module:agent", "there is no module 'no'"),
        ("agent.py:missing", "there is no agent called 'missing'; the agents there: 'agent'"),
        ("notes.txt", "neither a Python file nor a prompt file"),
        ("bare.py", "holds no Agent at its top level"),
        ("many.py", "holds several agents; write many.py:NAME with one of 'one', 'two'"),
        ("p.prompt.md:agent", "neither a Python file nor a prompt file"),
    ],
)
def test_what_is_no_agent_is_said_to_be_none(write_agent: WriteAgent, spec: str, says: str) -> None:
    write_agent("[]")
    Path("empty").mkdir()
    Path("notes.txt").write_text("x")
    Path("bare.py").write_text("x = 1")
    Path("p.prompt.md").write_text("Hi.")
    Path("many.py").write_text("from mainspring import Agent\none, two = Agent('one'), Agent('two')\n")
    with pytest.raises(ConfigError) as error:
        load_agent(spec)
    assert says in str(error.value)


def test_an_error_in_the_agents_own_code_keeps_its_stack_trace(cli: Cli) -> None:
    Path("agent.py").write_text("import no_such_module_anywhere")
    assert isinstance(cli("run", ".", "go").exception, ModuleNotFoundError)


def test_a_configuration_error_in_the_agents_own_code_is_one_line(cli: Cli) -> None:
    Path("agent.py").write_text("from mainspring import Agent\nagent = Agent('x', max_steps=0)")
    result = cli("run", ".", "go")
    assert result.exit_code == 2
    assert result.stderr == "error: agent 'x': max_steps is 0, but a run takes at least one step\n"
