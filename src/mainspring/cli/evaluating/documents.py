"""What `mainspring eval` writes with `--json`."""

from dataclasses import asdict

from pydantic_core import to_json

from mainspring.cli.views.screen import Screen
from mainspring.evals import Comparison, Kept, Side
from mainspring.evals.comparing import effort_of, score_of


def write(out: Screen, document: object) -> None:
    """Write a document to stdout."""
    out.console.file.write(to_json(document, indent=2).decode() + "\n")


def header_document(kept: Kept) -> dict[str, object]:
    """Say of a file of results what it is of, and how it came out."""
    held = kept.held
    return {
        "file": str(kept.path),
        **kept.header.model_dump(),
        "n_done": len(held.outcomes),
        "n_errors": sum(bool(one.error) for one in held.outcomes),
        "is_complete": kept.is_complete,
        "score": held.score,
    }


def kept_document(kept: Kept) -> dict[str, object]:
    """Say all of a file of results."""
    held = kept.held
    document = header_document(kept) | {"judge_rates": held.judge, "answered_by": held.answered_by}
    if held.outcomes:
        document |= {"interval": score_of(held.outcomes).interval, **asdict(effort_of(held.outcomes))}
    return document | {"outcomes": held.outcomes}


def comparison_document(found: Comparison) -> dict[str, object]:
    """Say all of a comparison but the outcomes."""
    return {
        "suite": found.suite,
        "suite_digest": found.suite_digest,
        "against": found.reference.name,
        "sides": [_side(side) for side in found.sides],
    }


def _side(side: Side) -> dict[str, object]:
    return {
        "name": side.name,
        "model": side.held.model,
        "prompt": side.held.prompt,
        "answered_by": side.held.answered_by,
        "at": side.held.at,
        "n": side.score.n,
        "n_right": side.score.n_right,
        "n_errors": side.n_errors,
        "score": side.score.interval,
        "tags": side.tags,
        "difference": side.difference,
        **asdict(side.effort),
        "seconds_ratio": side.seconds_ratio,
        "cost_ratio": side.cost_ratio,
        "judge_note": side.judge_note,
    }
