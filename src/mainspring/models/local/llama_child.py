"""The process that holds the native llama.cpp server; it is run as a file, and imports nothing of the package.

    stdin    one JSON line of settings, then nothing; its end means the parent is gone, and the process ends
    stdout   one JSON line: {"port": ...} once requests are answered, or {"error": ...}
    stderr   the native log, kept short

What it keeps true: it never outlives its parent. The end of stdin tells of any kind of death; a changed parent
process tells of it where a forked sibling still holds the pipe open. The native library keeps Python's threads
waiting while it loads a model, so on Linux the kernel itself is asked to end the process meanwhile.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_LOG_LIMIT_BYTES = 1 << 20
_LOG_KEPT_BYTES = 1 << 16
_HOUSEKEEPING_S = 1.0
_POOLING = {"mean": "MEAN", "cls": "CLS", "last": "LAST", "file": "UNSPECIFIED"}


def main() -> None:
    """Serve until the parent is gone."""
    # Ctrl-C in a terminal reaches every process of the group; what to do about it is the parent's choice.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = os.getppid()
    settings = json.loads(sys.stdin.buffer.readline() or b"{}")
    if not settings:
        return
    # Native code may print: the parent's line gets a descriptor of its own, and stdout joins the log.
    answer = os.dup(1)
    os.dup2(2, 1)
    log = Path(settings["log"])
    threading.Thread(target=_end_with_stdin, args=(log,), daemon=True).start()
    threading.Thread(target=_keep_house, args=(parent, log), daemon=True).start()
    try:
        with _ended_by_the_kernel():
            server = serve(settings)
    except Exception as error:  # noqa: BLE001  # Whatever the native library says is for the parent to tell.
        _tell(answer, {"error": f"{type(error).__name__}: {error}"})
        _leave(1)
    else:
        _tell(answer, {"port": int(server.listening_address.rsplit(":", 1)[1])})
    threading.Event().wait()


def serve(settings: dict[str, Any]) -> Any:
    """Load the model and start answering on a free port of 127.0.0.1; give the native server."""
    import xllamacpp as native  # After the signal handler and the threads that watch.

    params = native.CommonParams()
    params.model.path = settings["file"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [settings["api_key"]]
    params.ui = False
    params.fit_params = False  # A context that does not fit is an error, never quietly a shorter one.
    params.n_parallel = settings["slots"]
    params.n_ctx = settings["context_tokens"] * settings["slots"]
    params.cpuparams.n_threads = settings["threads"]
    params.cpuparams_batch.n_threads = settings["prefill_threads"]
    params.cache_prompt = not settings["strict"]
    params.cache_ram_mib = 0 if settings["strict"] else settings["prompt_cache_mib"]
    params.no_extra_bufts = settings["strict"]
    if settings["rope_scaling"] != "none":
        # Linear too is asked for as YaRN, for which alone the server raises the window that it cuts a slot to: YaRN
        # that extrapolates no dimension is linear interpolation.
        params.rope_scaling_type = native.llama_rope_scaling_type.LLAMA_ROPE_SCALING_TYPE_YARN
        params.rope_freq_scale = 1.0 / settings["rope_factor"]
        params.yarn_orig_ctx = settings["rope_original_tokens"] or 0
        if settings["rope_scaling"] == "linear":
            params.yarn_ext_factor = 0.0
    if settings["embeddings"]:
        kind = f"LLAMA_POOLING_TYPE_{_POOLING[settings['pooling']]}"
        params.embedding = True
        params.pooling_type = getattr(native.llama_pooling_type, kind)
        params.n_ubatch = params.n_batch  # A text is pooled in one piece.
    params.lora_adapters = [
        native.CommonAdapterLoraInfo(adapter["path"], adapter["scale"]) for adapter in settings["lora"]
    ]
    return native.Server(params)


def _tell(descriptor: int, line: dict[str, object]) -> None:
    os.write(descriptor, json.dumps(line).encode() + b"\n")
    os.close(descriptor)


@contextmanager
def _ended_by_the_kernel() -> Iterator[None]:
    """Have the end of stdin send a signal that ends the process, whatever holds Python's lock."""
    if sys.platform != "linux":
        yield
        return
    import fcntl  # Not there on every platform, as select is not for pipes.
    import select

    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([0], [], [], 0)[0]:  # It may have ended before the signal was asked for.
        _leave(0)
    yield
    signal.signal(signal.SIGIO, signal.SIG_IGN)


def _end_with_stdin(log: Path) -> None:
    while os.read(0, 4096):
        pass
    log.unlink(missing_ok=True)
    _leave(0)


def _keep_house(parent: int, log: Path) -> None:
    while True:
        time.sleep(_HOUSEKEEPING_S)
        if os.getppid() != parent:
            log.unlink(missing_ok=True)
            _leave(0)
        if os.fstat(2).st_size > _LOG_LIMIT_BYTES:
            # The descriptor appends, so the native code goes on behind what is kept.
            kept = log.read_bytes()[-_LOG_KEPT_BYTES:] if log.exists() else b""
            os.ftruncate(2, 0)
            os.write(2, kept)


def _leave(code: int) -> None:
    os._exit(code)  # No clean-up on purpose: native threads may be in the middle of a reply.


if __name__ == "__main__":
    main()
