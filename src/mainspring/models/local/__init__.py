"""Models on this machine: llama.cpp's server in a child process that ends when its parent does."""

from mainspring.models.local.server import LlamaServer, shared_server
from mainspring.models.local.settings import LocalSettings, Lora

__all__ = ["LlamaServer", "LocalSettings", "Lora", "shared_server"]
