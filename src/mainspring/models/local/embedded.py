"""An embedded model as a server: its file fetched, its process started, at the first call."""

from collections.abc import Callable, Mapping
from pathlib import Path

from mainspring.core.errors import ConfigError
from mainspring.core.threads import in_daemon_thread
from mainspring.models.config import nearest
from mainspring.models.files.catalog import CatalogEntry
from mainspring.models.files.fetch import Progress, fetch
from mainspring.models.http import Address
from mainspring.models.local import LlamaServer, LocalSettings, shared_server


class EmbeddedServer:
    """A llama.cpp server for a catalog model or a GGUF file, shared within the process.

    Args:
        model: A name of the catalog, or the path of a GGUF file.
        settings: How to serve it.
        catalog: The models there are.
        progress: Told how the download goes, where there is one.
        replica: Which of the children that serve the same.
        replicas: How many those are; they divide the cores.
    """

    def __init__(
        self,
        model: str,
        settings: LocalSettings,
        catalog: Mapping[str, CatalogEntry],
        progress: Callable[[Progress], None] | None = None,
        *,
        replica: int = 0,
        replicas: int = 1,
    ) -> None:
        if model not in catalog and not model.endswith(".gguf"):
            raise ConfigError(
                f"there is no embedded model {model!r}{nearest(model, list(catalog))}; the catalog has "
                f"{', '.join(catalog)}, and a path that ends in .gguf works too"
            )
        self._model = model
        self._settings = settings
        self._catalog = catalog
        self._progress = progress
        self._replica = replica
        self._replicas = replicas
        self.process: LlamaServer | None = None
        """The server once it was started; shared by all who ask for the same."""

    @property
    def is_up(self) -> bool:
        """Whether `ready` has been here and its child still lives and answers; asks nobody."""
        return self.process is not None and self.process.is_up

    async def ready(self) -> Address:
        """Fetch the file and start the process where that is still to do, and give the address.

        Raises:
            ConfigError: The file is missing or cannot be loaded.
            DownloadError: No source could give the file.
            ModelUnavailable: The process dies again and again.
        """
        if self.process is None:
            file = await in_daemon_thread(self._file)
            self.process = shared_server(file, self._settings, replica=self._replica, replicas=self._replicas)
        return await self.process.ready()

    def _file(self) -> Path:
        if self._model in self._catalog:
            return fetch(self._catalog[self._model], progress=self._progress)
        path = Path(self._model).expanduser()
        if not path.is_file():
            raise ConfigError(f"there is no model file {str(path)!r}")
        return path
