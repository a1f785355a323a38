"""Where the contenders live, and what their figures were taken on.

The floor and Mainspring run in this interpreter's environment. The frameworks they are compared with live in
`.venv-peers`, so that Mainspring's own environment never holds their dependencies, and the other clients and
gateways in `.venv-litellm`, because LiteLLM holds back what the frameworks need. Without those folders they are
looked for here.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = "mainspring"
FLOOR = "floor"

PEERS = {
    "langgraph": ("langgraph", "langchain", "langchain-openai"),
    "langgraph_graph": ("langgraph", "openai"),
    "pydantic_ai": ("pydantic-ai-slim", "openai"),
    "openai_agents": ("openai-agents", "openai"),
    "smolagents": ("smolagents", "openai"),
    "agent_framework": ("agent-framework-core", "agent-framework-openai", "openai"),
    "haystack": ("haystack-ai", "openai"),
}
"""The frameworks compared with, and the distributions each of them needs."""

JOURNAL_PEERS = {
    "langgraph_sqlite": ("langgraph", "langgraph-checkpoint-sqlite", "aiosqlite"),
    "dbos": ("dbos",),
}
"""Those whose journals are compared with ours."""

CLIENT_PEERS = {
    "httpx": ("httpx", "orjson"),
    "openai": ("openai",),
    "litellm": ("litellm",),
}
"""The clients compared with."""

GATEWAY_PEERS = {"litellm": ("litellm", "litellm-proxy-extras")}
"""The gateways compared with."""

QUIET = {
    "ANONYMIZED_TELEMETRY": "false",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "OTEL_SDK_DISABLED": "true",
}
"""The switches that keep the contenders from reporting anything to anybody while they are measured."""

ASK_VERSIONS = """
import importlib.metadata, json, sys
versions = {}
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(versions))
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter and the versions of what is installed for it."""

    python: str
    versions: dict[str, str]

    def has(self, distributions: Sequence[str]) -> bool:
        """Tell whether all of these distributions are installed."""
        return all(name in self.versions for name in distributions)


def own_environment() -> Environment:
    """Describe the interpreter that runs this: the floor's and Mainspring's."""
    names = ["mainspring", "aiohttp", "orjson", "pydantic", "uvloop"]
    return Environment(sys.executable, versions(sys.executable, names))


def peers_environment() -> Environment:
    """Describe the interpreter of `.venv-peers`, or this one where there is none."""
    return _apart(".venv-peers", PEERS | JOURNAL_PEERS)


def litellm_environment() -> Environment:
    """Describe the interpreter of `.venv-litellm`, or this one where there is none."""
    return _apart(".venv-litellm", {**CLIENT_PEERS, **GATEWAY_PEERS, "loop": ("uvloop",)})


def _apart(folder: str, needed: Mapping[str, Sequence[str]]) -> Environment:
    apart = ROOT / folder / "bin" / "python"
    python = str(apart) if apart.exists() else sys.executable
    names = sorted({name for distributions in needed.values() for name in distributions})
    return Environment(python, versions(python, names))


def versions(python: str, names: Sequence[str]) -> dict[str, str]:
    """Ask an interpreter for the versions of the distributions that are installed for it."""
    reply = subprocess.run([python, "-c", ASK_VERSIONS, *names], capture_output=True, text=True, check=True)
    return dict(json.loads(reply.stdout))


def quiet_environ() -> dict[str, str]:
    """Build the environment variables of a process to be measured."""
    return {**os.environ, **QUIET}


def machine() -> dict[str, str | int | float]:
    """Describe the machine, and how busy it is at the start."""
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count() or 0,
        "load_1min": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def cpu_name() -> str:
    """Read the processor's name from the kernel, or say the architecture where that fails."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
