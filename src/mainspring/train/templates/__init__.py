"""Training on several machines: templates for their schedulers, filled in for a job.

The machines share the folder of the run, which is prepared before. Each starts torchrun, which finds the others by
its own flags; the engine is the same as on one machine.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

from mainspring.core.errors import ConfigError
from mainspring.train.job import Job
from mainspring.train.launching.engine import ENGINE

if TYPE_CHECKING:
    from jinja2 import Environment

Scheduler = Literal["slurm", "kubernetes"]

_FILES: Final = {"slurm": "slurm.sh.jinja", "kubernetes": "kubernetes.yaml.jinja"}
_PORT: Final = 29500


def fill_template(scheduler: str, job: Job, *, machines: int) -> str:
    """Give what a scheduler is handed to run a job.

    Args:
        scheduler: `slurm` or `kubernetes`.
        job: Whose `processes` are those of one machine.
        machines: How many.

    Raises:
        ConfigError: There is no such scheduler.
    """
    if scheduler not in _FILES:
        raise ConfigError(f"there is no template for {scheduler!r}; there are {', '.join(get_args(Scheduler))}")
    return (
        _environment()
        .get_template(_FILES[scheduler])
        .render(
            name=_dns_name(job.out.name),
            out=str(job.out.absolute()),
            machines=machines,
            processes=job.processes,
            engine=ENGINE,
            port=_PORT,
        )
    )


def _dns_name(name: str) -> str:
    """Give a name that Kubernetes takes: small letters, digits and dashes."""
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in name.lower())
    return f"train-{kept}".strip("-")[:50]


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(  # noqa: S701 - no HTML is written
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, keep_trailing_newline=True
    )
