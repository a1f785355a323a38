"""`mainspring tools`: look at an agent's tools, and call one the way the agent would."""

import hashlib
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich.text import Text

from mainspring.agent import run_in_new_loop
from mainspring.cli.asked import AgentName, AsJson, read_arguments
from mainspring.cli.load import load_agent
from mainspring.cli.views.screen import ACCENT, Screen, results
from mainspring.core import ToolCall
from mainspring.core.errors import ConfigError
from mainspring.tools import AnyTool, call_tool

tools = typer.Typer(
    help="List an agent's tools, or call one.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)


@tools.command("list", short_help="List the tools of an agent.")
def list_tools(agent: AgentName, *, as_json: AsJson = False) -> None:
    """List AGENT's tools: what they take, what they do to the world, how long they may take."""
    with results() as out:
        known = load_agent(agent).tools
        if as_json:
            out.console.file.write(to_json([_document(tool) for tool in known.values()], indent=2).decode() + "\n")
            return
        if not known:
            Screen(stderr=True).line("the agent has no tools", style="dim")
        for place, tool in enumerate(known.values()):
            if place:
                out.line()
            _draw(out, tool)


@tools.command("call", short_help="Call a tool as the agent would.")
def call(
    agent: AgentName,
    name: Annotated[str, typer.Argument(metavar="TOOL", help="The tool's name.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="ARGUMENTS", help="One JSON object, or name=value pairs.", show_default=False),
    ] = None,
) -> None:
    """Call TOOL as AGENT would, and print what the model would be told; exit 1 if that is an error."""
    with results() as out:
        known = load_agent(agent).tools
        if name not in known:
            raise ConfigError(f"there is no tool {name!r}; the agent has {', '.join(known) or 'none'}")
        wanted = ToolCall(
            id="call", name=name, arguments=read_arguments(arguments or (), known[name].spec.parameters)
        )
        result = run_in_new_loop(call_tool(known, wanted, _keep))
        out.console.file.write(result.text.rstrip("\n") + "\n")
    if result.is_error:
        raise typer.Exit(1)


def _keep(content: bytes) -> str:
    """Name the whole of a cut result as a run would; nobody keeps it here."""
    return hashlib.sha256(content).hexdigest()


def _draw(out: Screen, tool: AnyTool) -> None:
    annotation = tool.annotation
    authority = "all" if annotation.authority is None else ", ".join(sorted(annotation.authority)) or "none"
    facts = (
        f"effect {annotation.effect or 'not declared'} · authority {authority} · "
        f"{'trusted' if annotation.trusted else 'not trusted'} · {tool.timeout_s:g} s"
    )
    arguments = ", ".join(_argument(tool, parameter) for parameter in _properties(tool))
    out.line(Text.assemble((tool.name, f"bold {ACCENT}"), f"({arguments})"))
    out.block(tool.spec.description)
    for parameter, schema in _properties(tool).items():
        if description := schema.get("description"):
            out.block(f"{parameter}: {description}")
    out.block(facts, style="dim")


def _argument(tool: AnyTool, name: str) -> str:
    schema = _properties(tool)[name]
    default = f" = {to_json(schema['default']).decode()}" if "default" in schema else ""
    return f"{name}: {_type(schema)}{default}"


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(to_json(value).decode() for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(_type(choice) for choice in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}))}[]"
    return str(schema.get("type", "any"))


def _properties(tool: AnyTool) -> dict[str, Any]:
    found: Any = tool.spec.parameters.get("properties", {})
    return dict(found)


def _document(tool: AnyTool) -> dict[str, Any]:
    annotation = tool.annotation
    return {
        "name": tool.name,
        "description": tool.spec.description,
        "parameters": tool.spec.parameters,
        "effect": annotation.effect,
        "authority": None if annotation.authority is None else sorted(annotation.authority),
        "trusted": annotation.trusted,
        "timeout_s": tool.timeout_s,
    }
