"""Rows to learn from: a dataset's files, put into the words that the served model will see.

`forms` tells the formats of datasets apart by their fields, `reading` goes through the files line by line,
`wording` puts a conversation as `ChatModel` sends it, `mixing` holds rows out and mixes others in, `writing` does
all of it.
"""

from mainspring.train.rows.forms import Dialogue, read_dialogue
from mainspring.train.rows.wording import Learn, Wording
from mainspring.train.rows.writing import Prepared, prepare_rows, write_rows

__all__ = ["Dialogue", "Learn", "Prepared", "Wording", "prepare_rows", "read_dialogue", "write_rows"]
