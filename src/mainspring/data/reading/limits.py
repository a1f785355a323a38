"""What one file may cost before it is given up."""

from pydantic import Field

from mainspring.data.document import Value

MIB = 1 << 20


class Limits(Value):
    """How much of everything one file may take; what exceeds it is skipped, with words that name the limit."""

    file_bytes: int = Field(default=200 * MIB, ge=1)
    """The largest file that is opened."""
    text_chars: int = Field(default=10_000_000, ge=1)
    """The longest text that is taken from a file, about 3,000 printed pages."""
    pages: int = Field(default=20_000, ge=1)
    """The most pages of a PDF."""
    unpacked_bytes: int = Field(default=500 * MIB, ge=1)
    """What a packed file, such as a DOCX, may say that it unpacks to."""
    seconds: float = Field(default=60.0, gt=0)
    """Wall time for one file."""
    memory_bytes: int = Field(default=2048 * MIB, ge=64 * MIB)
    """Address space that reading may take beyond what a process has at its start, where the system can bound it."""
