"""What tests with torch share: one thread a process, and no network. Where torch is missing, there are none."""

import os
from importlib.util import find_spec

import pytest

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

if find_spec("torch") is None:
    collect_ignore_glob = ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    """Let peft ask transformers for what will have another name."""
    config.addinivalue_line("filterwarnings", "ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
