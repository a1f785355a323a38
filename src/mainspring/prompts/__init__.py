"""Prompt files: words for models live in `*.prompt.md` files, never in Python.

A file is YAML front matter (name, version, inputs, output schema, sampling) and a Jinja body, rendered in a
sandbox where an undefined name is an error. Its digest is recorded with every call. Imports the core only.
"""

from mainspring.prompts.prompt import Prompt

__all__ = ["Prompt"]
