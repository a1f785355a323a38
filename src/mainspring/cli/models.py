"""`mainspring models`: which models there are, how their files are fetched, and how they can be made to act."""

import asyncio
import os
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Final, Literal

import typer
from pydantic_core import to_json
from rich.text import Text

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson
from mainspring.cli.prepare import download_shown, make_ready, size_text, waiting
from mainspring.cli.views.screen import ACCENT, Screen, harmless, results
from mainspring.core.errors import ConfigError
from mainspring.models import open_model
from mainspring.models.config import PROVIDERS, PooledSettings, Provider, Settings, load_settings, nearest
from mainspring.models.files.catalog import CatalogEntry
from mainspring.models.files.fetch import cached, fetch
from mainspring.models.http import Address, session
from mainspring.models.probe import probe as probe_model

_CONTEXT_FIELDS: Final = ("max_model_len", "context_length", "n_ctx", "n_ctx_train")
"""What servers call the context length, in the order of trust: vLLM, OpenRouter, llama.cpp."""
_ASK_DEADLINE_S: Final = 10.0
_PROBE_DEADLINE_S: Final = 180.0

models = typer.Typer(
    help="List, fetch and probe models.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)


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


@models.command(short_help="Find out how a model can be made to act.")
def probe(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model, as an agent would name it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Find out with two small calls how a model can be made to act, and keep what was found."""
    with results() as out:
        notes = Screen(stderr=True)
        model = open_model(name)
        make_ready(model, notes)
        with waiting(notes, f"asking {name} twice"):
            found, n_tokens = run_in_new_loop(_probe(model))
        document = {
            "model": name,
            "structured": found.structured,
            "native": found.native,
            "mode": found.mode,
            "context_tokens": n_tokens,
        }
        if as_json:
            out.console.file.write(to_json(document, indent=2).decode() + "\n")
            return
        for label, value in (
            ("model", name),
            ("structured", "yes: replies are held to a schema" if found.structured else "no"),
            ("native", "yes: native tool calls come back" if found.native else "no"),
            ("mode", found.mode),
            ("context", f"{n_tokens:,} tokens" if n_tokens else "the server does not say"),
        ):
            out.line(Text.assemble((f"{label:<12}", "dim"), value))


async def _probe(model: Any) -> tuple[Any, int | None]:
    async with asyncio.timeout(_PROBE_DEADLINE_S):
        found = await probe_model(model.server, model.model)
        return found, await _context_tokens(await model.server.ready(), model.model)


async def _context_tokens(address: Address, model: str) -> int | None:
    """Ask the server for the model's context length; few say."""
    import aiohttp

    headers = {"Authorization": f"Bearer {address.api_key}"} if address.api_key else {}
    try:
        async with (
            asyncio.timeout(_ASK_DEADLINE_S),
            (await session()).get(f"{address.base_url}/models", headers=headers) as response,
        ):
            listed = (await response.json(content_type=None)).get("data", [])
    except (aiohttp.ClientError, TimeoutError, ValueError, AttributeError):
        return None
    found = [item for item in listed if isinstance(item, dict)]
    entry = next((item for item in found if item.get("id") == model), found[0] if len(found) == 1 else {})
    said = entry | (entry.get("meta") or {})
    return next((value for field in _CONTEXT_FIELDS if isinstance(value := said.get(field), int)), None)


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
