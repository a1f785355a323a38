"""`mainspring doctor`: is everything here that agents need, and if not, what to do about it."""

import importlib.metadata
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Final, Literal

import typer
from pydantic_core import to_json
from rich.text import Text

from mainspring import __version__
from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AsJson
from mainspring.cli.prepare import make_ready, size_text
from mainspring.cli.views.screen import Screen, results
from mainspring.core import Message, Options, Request, Sampling
from mainspring.core.errors import ConfigError, MainspringError
from mainspring.models import open_model
from mainspring.models.cache import cache_dir
from mainspring.models.config import PROVIDERS, PooledSettings, Settings, find_settings_file, load_settings
from mainspring.models.files.fetch import cached

State = Literal["ok", "note", "failed"]
_EXTRAS: Final = {
    "xllamacpp": ("local", "embedded models cannot be served"),
    "uvloop": ("speed", "the event loop is the slower one"),
    "genai-prices": ("prices", "what calls cost is unknown"),
}
_MARKS: Final[dict[State, tuple[str, str]]] = {
    "ok": ("ok", "green"), "note": ("note", "yellow"), "failed": ("failed", "bold red"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    fix: str = ""
    """What to do, where it is not as it should be."""


def doctor(
    *,
    deep: Annotated[bool, typer.Option("--deep", help="Have the embedded model write one token, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check the installation, and say what to mend; exit 1 if something does not work."""
    with results() as out:
        checks: list[Check] = []
        for check in _checks(deep=deep):
            checks.append(check)
            if not as_json:
                _draw(out, check)
        if as_json:
            out.console.file.write(to_json([asdict(check) for check in checks], indent=2).decode() + "\n")
    if any(check.state == "failed" for check in checks):
        raise typer.Exit(1)


def _checks(*, deep: bool) -> Iterator[Check]:
    yield Check("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield Check("mainspring", "ok", __version__)
    for package, (extra, without) in _EXTRAS.items():
        yield _extra(package, extra, without)
    yield _cache()
    config, settings = _config()
    yield config
    yield from _keys(settings)
    yield from _files(settings)
    if deep:
        yield _answer(settings)


def _extra(package: str, extra: str, without: str) -> Check:
    try:
        return Check(package, "ok", importlib.metadata.version(package))
    except importlib.metadata.PackageNotFoundError:
        return Check(package, "note", f"not installed: {without}", f"pip install 'mainspring[{extra}]'")


def _cache() -> Check:
    folder = cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        reason = error.strerror or error
        fix = "set MAINSPRING_CACHE to a folder that can be written"
        return Check("cache", "failed", f"{folder} cannot be written: {reason}", fix)
    return Check("cache", "ok", f"{folder}, {size_text(free)} free")


def _config() -> tuple[Check, Settings]:
    """Read `mainspring.toml`; a wrong one is looked at no further."""
    try:
        settings = load_settings()
        settings.embedded()
    except ConfigError as error:
        return Check("mainspring.toml", "failed", str(error), "mend what the line above names"), Settings()
    place = find_settings_file()
    return Check("mainspring.toml", "ok", f"{place}" if place else "none; everything is at its default"), settings


def _keys(settings: Settings) -> Iterator[Check]:
    """Say which keys are set; one that is missing matters only to those who use it."""
    users: dict[str, list[str]] = {}
    for name, provider in (PROVIDERS | settings.providers).items():
        if provider.api_key_env:
            users.setdefault(provider.api_key_env, []).append(f"models of {name}")
    for name, model in settings.models.items():
        for one in model.members if isinstance(model, PooledSettings) else [model]:
            if one.api_key_env:
                users.setdefault(one.api_key_env, []).append(name)
    for variable, names in users.items():
        if os.environ.get(variable):
            yield Check(variable, "ok", "set")
        else:
            yield Check(variable, "note", f"not set; needed for {', '.join(names)}")


def _files(settings: Settings) -> Iterator[Check]:
    try:
        for entry in settings.embedded().values():
            path = cached(entry)
            if path is not None:
                yield Check(entry.name, "ok", f"{size_text(entry.size_bytes)}, whole")
            else:
                fix = f"mainspring models pull {entry.name}"
                yield Check(entry.name, "note", f"{size_text(entry.size_bytes)}, not fetched", fix)
    except OSError as error:
        yield Check("model files", "failed", f"cannot be read: {error}", "make the cache folder readable")


def _answer(settings: Settings) -> Check:
    """Have the smallest embedded model that is here write a token."""
    here = sorted(
        (entry for entry in settings.embedded().values() if cached(entry)), key=lambda known: known.size_bytes
    )
    if not here:
        return Check("answer", "failed", "no embedded model is here", "mainspring models pull smollm2-135m")
    name = f"local:{min(here, key=lambda known: known.size_bytes).name}"
    try:
        model = open_model(name, settings)
        make_ready(model, Screen(stderr=True))
        request = Request([Message.user("Say hello.")], Options(), Sampling(max_output_tokens=1))
        reply = run_in_new_loop(model.ask(request))
    except MainspringError as error:
        return Check("answer", "failed", f"{name}: {error}", "reinstall with pip install 'mainspring[local]'")
    return Check("answer", "ok", f"{name} wrote {reply.usage.output_tokens} token")


def _draw(out: Screen, check: Check) -> None:
    word, style = _MARKS[check.state]
    indent = " " * 28
    for place, line in enumerate(check.found.splitlines() or [""]):
        head = Text.assemble((f"{word:<8}", style), f"{check.name:<20}") if place == 0 else Text(indent)
        out.line(Text.assemble(head, (line, "dim" if check.state == "ok" else "")))
    if check.fix:
        out.line(f"{indent}{check.fix}", style="dim")
