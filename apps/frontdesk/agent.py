"""The front desk; `mainspring run apps/frontdesk "..."` hands one request on."""

from pathlib import Path

from apps.frontdesk.said import as_said
from apps.frontdesk.tools import DESKS
from mainspring import Agent

agent = Agent(
    "frontdesk",
    prompt=Path(__file__).parent / "prompts" / "frontdesk.prompt.md",
    tools=DESKS,
    judge=as_said,
    max_calls=1,
    max_steps=3,
    max_repairs=1,
)
