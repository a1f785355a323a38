"""Models: the client for OpenAI-compatible servers, the embedded model, and a scripted one for tests.

`open_model` makes one of a name; settings, catalog and downloads are loaded when it is first used. Everything here
speaks the `Model` protocol of the core. Imports the core and prompts; aiohttp and the native server are loaded when
a model is first asked.
"""

from mainspring.models.chat import ChatModel
from mainspring.models.scripted import ScriptedModel, use

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.models.open import open_model

__all__ = ["ChatModel", "ScriptedModel", "open_model", "use"]


def __getattr__(name: str) -> object:
    if name == "open_model":
        from mainspring.models.open import open_model

        return open_model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
