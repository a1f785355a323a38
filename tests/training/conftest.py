"""What tests with torch share: one thread a process, and no network. Where torch is missing, there are none."""

import os
from importlib.util import find_spec

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

if find_spec("torch") is None:
    collect_ignore_glob = ["test_*.py"]
