"""A guard before anything packed is unpacked: what the archive says of itself is looked at first.

The library that unpacks gives no more of a part than the archive said it would be, so what is let through here is
bounded.
"""

import zipfile
from io import BytesIO
from typing import Final

from mainspring.data.reading.skipped import Unreadable

_PARTS_AT_MOST: Final = 20_000
_IS_ENCRYPTED: Final = 1
"""Bit of a part's flags."""


def checked_parts(raw: bytes, name: str, *, unpacked_bytes: int) -> frozenset[str]:
    """Give the names of an archive's parts, if it may be unpacked.

    Args:
        raw: The bytes of a zip archive.
        name: The name of the file.
        unpacked_bytes: What all parts together may say that they unpack to.

    Raises:
        Unreadable: It is broken, encrypted, or would unpack to too much.
    """
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise Unreadable("broken", f"{name!r} is a damaged archive: {error}") from error
    size_bytes = sum(part.file_size for part in parts)
    if size_bytes > unpacked_bytes or len(parts) > _PARTS_AT_MOST:
        raise Unreadable(
            "bomb",
            f"{name!r} says that it unpacks from {len(raw):,} to {size_bytes:,} bytes in {len(parts):,} parts, "
            f"more than {unpacked_bytes:,}; if that is meant, raise Limits(unpacked_bytes=...)",
        )
    if any(part.flag_bits & _IS_ENCRYPTED for part in parts):
        raise Unreadable("encrypted", f"{name!r} is encrypted: save it without a password")
    return frozenset(part.filename for part in parts)
