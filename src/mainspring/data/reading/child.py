"""The process that reads files for its parent: `python -m mainspring.data.reading.child`.

    stdin    a line of JSON with the settings, then one for each file: {"path", "name"}; its end ends the process
    stdout   an outcome when it is ready, and one for each file: the length in eight bytes, then JSON

What it keeps true: it answers with data only, so that nothing in a document can run in the parent; it takes no more
memory and time than it may; it does not outlive the file it reads by more than the time that one may take.
"""

import importlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from mainspring.core.errors import ConfigError, DocumentError
from mainspring.data.reading.choosing import readers
from mainspring.data.reading.limits import Limits
from mainspring.data.reading.one import read_file
from mainspring.data.reading.outcome import Outcome
from mainspring.data.reading.reader import Reader
from mainspring.data.reading.skipped import reason_of

_LENGTH_BYTES: Final = 8
_ALARM_AFTER_S: Final = 5
"""So much later than the parent, which ends the process first if it still lives."""


def main() -> None:
    """Answer until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides.
    settings = json.loads(sys.stdin.buffer.readline() or b"{}")
    if not settings:
        return
    # Native libraries may print: the answers get a descriptor of their own.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.path += [folder for folder in settings["path"] if folder not in sys.path]
    limits = Limits.model_validate(settings["limits"])
    try:
        own = [_own(name) for name in settings["own_readers"]]
    except ConfigError as error:
        _answer(answers, Outcome(setting=str(error)))
        return
    _bound_memory(limits.memory_bytes)
    _answer(answers, Outcome())
    _serve(answers, readers(limits, own), limits)


def _serve(answers: BinaryIO, known: Sequence[Reader], limits: Limits) -> None:
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _set_alarm(int(limits.seconds) + _ALARM_AFTER_S)
        _answer(answers, _outcome(Path(request["path"]), request["name"], known, limits))
        _set_alarm(0)


def _set_alarm(after_s: int) -> None:
    if sys.platform != "win32":
        signal.alarm(after_s)


def _outcome(path: Path, name: str, known: Sequence[Reader], limits: Limits) -> Outcome:
    try:
        return read_file(path, name, known, limits)
    except DocumentError as error:
        return Outcome(reason=reason_of(error), says=str(error))
    except ConfigError as error:
        return Outcome(setting=str(error))
    except MemoryError:
        return Outcome(reason="memory")
    except RecursionError:
        return Outcome(reason="broken", says=f"{name!r} is nested too deeply to be read")


def _answer(answers: BinaryIO, outcome: Outcome) -> None:
    said = outcome.model_dump_json().encode()
    answers.write(len(said).to_bytes(_LENGTH_BYTES) + said)
    answers.flush()


def _own(name: str) -> Reader:
    """Make a reader of the caller's own from `module:callable`."""
    module, _, attribute = name.partition(":")
    try:
        made: Reader = getattr(importlib.import_module(module), attribute)()
    except Exception as error:  # The code is the caller's, and so is whatever it raises.
        raise ConfigError(f"the reader {name!r} cannot be made: {type(error).__name__}: {error}") from error
    return made


def _bound_memory(memory_bytes: int) -> None:
    """Bound the address space to what is taken so far and what one file may take."""
    if sys.platform == "win32":
        return
    import resource  # Not there on every platform.

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # A process that dies leaves no copy of a document behind.
    taken_bytes = 0
    statm = Path("/proc/self/statm")
    if statm.exists():
        taken_bytes = int(statm.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    try:
        resource.setrlimit(resource.RLIMIT_AS, (taken_bytes + memory_bytes,) * 2)
    except (ValueError, OSError):  # Some systems know the limit and do not let it be set.
        return


if __name__ == "__main__":
    main()
