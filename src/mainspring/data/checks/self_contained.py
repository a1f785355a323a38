"""Question and answer are understood without the text that they were made of.

Who is asked later does not have it: neither speaks of `the passage`, `the author`, `above` or `figure 3`, and a
question does not begin with an `it` that nobody knows.
"""

from collections.abc import Iterator

from mainspring.data.checks.asked import Asked
from mainspring.data.example import Objection


def objections(asked: Asked) -> Iterator[Objection]:
    """Object to words that point at a text that the reader will not have."""
    words, cited = asked.lexicon, asked.cited.lower()
    for part, text in (("question", asked.example.question), ("answer", asked.example.answer)):
        match = words.pointing.search(text)
        if match is None:
            match = words.pointing_unless_cited.search(text)
            if match is not None and match[0].lower().split()[-1] in cited:
                match = None
        if match is not None:
            yield Objection(
                check="self_contained",
                says=f"the {part} speaks of {match[0]!r}, which its reader will not have: say it without, by name",
            )
    match = words.hanging.search(asked.example.question.strip())
    if match is not None:
        yield Objection(
            check="self_contained",
            says=f"the question begins with {match[0]!r}, and nobody knows what that is: name it",
        )
