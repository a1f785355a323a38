"""The child process with a stand-in for the native library, for what a real model is too quick to show."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mainspring.models.local import llama_child

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


def start(folder: Path, act: str) -> "subprocess.Popen[str]":
    (folder / "xllamacpp.py").write_text(STAND_IN.format(act=act), encoding="utf-8")
    settings: dict[str, Any] = {"file": "m.gguf", "api_key": "k", "slots": 1, "context_tokens": 64, "lora": []}
    settings |= {"threads": 1, "prefill_threads": 1, "strict": False, "prompt_cache_mib": 0}
    settings |= {"rope_scaling": "none", "log": str(folder / "log")}
    process = subprocess.Popen(
        [sys.executable, "-P", llama_child.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(folder)},
    )
    assert process.stdin
    process.stdin.write(json.dumps(settings) + "\n")
    process.stdin.flush()
    return process


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
