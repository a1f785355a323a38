"""`mainspring models`: which models there are, how files are fetched and added, how models can be made to act."""

import asyncio
import os
from dataclasses import asdict, dataclass
from typing import Annotated, Final, Literal

import typer
from pydantic_core import to_json
from rich.text import Text

from mainspring.agent import run_in_new_loop
from mainspring.cli.adding import add
from mainspring.cli.asked import AsJson
from mainspring.cli.prepare import download_shown, make_ready, size_text, waiting
from mainspring.cli.views.screen import ACCENT, Screen, harmless, results
from mainspring.core.errors import ConfigError
from mainspring.gpu import find_model
from mainspring.models import ChatModel, open_model
from mainspring.models.config import PROVIDERS, PooledSettings, Provider, Settings, load_settings, nearest
from mainspring.models.files.catalog import CatalogEntry
from mainspring.models.files.fetch import cached, fetch
from mainspring.models.pool.model import PooledModel
from mainspring.models.probe import Capabilities
from mainspring.models.probe import probe as probe_model
from mainspring.models.window import Window, ask_window

_PROBE_DEADLINE_S: Final = 180.0

models = typer.Typer(
    help="List, fetch, add and probe models.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)
models.command(short_help="Write a model into mainspring.toml.")(add)


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list."""

    name: str
    kind: Literal["embedded", "named", "provider"]
    what: str
    state: str
    ready: bool
    """Whether it can be used as it is: the file is here, the key is set."""


@models.command("list", short_help="List the models there are, and which can be used.")
def list_models(*, as_json: AsJson = False) -> None:
    """List the embedded models, those named in mainspring.toml, and the providers."""
    with results() as out:
        settings = load_settings()
        listed = [
            *(_embedded(entry) for entry in settings.embedded().values()),
            *_named(settings),
            *(_provider(name, known) for name, known in (PROVIDERS | settings.providers).items()),
        ]
        if as_json:
            out.console.file.write(to_json([asdict(item) for item in listed], indent=2).decode() + "\n")
        else:
            _draw(out, listed)


@models.command(short_help="Fetch the files of embedded models.")
def pull(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="Embedded models, as in the list.")],
    *,
    verify: Annotated[bool, typer.Option("--verify", help="Hash files that are here already once more.")] = False,
) -> None:
    """Fetch the files of embedded models, and print their paths; what was begun is continued."""
    with results() as out:
        notes = Screen(stderr=True)
        catalog = load_settings().embedded()
        entries = [_entry(name, catalog) for name in names]
        for entry in entries:
            try:
                with download_shown(notes, entry.name) as told:
                    path = fetch(entry, progress=told, verify=verify)
            except KeyboardInterrupt:
                notes.line("interrupted; the same command goes on from here", style="dim")
                raise
            out.console.file.write(f"{path}\n")
            out.console.file.flush()


@models.command(short_help="Find out how a model can be made to act, and how long its context is.")
def probe(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model, as an agent would name it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Find out with two small calls how a model can be made to act and keep it, and ask how long its context is."""
    with results() as out:
        notes = Screen(stderr=True)
        model = open_model(name)
        if isinstance(model, PooledModel):
            raise ConfigError(f"{name!r} is a pool; name one of its members, as provider:model")
        make_ready(model, notes)
        with waiting(notes, f"asking {name} twice"):
            found, window = run_in_new_loop(_probe(model))
        if as_json:
            document = {
                "model": name,
                "structured": found.structured,
                "native": found.native,
                "mode": found.mode,
                **asdict(window),
            }
            out.console.file.write(to_json(document, indent=2).decode() + "\n")
        else:
            _draw_probed(out, name, found, window)


async def _probe(model: ChatModel) -> tuple[Capabilities, Window]:
    async with asyncio.timeout(_PROBE_DEADLINE_S):
        return await probe_model(model.server, model.model), await ask_window(model, _trained_tokens(model.model))


def _trained_tokens(model: str) -> int | None:
    """Give what models of that name were trained on, where the GPU calculator knows them."""
    try:
        return find_model(model.replace(":", "-")).native_context
    except ConfigError:
        return None


def _entry(name: str, catalog: dict[str, CatalogEntry]) -> CatalogEntry:
    short = name.removeprefix("local:")
    if short not in catalog:
        raise ConfigError(
            f"there is no embedded model {name!r}{nearest(short, list(catalog))}; known: {', '.join(catalog)}"
        )
    return catalog[short]


def _embedded(entry: CatalogEntry) -> Listed:
    here = cached(entry) is not None
    what = f"{size_text(entry.size_bytes)}, {entry.context_tokens:,} tokens, {entry.licence}"
    return Listed(f"local:{entry.name}", "embedded", what, "here" if here else "not fetched", here)


def _named(settings: Settings) -> list[Listed]:
    listed = []
    for name, named in settings.models.items():
        if isinstance(named, PooledSettings):
            listed.append(_pool(name, named, settings))
            continue
        entry = settings.embedded().get(named.model) if named.provider == "local" else None
        provider = (PROVIDERS | settings.providers).get(named.provider or "", Provider())
        what = f"{named.provider or named.base_url} {named.model}"
        if entry is not None:
            item = _embedded(entry)
            listed.append(Listed(name, "named", what, item.state, item.ready))
        else:
            listed.append(Listed(name, "named", what, *_key_state(named.api_key_env or provider.api_key_env)))
    return listed


def _pool(name: str, pool: PooledSettings, settings: Settings) -> Listed:
    """Say of whom a pool is made, and whose key is missing."""
    known = PROVIDERS | settings.providers
    variables = [one.api_key_env or known.get(one.provider or "", Provider()).api_key_env for one in pool.members]
    missing = [variable for variable in variables if variable and not os.environ.get(variable)]
    what = ", ".join(dict.fromkeys(f"{one.provider or one.base_url} {one.model}" for one in pool.members))
    state = _key_state(missing[0]) if missing else ("its keys are set" if any(variables) else "no key needed", True)
    return Listed(name, "named", f"{len(pool.members)} members: {what}", *state)


def _provider(name: str, provider: Provider) -> Listed:
    return Listed(name, "provider", provider.base_url or "", *_key_state(provider.api_key_env))


def _key_state(variable: str | None) -> tuple[str, bool]:
    """Say whether a key is set, and never which."""
    if variable is None:
        return "no key needed", True
    is_set = bool(os.environ.get(variable))
    return f"{variable} {'set' if is_set else 'not set'}", is_set


def _draw(out: Screen, listed: list[Listed]) -> None:
    titles = {"embedded": "embedded", "named": "named in mainspring.toml", "provider": "providers"}
    for kind, title in titles.items():
        items = [item for item in listed if item.kind == kind]
        if not items:
            continue
        widths = [max(len(getattr(item, field)) for item in items) for field in ("name", "what")]
        out.line(title, style="dim")
        for item in items:
            state = (item.state, ACCENT if item.ready else "dim")
            out.line(
                Text.assemble(
                    f"  {item.name:<{widths[0]}}  ", (f"{harmless(item.what):<{widths[1]}}  ", "dim"), state
                )
            )


def _draw_probed(out: Screen, name: str, found: Capabilities, window: Window) -> None:
    for label, value in (
        ("model", name),
        ("structured", "yes: replies are held to a schema" if found.structured else "no"),
        ("native", "yes: native tool calls come back" if found.native else "no"),
        ("mode", found.mode),
        ("context", _context_text(window)),
        ("trained on", f"{window.trained_tokens:,} tokens" if window.trained_tokens else "not known"),
        ("scaling", _scaling_text(window)),
    ):
        out.line(Text.assemble((f"{label:<12}", "dim"), value))
    for warning in window.warnings:
        out.line(Text.assemble((f"{'warning':<12}", "yellow"), harmless(warning)))


def _context_text(window: Window) -> str:
    if not window.context_tokens:
        return "the server does not say"
    each = f" in each of {window.slots} slots" if window.slots and window.slots > 1 else ""
    return f"{window.context_tokens:,} tokens{each}"


def _scaling_text(window: Window) -> str:
    factor = f", factor {window.rope_factor:g}" if window.rope_factor else ""
    return f"RoPE {window.rope_scaling}{factor}" if window.rope_scaling else "the server does not say"
