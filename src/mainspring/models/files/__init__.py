"""Model files: the catalog says which there are, `fetch` brings them, and the hash decides what is right."""

from mainspring.models.files.catalog import CatalogEntry, embedder_files, entries, entry, load_catalog
from mainspring.models.files.fetch import cached, fetch
from mainspring.models.files.partial import Progress

__all__ = ["CatalogEntry", "Progress", "cached", "embedder_files", "entries", "entry", "fetch", "load_catalog"]
