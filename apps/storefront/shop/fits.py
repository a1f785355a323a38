"""Does furniture fit a space?

Pieces stand in rows, all turned the same way. The clearance is kept free around each of them: between it and the
walls, and once between two neighbours. So `k` pieces in a row need `k * width + (k + 1) * clearance`.
"""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from apps.storefront.shop.catalogue import Dimensions, Kind, Piece, Size

CLEARANCE_MM: Final[dict[Kind, int]] = {
    "chair": 200,
    "table": 600,
    "bench": 300,
    "lounger": 400,
    "sofa": 300,
    "shelf": 20,
    "storage": 50,
    "lamp": 50,
    "rug": 0,
    "planter": 50,
    "cushion": 0,
}
"""What is usually kept free around a piece, so that people get by and doors open."""


class Space(BaseModel):
    """A rectangle on the floor, and what is free above it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width_mm: Size
    depth_mm: Size
    height_mm: Size | None = None
    """None where nothing is above it."""


class Fit(BaseModel):
    """Whether pieces fit, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fits: bool
    n: int
    """How many were asked for."""
    most: int = Field(ge=0)
    """How many fit at most."""
    turned: bool
    """Whether they fit (or fit best) turned by a quarter."""
    clearance_mm: int
    why: str
    """The reckoning, in words."""


def fit(piece: Piece, space: Space, *, n: int = 1, clearance_mm: int | None = None, folded: bool = False) -> Fit:
    """Tell whether pieces fit a space.

    Args:
        piece: What is to stand there.
        space: Where.
        n: How many of it.
        clearance_mm: What is kept free around each; what is usual for its kind if not given.
        folded: Reckon with its folded size, as for stowing it away; a piece that does not fold has one size.
    """
    free_mm = CLEARANCE_MM[piece.kind] if clearance_mm is None else clearance_mm
    size = (piece.folded or piece.size) if folded else piece.size
    if space.height_mm is not None and size.height_mm > space.height_mm:
        why = f"{piece.name} is {size.height_mm} mm high, and only {space.height_mm} mm are free"
        return Fit(fits=False, n=n, most=0, turned=False, clearance_mm=free_mm, why=why)
    straight = _most(size.width_mm, size.depth_mm, space, free_mm)
    quarter = _most(size.depth_mm, size.width_mm, space, free_mm)
    most = max(straight, quarter)
    return Fit(
        fits=most >= n,
        n=n,
        most=most,
        turned=quarter > straight,
        clearance_mm=free_mm,
        why=_why(piece, size, space, most, free_mm, turned=quarter > straight),
    )


def _most(width_mm: int, depth_mm: int, space: Space, free_mm: int) -> int:
    """Give how many pieces stand in rows."""
    in_row = (space.width_mm - free_mm) // (width_mm + free_mm)
    rows = (space.depth_mm - free_mm) // (depth_mm + free_mm)
    return max(0, in_row) * max(0, rows)


def _why(piece: Piece, size: Dimensions, space: Space, most: int, free_mm: int, *, turned: bool) -> str:
    how = " turned by a quarter" if turned else ""
    return (
        f"{piece.name} takes {size.width_mm} × {size.depth_mm} mm; with {free_mm} mm kept free around each, "
        f"{most} fit into {space.width_mm} × {space.depth_mm} mm{how}"
    )
