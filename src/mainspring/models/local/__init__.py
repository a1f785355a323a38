"""Models on this machine: llama.cpp's server in a child process that ends when its parent does."""

from mainspring.models.local.server import LlamaServer, LocalSettings, Lora, shared_server

__all__ = ["LlamaServer", "LocalSettings", "Lora", "shared_server"]
