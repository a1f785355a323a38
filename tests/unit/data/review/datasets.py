"""Folders of datasets made by hand, for tests of the review: two documents, and examples of each sort."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mainspring.data import Candidate, Document, Example, Kind, Objection, Provenance, Span, Verdict
from mainspring.data.writing import CandidateWriter, DocumentRow, write_lines
from mainspring.data.writing.folder import DOCUMENTS, TEXTS

HOSTILE: Final = "<script>document.title = 'taken'</script> {{ 7 * 7 }} <img src=x onerror=alert(1)> 🦀"
"""Words that a careless page would run."""

KEEPING_BEES: Final = Document(
    name="handbook/keeping bees.md",
    kind="markdown",
    digest="0" * 64,
    title="The Keeping of Bees",
    licence="CC0-1.0",
    language="en",
    text=f"""# The Keeping of Bees 🐝🐝

A hive wants a dry stand and a morning sun. Set it so that the entrance looks to the south-east, and never under the
drip of a roof. The bees bear cold far better than damp, and a colony that is wet in March is seldom alive in May.

## Feeding

Where the harvest has been taken late, the bees are fed in September. Give them a syrup of two parts of sugar to one
part of water, by weight; a colony of middle strength takes 12 kg of it before the frosts. Feed in the evening, lest
robbers from other hives be drawn by the smell 🍯.

In spring the syrup is thinner: equal parts of sugar and water. It is not given for the winter's need, but to make
the queen believe that the limes are in flower.

## Swarms

A swarm leaves the hive between ten in the morning and two in the afternoon, on the first warm day after rain. It
hangs for an hour or two on a branch near by. Whoever would take it holds a skep beneath the cluster and shakes the
branch once, sharply. The swarm belongs to him who follows it in sight, though it settle on a neighbour's ground.

## What a careless page would run

{HOSTILE}

The smoker is filled with rotten wood or old sacking. Two puffs at the entrance are enough; more makes the bees run.
""",
)
WINTER_STORES: Final = Document(
    name="wintervorräte.html",
    kind="html",
    digest="1" * 64,
    language="de",
    text=(
        "Was der Winter nimmt\n\nEin Volk braucht in einem langen Winter fünfzehn Kilogramm Honig. Im März ist "
        "davon noch ein Drittel da, und es wird in den ersten warmen Wochen verbraucht.\n"
    ),
)
PROVENANCE: Final = Provenance(
    prompts={"question_writer": f"2:{'ab12' * 16}", "answer_writer": f"1:{'cd34' * 16}"},
    models={"question_writer": "support", "answer_writer": "support"},
    run="run_01",
)


def cited(document: Document, *quotes: str) -> tuple[Span, ...]:
    """Find quotes in a document, and cite them."""
    starts = [document.text.index(quote) for quote in quotes]
    return tuple(
        Span(document=document.id, start=start, end=start + len(quote), quote=quote)
        for start, quote in zip(starts, quotes, strict=True)
    )


def candidate(  # noqa: D417 - the rest are fields
    question: str,
    answer: str,
    *quotes: str,
    document: Document = KEEPING_BEES,
    kind: Kind = "factual",
    objections: Sequence[Objection] = (),
    verdict: Verdict | None = None,
) -> Candidate:
    """Make a candidate.

    Args:
        quotes: What it cites.
    """
    example = Example(
        kind=kind,
        question=question,
        answer=answer,
        spans=cited(document, *quotes),
        document=document.id,
        passages=(0,),
        concept="bees",
    )
    return Candidate(example=example, provenance=PROVENANCE, objections=tuple(objections), verdict=verdict)


SYRUP: Final = candidate(
    "How is the autumn syrup for bees mixed, and how much does a colony of middle strength take?",
    "Two parts of sugar are mixed with one part of water by weight, and a colony of middle strength takes 12 kg "
    "of it before the frosts.",
    "Give them a syrup of two parts of sugar to one\npart of water, by weight; a colony of middle strength takes "
    "12 kg of it before the frosts.",
    verdict=Verdict(is_good=True, why="the cited sentence says both", model="other-model"),
)
HOURS: Final = candidate(
    "At what time of day does a swarm leave the hive?",
    "It leaves between ten in the morning and four in the afternoon.",
    "A swarm leaves the hive between ten in the morning and two in the afternoon, on the first warm day after "
    "rain.",
    objections=[
        Objection(check="numbers", says="the number 4 stands in none of the cited sentences; leave it out")
    ],
    verdict=Verdict(is_good=False, why="the source says two, not four", model="other-model"),
)
DAMP: Final = candidate(
    "Why must a hive never stand under the drip of a roof?",
    "Bees bear cold far better than damp, and a colony that is wet in March is seldom alive in May.",
    "Set it so that the entrance looks to the south-east, and never under the\ndrip of a roof.",
    "The bees bear cold far better than damp, and a colony that is wet in March is seldom alive in May.",
    kind="why",
)
QUEEN: Final = candidate(
    "Which breed of queen is best for a cold valley?",
    "The handbook does not say which breed of queen is best for a cold valley.",
    "In spring the syrup is thinner: equal parts of sugar and water. It is not given for the winter's need, but to "
    "make\nthe queen believe that the limes are in flower.",
    kind="unanswerable",
)
CARELESS: Final = candidate(
    f"What does a careless page run? {HOSTILE}",
    f"It runs {HOSTILE}",
    HOSTILE,
    objections=[Objection(check="markup", says=f"the answer holds {HOSTILE}")],
)
HONEY: Final = candidate(
    "Wie viel Honig braucht ein Volk in einem langen Winter?",
    "Ein Volk braucht in einem langen Winter fünfzehn Kilogramm Honig.",
    "Ein Volk braucht in einem langen Winter fünfzehn Kilogramm Honig.",
    document=WINTER_STORES,
)
CANDIDATES: Final = (SYRUP, HOURS, DAMP, QUEEN, CARELESS, HONEY)


def write_folder(
    folder: Path,
    candidates: Sequence[Candidate] = CANDIDATES,
    documents: Sequence[Document] = (KEEPING_BEES, WINTER_STORES),
) -> Path:
    """Write a dataset as a build leaves it, without its rows, and give its folder."""
    (folder / TEXTS).mkdir(parents=True)
    with CandidateWriter(folder) as writer:
        for one in candidates:
            writer.add(one)
    write_lines(folder / DOCUMENTS, [_row(document) for document in documents])
    for document in documents:
        (folder / TEXTS / f"{document.id}.txt").write_text(document.text, "utf-8", newline="")
    return folder


def _row(document: Document) -> DocumentRow:
    return DocumentRow(
        id=document.id,
        name=document.name,
        kind=document.kind,
        digest=document.digest,
        title=document.title,
        licence=document.licence,
        language=document.language,
        n_chars=len(document.text),
    )
