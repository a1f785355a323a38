"""The sizer agent; `mainspring run apps/gpu_sizer "..."` runs it."""

from pathlib import Path

from apps.gpu_sizer.tools import TOOLS
from mainspring import Agent

agent = Agent("gpu_sizer", prompt=Path(__file__).parent / "prompts" / "sizer.prompt.md", tools=TOOLS, max_steps=8)
