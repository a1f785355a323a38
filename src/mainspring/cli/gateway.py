"""`mainspring gateway`: serve every configured model to OpenAI's clients, and make the keys they need."""

import asyncio
import logging
import signal
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Final, get_args

import typer
from pydantic_core import to_json

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson
from mainspring.cli.prepare import make_ready
from mainspring.cli.stored.logs import as_json as log_as_json
from mainspring.cli.stored.logs import as_lines, logged
from mainspring.cli.stored.signals import stopping
from mainspring.cli.stored.store import Store
from mainspring.cli.views.screen import Screen, results
from mainspring.core.errors import ConfigError
from mainspring.models import open_model
from mainspring.models.config import FILE_NAME, Settings, load_settings
from mainspring.runs import DEFAULT_STORE
from mainspring.runs.windows import Window
from mainspring.serve import Gateway, GatewaySettings, gateway_settings, hashed, new_key, open_gateway, serving
from mainspring.serve.opening import served
from mainspring.serve.running import check_reach

_log = logging.getLogger("mainspring.gateway")
_USUAL: Final = GatewaySettings()

gateway = typer.Typer(invoke_without_command=True, add_completion=False, rich_markup_mode=None)


@gateway.callback()
def serve(  # noqa: PLR0913 - one option for each thing that differs between machines
    context: typer.Context,
    *,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", help=f"Address to listen on.  [{_USUAL.host}]")
    ] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", help=f"0 for a free one.  [{_USUAL.port}]")] = None,
    store: Store = None,
    grace_s: Annotated[
        float | None,
        typer.Option(
            "--grace", metavar="S", help=f"Seconds for what is in progress at the end.  [{_USUAL.grace_s:g}]"
        ),
    ] = None,
    log_json: Annotated[bool, typer.Option("--log-json", help="Log objects of JSON, a line each.")] = False,
    log_all: Annotated[bool, typer.Option("--log-all", help="Log each request, not only what went wrong.")] = False,
) -> None:
    """Serve every model of mainspring.toml on /v1/chat/completions, /v1/embeddings and /v1/models.

    Without any, the embedded models are served. /metrics is for Prometheus, /healthz for a load balancer. SIGHUP
    has the models read anew: weights change in place, members come and go, and what is in progress goes on. SIGTERM
    or Ctrl-C drains: what is in progress gets its time; a second one ends at once.
    """
    if context.invoked_subcommand is not None:
        return
    with results():
        notes = Screen(stderr=True)
        settings = load_settings()
        given = {"host": host, "port": port, "grace_s": grace_s}
        table = settings.gateway | {name: value for name, value in given.items() if value is not None}
        wanted = gateway_settings(table)
        check_reach(wanted)
        for name in settings.models:
            make_ready(open_model(name, settings), notes)
        level = logging.DEBUG if log_all else logging.INFO
        with logged(log_as_json(notes, level) if log_json else as_lines(notes, level), "mainspring.gateway"):
            run_in_new_loop(_serve(settings, wanted, store or DEFAULT_STORE))


@gateway.command(short_help="Make a key, and say what to write into mainspring.toml.")
def key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is.")],
    *,
    models: Annotated[
        list[str] | None, typer.Option("--model", metavar="MODEL", help="A model it may use.")
    ] = None,
    usd: Annotated[Decimal | None, typer.Option(metavar="USD", help="US dollars it may use.")] = None,
    output_tokens: Annotated[int | None, typer.Option(metavar="N", help="Tokens it may have written.")] = None,
    window: Annotated[str | None, typer.Option(metavar="WINDOW", help="hour, day or month.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make up a key, and print it with the lines that let it in; the key itself is kept nowhere."""
    with results() as out:
        if window is not None and window not in get_args(Window):
            raise ConfigError(f"there is no window {window!r}; there are {', '.join(get_args(Window))}")
        secret = new_key()
        budget = {"usd": None if usd is None else str(usd), "output_tokens": output_tokens}
        table = {
            "sha256": hashed(secret),
            "models": models or None,
            "budget": {field: value for field, value in budget.items() if value is not None} or None,
            "window": window,
        }
        written = {field: value for field, value in table.items() if value is not None}
        gateway_settings({"keys": {name: written}})
        if as_json:
            out.console.file.write(
                to_json({"name": name, "key": secret, "settings": written}, indent=2).decode() + "\n"
            )
            return
        notes = Screen(stderr=True)
        notes.line(f"the key of {name}, shown this once:", style="dim")
        out.console.file.write(f"{secret}\n")
        out.console.file.flush()
        notes.line(f"to let it in, add to {FILE_NAME}, and start the gateway again:", style="dim")
        for line in _toml(name, written):
            notes.line(line)


def _toml(name: str, table: Mapping[str, object]) -> Sequence[str]:
    def value(given: object) -> str:
        if isinstance(given, dict):
            return "{ " + ", ".join(f"{field} = {value(one)}" for field, one in given.items()) + " }"
        return to_json(given).decode()

    return [
        f"[gateway.keys.{to_json(name).decode()}]",
        *(f"{field} = {value(one)}" for field, one in table.items()),
    ]


def _renew_at_hangup(opened: Gateway) -> None:
    """Have the models read anew at SIGHUP, where there is such a signal."""

    def renew() -> None:
        try:
            opened.renew(served(load_settings()))
        except ConfigError as error:
            _log.warning("the models are served as they were: %s", error)
        else:
            _log.info("the models were read anew: %s", ", ".join(opened.pools))

    if hasattr(signal, "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, renew)


async def _serve(settings: Settings, wanted: GatewaySettings, store: str) -> None:
    with stopping(lambda: _log.info("draining: what is in progress has %g s", wanted.grace_s)) as stop:
        try:
            async with open_gateway(settings, wanted, store) as opened, serving(opened, wanted) as url:
                _renew_at_hangup(opened)
                keys = f"{len(wanted.keys)} keys" if wanted.keys else "no key needed"
                _log.info("serving %s on %s/v1, %s", ", ".join(opened.pools), url, keys)
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            if stop.by is None:
                raise
            _log.info("stopped")
