"""Which examples are to be seen: by the checks' word, a person's decision, kind, document, objection and words."""

from typing import Final, Literal

from mainspring.data.document import Value

Checked = Literal["accepted", "refused"]
"""What the checks said of an example."""
Decided = Literal["undecided", "keep", "drop", "edit"]
"""How a person decided on an example."""
UNDECIDED: Final = "undecided"


class Filter(Value):
    """What an example must be like to be seen; what is empty asks for nothing."""

    checks: Checked | None = None
    decision: Decided | None = None
    kind: str = ""
    document: str = ""
    """Id of the document it is about."""
    objection: str = ""
    """A check that objected."""
    search: str = ""
    """Words that all occur in its question or answer, in any order and in either case."""

    def where(self) -> tuple[str, list[object]]:
        """Give the condition on the tables of the index, and the values of its placeholders."""
        conditions = {
            "is_accepted = ?": None if self.checks is None else self.checks == "accepted",
            "decision = ?": self.decision,
            "kind = ?": self.kind or None,
            "document = ?": self.document or None,
            "instr(objections, ?)": f" {self.objection} " if self.objection else None,
        }
        held: list[tuple[str, object]] = [(text, value) for text, value in conditions.items() if value is not None]
        held += [("instr(words, ?)", word) for word in self.search.casefold().split()]
        return " AND ".join(["TRUE", *(text for text, _ in held)]), [value for _, value in held]

    @property
    def tables(self) -> str:
        """What to select from: words are read only where something is searched for, and then before the rest."""
        return "texts CROSS JOIN examples USING (place)" if self.search.strip() else "examples"
