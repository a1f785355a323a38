"""Where files that can be had again are kept: model files, probe results, the local server's logs."""

import os
import sys
from pathlib import Path


def cache_dir() -> Path:
    """Give the user's cache directory for Mainspring; `MAINSPRING_CACHE` wins over the system's custom."""
    if named := os.environ.get("MAINSPRING_CACHE"):
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "mainspring" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "mainspring"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mainspring"
