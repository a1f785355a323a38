"""`mainspring chat`: several turns, and turns that go wrong."""

from tests.unit.cli.conftest import Cli, WriteAgent

ECHO = "lambda r: ' | '.join(m.text for m in r.messages if m.role == 'user')"


def test_each_turn_knows_the_ones_before(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent(f"['one', {ECHO}]")
    result = cli("chat", ".", words="first\n\nsecond\n")
    assert result.exit_code == 0
    assert result.stdout == "one\nfirst | second\n"


def test_exit_ends_the_conversation(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("['one', 'never']")
    assert cli("chat", ".", words="first\n/exit\nsecond\n").stdout == "one\n"


def test_a_failed_turn_is_shown_and_the_conversation_goes_on(cli: Cli, write_agent: WriteAgent) -> None:
    extra = "from mainspring.core.errors import ModelUnavailable"
    write_agent(f"['one', lambda r: ModelUnavailable('the server is away'), {ECHO}]", extra=extra)
    result = cli("chat", ".", words="first\nsecond\nthird\n")
    assert result.exit_code == 0
    assert result.stdout == "one\nfirst | third\n"
    assert "error: the server is away\n" in result.stderr


def test_tools_are_shown_in_a_chat_too(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[use('add', a=1), 'two']")
    result = cli("chat", ".", words="go\n")
    assert "call     add(a=1)\nresult   2\n" in result.stderr


def test_a_model_without_its_key_is_told_before_the_first_turn(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent("[]")
    result = cli("chat", ".", "--model", "openai:gpt-5-mini", words="go\n")
    assert result.exit_code == 2
    assert "OPENAI_API_KEY" in result.stderr


def test_inputs_that_do_not_fit_are_told_before_the_first_turn(cli: Cli, write_agent: WriteAgent) -> None:
    write_agent(
        "['never']", extra="from mainspring import Prompt\nagent.prompt = Prompt('{{ x }}', inputs={'x': 'y'})"
    )
    result = cli("chat", ".", words="go\n")
    assert result.exit_code == 2
    assert result.stderr == "error: prompt 'inline' takes the inputs ['x'], was given []\n"
