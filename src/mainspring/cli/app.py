"""The root of the command line: which commands there are, and what becomes of errors.

What it keeps true: a `MainspringError` ends as `error: ...` on stderr and an exit code, never as a stack trace;
any other exception is a bug and keeps its own. A command's file is imported when the command is used.
"""

import contextlib
import io
import os
import sys
import traceback
from functools import cache
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from mainspring import __version__

FAILED: Final = 1
BUDGET_SPENT: Final = 3
WAITING: Final = 4
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141
"""What shells report of a program whose reader went away."""

COMMANDS: Final = {
    "run": "Run an agent on words, and show what it thinks and does.",
    "runs": "Look at runs in a store; let them go on, stop, fork and replay them.",
    "inbox": "Answer what runs in a store ask a human.",
    "plans": "Keep goals with tasks for agents and people, begun when their time has come.",
    "worker": "Drive the runs of a store until told to stop.",
    "chat": "Talk with an agent over several turns.",
    "context": "Show exactly what an agent sends to its model.",
    "tools": "List an agent's tools, or call one.",
    "gateway": "Serve every configured model to OpenAI's clients.",
    "pool": "Show how the members of pools stand; let tuned models take part.",
    "models": "List, fetch, add and probe models.",
    "data": "Make training data of documents and of runs, check it and look at it.",
    "eval": "Hold models to suites of cases, and compare them.",
    "train": "Train a small model on a dataset, and export it.",
    "fly": "Teach a small model what a large one decides, and let it serve if it passes.",
    "prompts": "List, show and compare prompt files and their versions.",
    "gpu": "Tell how much GPU memory a model takes.",
    "init": "Write a small working project to start from.",
    "doctor": "Check the installation, and say what to mend.",
}
_HIDDEN: Final = ("docs",)
_TRAINING: Final = frozenset({"gguf", "numpy", "safetensors", "tokenizers"})
"""What the extra `train` brings, as far as commands import it."""
_EPILOG: Final = """\b
AGENT is one of
  path/to/folder       the agent in its agent.py
  path/to/file.py      the only agent of a file, or the one called "agent"
  path/to/file.py:name the one of that name, in a folder's agent.py too
  package.module:name  one that can be imported
  some.prompt.md       an agent without tools made of a prompt file

\b
Exit codes
  0    done
  1    the run failed, or something does not work
  2    wrong usage or configuration
  3    budget spent; raised, the run goes on
  4    waiting for a human; answered, the run goes on
  130  interrupted
  141  whoever read stdout went away

\b
Environment
  MAINSPRING_CONFIG       the mainspring.toml to use
  MAINSPRING_CACHE        where model files are kept
  MAINSPRING_STORE        where runs are kept: a file or a postgresql:// URL
  MAINSPRING_GATEWAY_KEY  the key that a gateway is asked with
  MAINSPRING_DEBUG=1      show stack traces of errors
  SSL_CERT_FILE           certificates to trust beside the system's, as a gateway's own
  NO_COLOR=1              no colour and no animation
"""


class _Commands(TyperGroup):
    """Imports a command's file when it is used, and turns errors into words and exit codes."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as typer has it
        """Name the commands in the order of their use."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - as typer has it
        """Import a command."""
        return load_command(cmd_name) if cmd_name in (*COMMANDS, *_HIDDEN) else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as typer has it
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: Any) -> Any:
        """Run the command, and say what went wrong in one line."""
        from mainspring.core.errors import MainspringError

        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except MainspringError as error:
            raise typer.Exit(_report(error)) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(INTERRUPTED) from error
        except BrokenPipeError as error:
            _forget_stdout()
            raise typer.Exit(PIPE_CLOSED) from error


app = typer.Typer(
    cls=_Commands,
    name="mainspring",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"mainspring {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take LLM agents from a notebook to production: fast, within budget, repeatable."""


def main() -> None:
    """Run the command line with the process's arguments, and leave the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")
    app(prog_name="mainspring")


@cache
def load_command(name: str) -> Any:
    """Import the command or the group of commands of that name.

    Raises:
        ConfigError: What it is made with is not installed.
    """
    from mainspring.core.errors import ConfigError

    try:
        found = getattr(import_module(f"mainspring.cli.{name}"), name)
    except ModuleNotFoundError as error:
        if error.name not in _TRAINING:
            raise
        raise ConfigError(f"`mainspring {name}` needs {error.name}: pip install 'mainspring[train]'") from error
    if not isinstance(found, typer.Typer):
        single = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        single.command(name, short_help=COMMANDS.get(name))(found)
        found = single
    command = typer.main.get_command(found)
    command.name = name
    return command


def _report(error: Exception) -> int:
    """Say what went wrong, and give the exit code."""
    from mainspring.cli.views.screen import Screen
    from mainspring.core.errors import BudgetError, ConfigError, RunCancelled, RunWaiting

    if os.environ.get("MAINSPRING_DEBUG"):
        traceback.print_exception(error)
    Screen(stderr=True).error(str(error))
    codes = {RunCancelled: INTERRUPTED, ConfigError: 2, BudgetError: BUDGET_SPENT, RunWaiting: WAITING}
    return next((code for kind, code in codes.items() if isinstance(error, kind)), FAILED)


def _forget_stdout() -> None:
    """Let what is still buffered go nowhere, as whoever read it is gone."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
