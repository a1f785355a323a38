"""What a contender of `gateway.py` is: a command that listens, with a pool of two members behind each of two names.

The members are two servers that answer the same: at once to one name, at a model's pace to the other. Nobody checks
keys, keeps anything, or reports to anybody; all else is at its defaults.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.environments import OURS
from benchmarks.instant_server import MODEL, PACED

PACED_MODEL: Final = f"{MODEL}-{PACED}"
MEMBERS: Final = {MODEL: "m", PACED_MODEL: f"m-{PACED}"}
"""What the members call the models."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How a gateway is started."""

    arguments: tuple[str, ...]
    """What follows the interpreter."""
    environ: dict[str, str]


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that can be started."""

    launch: Callable[[Path, int, Sequence[str]], Launch]
    """Writes what is needed into a folder and says how to start it, on a port, before servers at these URLs."""
    ready_path: str
    """Answers 200 when it is ready."""


def _mainspring(folder: Path, port: int, base_urls: Sequence[str]) -> Launch:
    """Start Mainspring's gateway, as its command line has it."""
    config = folder / "mainspring.toml"
    tables = []
    for name, member in MEMBERS.items():
        members = ", ".join(
            f'{{ url = "{base_url}", model = "{member}", mode = "text" }}' for base_url in base_urls
        )
        tables.append(f"[models.{name}]\nmembers = [ {members} ]\n")
    config.write_text("\n".join(tables))
    arguments = ("-m", "mainspring", "gateway", "--host", "127.0.0.1", "--port", str(port))
    return Launch(arguments, {"MAINSPRING_CONFIG": str(config), "MAINSPRING_STORE": str(folder / "gateway.db")})


def _litellm(folder: Path, port: int, base_urls: Sequence[str]) -> Launch:
    """Start LiteLLM's proxy, as its command line has it: one worker and no database."""
    config = folder / "litellm.yaml"
    models = [
        {
            "model_name": name,
            "litellm_params": {"model": f"openai/{member}", "api_base": base_url, "api_key": "none"},
        }
        for name, member in MEMBERS.items()
        for base_url in base_urls
    ]
    config.write_text(  # JSON, which is YAML too
        json.dumps(
            {
                "model_list": models,
                "litellm_settings": {"telemetry": False},
                "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},
            }
        )
    )
    start = "from litellm import run_server; run_server()"
    arguments = ("-c", start, "--host", "127.0.0.1", "--port", str(port), "--config", str(config))
    return Launch(arguments, {"LITELLM_LOCAL_MODEL_COST_MAP": "True"})


GATEWAYS: Final = {
    OURS: Gateway(_mainspring, "/healthz"),
    "litellm": Gateway(_litellm, "/health/readiness"),
}
"""The contenders, by name."""
