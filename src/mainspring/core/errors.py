"""What can go wrong, named after the boundary that was crossed.

    MainspringError
    ├── ConfigError (ValueError)        a setting, a name or a file that the user can mend
    ├── ModelError (RuntimeError)       the far side of a model call
    │   ├── ModelRefused                a 4xx of the caller's making: key, name, request
    │   ├── ModelUnavailable            connection, 429 or 5xx: the same call may work later
    │   │   ├── ModelUnreachable        nobody listens there
    │   │   ├── ModelBusy               every member of a pool has as much to do as it may
    │   │   └── ReplyCut                a stream that ended after some of it was shown; it carries that
    │   ├── ModelTimeout                the deadline passed
    │   └── ModelReplyError             replies that could not be used, repairs spent
    ├── ToolError (RuntimeError)        raised by a tool: its message is shown to the model
    ├── DownloadError (OSError)         a file that no source could give whole
    ├── DocumentError (ValueError)      a file whose text cannot be had: broken, encrypted, too large, empty
    ├── TrainingError (RuntimeError)    training that stopped before its end; the last checkpoint is whole
    ├── RunError (RuntimeError)         a run that ended without an answer
    │   ├── StepLimit                   more steps than the agent may take
    │   ├── Stuck                       the same calls again and again, with nothing new
    │   ├── NobodyAnswered              no member of a team came to anything
    │   ├── NobodyToAsk                 a human is needed, and the run has no store in which it could wait
    │   ├── RunWaiting                  it waits for a human, and whoever wants its result would wait too
    │   └── RunCancelled                somebody asked it to stop
    ├── BudgetError (RuntimeError)      what is left of a budget does not cover the next call
    │   └── TooDear                     a cheaper model may still be asked
    ├── JournalError (RuntimeError)     the store of runs
    │   ├── JournalUnavailable          gone, locked or full: the same call may work later
    │   ├── Conflict                    somebody else wrote to the run meanwhile
    │   ├── LostRun                     another driver has taken the run over
    │   └── UnknownRun (LookupError)    there is no run of that id
    ├── MemoryStoreError (RuntimeError) the store of notes: gone, locked, full, damaged or newer
    ├── AnswerError (ValueError)        a human's answer to nothing, or to something else than was asked
    ├── ReplayError (RuntimeError)      a replay that departs from the record
    └── EventVersionError (ValueError)  an event written by a newer Mainspring

Every message says what happened, with the value, and what to do about it. All of them survive pickling.
"""


class MainspringError(Exception):
    """Anything that Mainspring raises on purpose."""


class ConfigError(MainspringError, ValueError):
    """A setting, a name or a file is wrong, and the user can mend it."""


class ModelError(MainspringError, RuntimeError):
    """A model call did not give a usable reply."""


class ModelRefused(ModelError):
    """The server refused the request for a reason of the caller's making; asking again will not help.

    Args:
        message: What happened.
        status: The HTTP status.
        code: What the server calls it, as `context_length_exceeded`.
    """

    def __init__(self, message: str, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message, status, code)
        self.status = status
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])


class ModelUnavailable(ModelError):
    """The server could not be reached, or asked for patience.

    Args:
        message: What happened.
        retry_after_s: Seconds the server asked to wait, where it said so.
        status: The HTTP status, where there was one.
    """

    def __init__(self, message: str, retry_after_s: float | None = None, status: int | None = None) -> None:
        super().__init__(message, retry_after_s, status)
        self.retry_after_s = retry_after_s
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class ModelUnreachable(ModelUnavailable):
    """No connection to the server could be made: nothing was asked there, and nothing is owed."""


class ModelBusy(ModelUnavailable):
    """Every member of the pool has as many calls as it may have, and too many wait already."""


class ReplyCut(ModelUnavailable):
    """A streamed reply ended before it was complete, after some of it was shown.

    Args:
        message: What happened.
        received: The text that had come.
    """

    def __init__(self, message: str, received: str = "") -> None:
        super().__init__(message)
        self.args = (message, received)
        self.received = received


class ModelTimeout(ModelError, TimeoutError):
    """The call's deadline passed before the reply was whole."""


class ModelReplyError(ModelError):
    """The model wrote replies that could not be used, and the allowed repairs are spent."""


class ToolError(MainspringError, RuntimeError):
    """Raise this inside a tool to tell the model what went wrong, in words it can act on."""


class DownloadError(MainspringError, OSError):
    """No source could give the file whole and unaltered."""


class DocumentError(MainspringError, ValueError):
    """The text of a file cannot be had: it is broken, encrypted, too large, or holds none."""


class TrainingError(MainspringError, RuntimeError):
    """Training stopped before its end; what was saved last is whole, and the same command goes on from there."""


class RunError(MainspringError, RuntimeError):
    """A run ended without an answer."""


class StepLimit(RunError):
    """The run took as many steps as its agent may take."""


class Stuck(RunError):
    """The run repeated calls that told it nothing new, and did not answer when asked to."""


class NobodyAnswered(RunError):
    """No member of a team came to anything."""


class NobodyToAsk(RunError):
    """The run needs a human's answer, and is not kept where it could wait for one."""


class RunWaiting(RunError):
    """The run waits for a human."""


class RunCancelled(RunError):
    """The run was asked to stop before it had an answer."""


class BudgetError(MainspringError, RuntimeError):
    """The next call might cost more than is left of a budget."""


class TooDear(BudgetError):
    """The model might cost more than is left of a budget; a cheaper one may be asked instead."""


class JournalError(MainspringError, RuntimeError):
    """The store of runs could not do what it was asked."""


class JournalUnavailable(JournalError):
    """The store could not be reached, is locked, or is full; whether anything was written is not known."""


class Conflict(JournalError):
    """The run has more events than the writer knew of; nothing of the call was written."""


class LostRun(JournalError):
    """Another driver has taken the run over; this one may not write any more."""


class UnknownRun(JournalError, LookupError):
    """There is no run of that id in the store."""


class MemoryStoreError(MainspringError, RuntimeError):
    """The store of notes could not do what it was asked."""


class AnswerError(MainspringError, ValueError):
    """A human's answer does not fit what is asked, or nothing is asked any more."""


class ReplayError(MainspringError, RuntimeError):
    """A replay departed from the record."""


class EventVersionError(MainspringError, ValueError):
    """An event was written by a newer Mainspring than this one."""


def named(name: str, message: str) -> MainspringError:
    """Make an error anew of the name and the words that stand in a record of it."""
    kind = globals().get(name)
    if isinstance(kind, type) and issubclass(kind, MainspringError):
        return kind(message)
    return RunError(f"{name}: {message}")
