"""What the tests of the team share: documents in passages, candidates, and members that say what a test wants."""

from collections.abc import Callable, Iterable, Sequence

from pydantic import JsonValue

from benchmarks.data_handbook import Speak, Teacher, truthful
from mainspring.core import JsonObject
from mainspring.data import Candidate, Document, Example, Kind, Objection, Passage, Provenance, Sentence, Span
from mainspring.data.team import PromptSet, Team
from mainspring.data.team.wording import Shown

Says = Callable[[str], JsonValue]
"""What a member says to the words it is asked with."""

MACHINES = (
    "The Korvat pump weighs 40 kilograms.",
    "The Melrin valve lasts 12 years.",
    "The Dustal winch uses 300 watts.",
    "The Bexlom crane costs 7,100 euros.",
)


def document_of(*passages: Sequence[str], title: str = "Machines") -> tuple[Document, list[Passage]]:
    """Make a document of passages, each of some sentences; between two passages is an empty line."""
    text = "\n\n".join(" ".join(sentences) for sentences in passages)
    document = Document(name="machines.md", kind="markdown", digest="0", text=text, title=title)
    cut, start = [], 0
    for place, sentences in enumerate(passages):
        stands, behind = [], start
        for sentence in sentences:
            stands.append(Sentence(start=behind, end=behind + len(sentence)))
            behind += len(sentence) + 1
        end = behind - 1
        cut.append(
            Passage(
                document=document.id,
                place=place,
                start=start,
                end=end,
                text=text[start:end],
                sentences=tuple(stands),
                n_tokens=(end - start) // 4,
            )
        )
        start = end + 2
    return document, cut


def long_passages(n: int, *, n_tokens: int = 400, document: str = "0" * 64) -> list[Passage]:
    """Make passages of which only the length matters."""
    one = Sentence(start=0, end=4)
    return [
        Passage(document=document, place=place, start=0, end=4, text="Word", sentences=(one,), n_tokens=n_tokens)
        for place in range(n)
    ]


def shown(*sentences: str, title: str = "Machines") -> Shown:
    """Show one passage of some sentences."""
    document, passages = document_of(sentences, title=title)
    return Shown.of(document, passages)


def candidate(
    document: Document,
    spans: Iterable[tuple[int, int]],
    *,
    kind: Kind = "factual",
    passages: tuple[int, ...] = (0,),
    is_accepted: bool = True,
) -> Candidate:
    """Make a candidate that rests on spans."""
    cited = tuple(
        Span(document=document.id, start=start, end=end, quote=document.text[start:end]) for start, end in spans
    )
    example = Example(
        kind=kind, question="What?", answer="That.", spans=cited, document=document.id, passages=passages
    )
    objections = () if is_accepted else (Objection(check="numbers", says="it is wrong"),)
    return Candidate(example=example, provenance=Provenance(prompts={}, models={}), objections=objections)


def speaking(**says: Says) -> Speak:
    """Answer the forms that hold these fields as told, and all others truthfully."""

    def speak(schema: JsonObject, words: str) -> JsonValue:
        fields = schema.get("properties")
        for field, said in says.items():
            if isinstance(fields, dict) and field in fields:
                return said(words)
        return truthful(schema, words)

    return speak


def team(speak: Speak = truthful, judge: Speak | None = None) -> Team:
    """Make a team of a teacher that speaks so, and of a judge if one is given."""
    return Team(Teacher(speak), PromptSet.load(), None if judge is None else Teacher(judge, "judge"))
