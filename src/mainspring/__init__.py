"""Mainspring takes LLM agents from a notebook to production."""
