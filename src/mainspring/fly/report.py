"""One turn of the flywheel as an HTML file that needs nothing else and runs no scripts.

What is shown is made of a landing and its figures; how it looks is said in `report.html.jinja` and `report.css`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mainspring.fly.figures import Figures, Line
from mainspring.fly.flight import Flight, Landing, Stage
from mainspring.pages import html_template

PAGE: Final = "report.html"
_LINKED: Final[tuple[tuple[str, str], ...]] = (
    ("train/report.html", "the training, drawn"),
    ("dataset/README.md", "the dataset's card"),
    ("evals", "what each model said to each case"),
)


@dataclass(frozen=True, slots=True)
class Station:
    """A stage, as it stands on the loop."""

    name: Stage
    says: str
    seconds: str


def write_report(flight: Flight, landing: Landing, figures: Figures) -> Path:
    """Write `report.html` into the folder of a flight, and give its place."""
    page = html_template(Path(__file__).parent, "report.html.jinja").render(
        agent=flight.agent.name,
        teacher=flight.agent.model_names[0],
        student=flight.student,
        stations=[*_stations(landing)],
        total=_seconds(sum(landing.seconds.values())),
        figures=figures,
        verdict=landing.verdict,
        standing=_standing(landing),
        decision=landing.decision.partition(". ")[0],  # the gate's reasons stand above it
        links=[(place, says) for place, says in _LINKED if (flight.out / place).exists()],
        percent=lambda share: f"{share:.1%}",
        number=_number,
    )
    place = flight.out / PAGE
    place.write_text(page, encoding="utf-8")
    return place


def _stations(landing: Landing) -> Iterator[Station]:
    said: dict[Stage, str] = {
        "gather": f"{landing.gathered.n_done} runs of the teacher" if landing.gathered else "runs that were there",
        "dataset": f"{sum(landing.n_rows.values())} rows",
        "rehearse": f"{landing.n_rehearsed} replies of its own",
        "train": "adapter",
        "export": "" if landing.gguf is None else f"{landing.gguf.stat().st_size / 1e6:,.0f} MB",
        "evaluate": f"{len(landing.task['teacher'].outcomes)} cases, four ways",
        "decide": _standing(landing),
    }
    for stage, seconds in landing.seconds.items():
        yield Station(stage, said[stage], _seconds(seconds))


def _standing(landing: Landing) -> str:
    """Say in two words what the gate said."""
    if landing.verdict is None:
        return ""
    return "passed" if landing.verdict.passed else "on trial" if landing.verdict.share else "not passed"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} min"


def _number(line: Line, name: str) -> str:
    value = getattr(line, name)
    return "" if value is None else f"{value:,.1f}"
