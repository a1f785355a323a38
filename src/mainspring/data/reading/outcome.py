"""What became of one file, as a reading process tells it to its parent."""

from mainspring.data.document import Document, Value
from mainspring.data.reading.skipped import Reason


class Outcome(Value):
    """The documents of a file, or why there are none."""

    digest: str = ""
    """SHA-256 of the file, in hexadecimal; of a mailbox, not of its messages."""
    documents: tuple[Document, ...] = ()
    reason: Reason | None = None
    """Why there are none; None where there are."""
    says: str = ""
    """The reason in words."""
    setting: str = ""
    """What the user has to mend before any file of the kind can be read, such as a library that is missing."""
