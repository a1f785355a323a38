"""How a process takes part in a store of runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a process takes part in a store of runs; what is not said is good for most."""

    work: bool = True
    """Whether it drives runs; otherwise it only hands them in and looks at them."""
    adopt: bool = True
    """Whether it drives runs that it did not hand in, too; otherwise only its own and those that they start."""
    concurrency: int = 100
    """How many runs it drives at once."""
    lease_s: float = 15.0
    """Seconds after which others take over the runs of a process that does not answer."""
    sweep_s: float = 1.0
    """Seconds between two looks for runs that nobody drives."""
    grace_s: float = 10.0
    """Seconds that effects in progress get when the process is asked to stop."""
    patience_s: float = 60.0
    """Seconds to wait for a store that is unavailable before a drive is given up."""
