"""Models: the client for OpenAI-compatible servers, the embedded model, and a scripted one for tests.

`open_model` makes one of a name. Everything here speaks the `Model` protocol of the core. Imports the core and
prompts; aiohttp and the native server are loaded when a model is first asked.
"""

from mainspring.models.chat import ChatModel
from mainspring.models.open import open_model
from mainspring.models.scripted import ScriptedModel, use

__all__ = ["ChatModel", "ScriptedModel", "open_model", "use"]
