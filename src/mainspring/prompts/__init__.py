"""Prompt files: words for models live in `*.prompt.md` files, never in Python.

A file is YAML front matter (name, version, inputs, output schema, sampling) and a Jinja body, rendered in a
sandbox where an undefined name is an error. Versions live side by side as `NAME.vN.prompt.md`. The digest of a
prompt's words is recorded with every call. Imports the core only.
"""

from mainspring.prompts.prompt import Prompt
from mainspring.prompts.shipped import shipped_prompts
from mainspring.prompts.versions import PromptVersions, load_versions

__all__ = ["Prompt", "PromptVersions", "load_versions", "shipped_prompts"]
