"""Model files: the catalog says which there are, `fetch` brings them, and the hash decides what is right."""

from mainspring.models.files.catalog import CatalogEntry, entries, entry, load_catalog
from mainspring.models.files.fetch import cached, fetch
from mainspring.models.files.partial import Progress

__all__ = ["CatalogEntry", "Progress", "cached", "entries", "entry", "fetch", "load_catalog"]
