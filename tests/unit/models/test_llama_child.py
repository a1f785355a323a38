"""The child process with a stand-in for the native library, for what a real model is too quick to show."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from mainspring.core.errors import ConfigError
from mainspring.models.local import LlamaServer, LocalSettings, llama_child

STAND_IN = """
import ctypes
class _Any:
    def __getattr__(self, name):
        self.__dict__[name] = _Any()
        return self.__dict__[name]
CommonParams = _Any
def Server(params):
    print("native chatter", flush=True)
    {act}
"""


def start(folder: Path, act: str, log: IO[bytes] | None = None) -> "subprocess.Popen[str]":
    (folder / "xllamacpp.py").write_text(STAND_IN.format(act=act), encoding="utf-8")
    settings: dict[str, Any] = {"file": "m.gguf", "api_key": "k", "slots": 1, "context_tokens": 64, "lora": []}
    settings |= {"threads": 1, "prefill_threads": 1, "strict": False, "prompt_cache_mib": 0}
    settings |= {"rope_scaling": "none", "embeddings": False, "log": str(folder / "log")}
    process = subprocess.Popen(
        [sys.executable, "-P", llama_child.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log or subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(folder)},
    )
    assert process.stdin
    process.stdin.write(json.dumps(settings) + "\n")
    process.stdin.flush()
    return process


def until(condition: Callable[[], bool]) -> None:
    poll = threading.Event()
    for _ in range(1500):
        if condition():
            return
        poll.wait(0.02)
    raise AssertionError("it did not come about")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it ends once the model is loaded")
def test_it_ends_with_its_parent_though_native_code_holds_the_interpreter(tmp_path: Path) -> None:
    process = start(tmp_path, "ctypes.PyDLL(None).sleep(600)")
    assert process.stderr
    assert process.stderr.readline() == "native chatter\n"
    process.communicate(timeout=60)


def test_a_load_that_fails_is_told_on_the_answer_line_alone(tmp_path: Path) -> None:
    process = start(tmp_path, "raise RuntimeError('no such layer')")
    assert process.stdout
    said = process.stdout.readline()
    process.wait(60)
    out, err = process.communicate()
    assert out == ""
    assert json.loads(said) == {"error": "RuntimeError: no such layer"}
    assert err == "native chatter\n"
    assert process.returncode == 1


def test_nothing_on_stdin_is_no_parent() -> None:
    done = subprocess.run([sys.executable, "-P", llama_child.__file__], check=False, input=b"", timeout=60)
    assert done.returncode == 0


def test_a_log_that_grows_is_cut_though_its_name_is_gone(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as log:
        (tmp_path / "log").unlink()
        process = start(tmp_path, "import os, time; os.write(2, bytes(2 << 20)); time.sleep(600)", log)
        until(lambda: os.fstat(log.fileno()).st_size > 1 << 20)
        until(lambda: os.fstat(log.fileno()).st_size == 0)
        process.communicate(timeout=60)


@pytest.mark.parametrize(
    ("settings", "replicas", "threads"),
    [
        (LocalSettings(), 1, (8, 16)),
        (LocalSettings(), 4, (2, 4)),
        (LocalSettings(), 32, (1, 1)),
        (LocalSettings(threads=12), 4, (12, 12)),
        (LocalSettings(threads=3, prefill_threads=5), 4, (3, 5)),
    ],
)
def test_replicas_divide_the_cores_unless_they_are_told_otherwise(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: LocalSettings,
    replicas: int,
    threads: tuple[int, int],
) -> None:
    told = "raise RuntimeError(f'{params.cpuparams.n_threads} and {params.cpuparams_batch.n_threads} threads')"
    (tmp_path / "xllamacpp.py").write_text(STAND_IN.format(act=told), encoding="utf-8")
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    with pytest.raises(ConfigError, match=f"{threads[0]} and {threads[1]} threads"):
        LlamaServer(tmp_path / "m.gguf", settings, replicas=replicas).address()
